import Cloudflare from "cloudflare";
import { ApiError } from "../base/errors";
import { timeout } from "../base/patience";
import { boundedFetch, ONLY_A_PART, waitAsked } from "./bounded-fetch";

/** An object as the API writes it; fields that are not known here are kept as they are. */
export type Wire = { readonly [name: string]: unknown };

/** Where the API is, which account, and who calls. */
export interface AccountAccess {
  /** Account id. */
  accountId: string;
  /** API token. Secret. */
  token: string;
  /** Base URL of the API. Default: the vendor's. */
  baseUrl?: string;
  /** How often a call that failed is tried again. Default: 4. */
  retries?: number;
}

/** Objects to a page; the most that every list here takes. */
const PAGE = 50;
/** Bounds what one list may cost of the rate limit of 1,200 calls in five minutes. */
const MOST_PAGES = 100;

/**
 * An account as the API shows it, for the commands that look after a stack. Reads what the provider has no look-up
 * for, and makes the few changes that no resource can. Answers 409, 429 and 5xx are tried again by the vendor's client.
 */
export class AccountApi {
  readonly accountId: string;
  private readonly client: Cloudflare;
  /** What was read, by how it was asked for; absent: everything is asked for anew. */
  private memory?: Map<string, Promise<unknown>>;

  constructor(private readonly access: AccountAccess) {
    this.accountId = access.accountId;
    this.client = new Cloudflare({
      apiToken: access.token,
      baseURL: access.baseUrl,
      apiKey: null,
      apiEmail: null,
      userServiceKey: null,
      maxRetries: access.retries ?? 4,
      timeout: timeout(30_000),
      fetch: boundedFetch,
      logLevel: "off",
    });
  }

  /** The same account for one look, during which nothing is changed: what is read twice is asked for once. */
  remembering(): AccountApi {
    const api = new AccountApi(this.access);
    api.memory = new Map();
    return api;
  }

  /** Path of something below the account. */
  below(path: string): string {
    return `/accounts/${encodeURIComponent(this.accountId)}/${path}`;
  }

  applications(): Promise<Wire[]> {
    return this.list(this.below("access/apps"), "the Access applications");
  }

  /** The reusable policies; an application's inline ones stand in the application. */
  policies(): Promise<Wire[]> {
    return this.list(this.below("access/policies"), "the Access policies");
  }

  identityProviders(): Promise<Wire[]> {
    return this.list(this.below("access/identity_providers"), "the identity providers");
  }

  serviceTokens(): Promise<Wire[]> {
    return this.list(this.below("access/service_tokens"), "the service tokens");
  }

  /** The tunnels that exist, without deleted ones. */
  tunnels(): Promise<Wire[]> {
    return this.list(this.below("cfd_tunnel?is_deleted=false"), "the tunnels");
  }

  /** Undefined when there is none, or it was deleted. */
  async tunnel(id: string): Promise<Wire | undefined> {
    const found = await this.read(this.below(`cfd_tunnel/${encodeURIComponent(id)}`), `tunnel ${id}`);
    return (found?.["deleted_at"] ?? null) === null ? found : undefined;
  }

  /** A tunnel's configuration, `{version, config: {ingress, …}}`; undefined when nothing was configured yet. */
  tunnelConfiguration(id: string): Promise<Wire | undefined> {
    const path = this.below(`cfd_tunnel/${encodeURIComponent(id)}/configurations`);
    return this.read(path, `the ingress rules of tunnel ${id}`);
  }

  /** Undefined when the account has no such zone, or the API token may not see it. */
  async zone(name: string): Promise<Wire | undefined> {
    const query = `name=${encodeURIComponent(name)}&account.id=${encodeURIComponent(this.accountId)}`;
    const zones = await this.list(`/zones?${query}`, "the zones");
    return zones.find((zone) => zone["name"] === name);
  }

  /** @param name fully qualified; without it, all records of the zone. */
  dnsRecords(zoneId: string, name?: string): Promise<Wire[]> {
    const query = name === undefined ? "" : `?name.exact=${encodeURIComponent(name)}`;
    return this.list(`/zones/${encodeURIComponent(zoneId)}/dns_records${query}`, "the DNS records");
  }

  /** The Zero Trust organization; undefined when the account has none. */
  organization(): Promise<Wire | undefined> {
    return this.read(this.below("access/organizations"), "the Zero Trust organization");
  }

  notificationPolicies(): Promise<Wire[]> {
    return this.list(this.below("alerting/v3/policies"), "the notification policies");
  }

  /**
   * One object by its path.
   * @returns undefined on 404.
   * @throws {ApiError} when the call fails otherwise.
   */
  read(path: string, object: string): Promise<Wire | undefined> {
    return this.remembered(`one ${path}`, () => this.readOne(path, object));
  }

  private async readOne(path: string, object: string): Promise<Wire | undefined> {
    try {
      return resultOf<Wire>(await this.client.get(path), "read", object).result ?? undefined;
    } catch (error) {
      if (error instanceof Cloudflare.NotFoundError) return undefined;
      throw failed("read", object, error);
    }
  }

  /**
   * All pages of a list.
   * @throws {ApiError} when a call fails.
   */
  list(path: string, object: string): Promise<Wire[]> {
    return this.remembered(`all ${path}`, () => this.readAll(path, object));
  }

  private async readAll(path: string, object: string): Promise<Wire[]> {
    const items: Wire[] = [];
    for (let page = 1, pages = 1; page <= Math.min(pages, MOST_PAGES); page++) {
      const paged = `${path}${path.includes("?") ? "&" : "?"}page=${page}&per_page=${PAGE}`;
      try {
        const answer: ListAnswer = resultOf<Wire[]>(await this.client.get(paged), "read", object);
        items.push(...(answer.result ?? []));
        const { total_pages: total, total_count: count, per_page: size } = answer.result_info ?? {};
        pages = total ?? (count !== undefined && size ? Math.ceil(count / size) : 1);
      } catch (error) {
        throw failed("read", object, error);
      }
    }
    return items;
  }

  private remembered<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.memory?.get(key) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const asked = ask();
    this.memory?.set(key, asked);
    return asked;
  }

  /**
   * One query of the analytics, which have an address and an envelope of their own. It needs the permission
   * "Account Analytics Read".
   * @returns the data; undefined when there is none, and the errors say why.
   * @throws {ApiError} when the call fails.
   */
  async graphql(query: string, object: string): Promise<Wire | undefined> {
    try {
      const answer = await this.client.post<{ data?: Wire | null }>("/graphql", { body: { query } });
      if (typeof answer !== "object" || answer === null) throw notOfTheApi("read", object);
      return answer.data ?? undefined;
    } catch (error) {
      throw failed("read", object, error);
    }
  }

  /**
   * One change.
   * @param action what it does, for the error, e.g. `delete`.
   * @returns the result as the API answers, which may hold a new secret.
   * @throws {ApiError} when the call fails, without what was sent.
   */
  async write(
    method: "post" | "put" | "patch" | "delete",
    path: string,
    { action, object, body }: { action: string; object: string; body?: Wire },
  ): Promise<Wire> {
    try {
      // A removal may be answered without anything.
      const answer = (await this.client[method](path, { body })) ?? { result: null };
      return resultOf<Wire>(answer, action, object).result ?? {};
    } catch (error) {
      throw failed(action, object, error);
    }
  }
}

interface ListAnswer {
  result: Wire[] | null;
  result_info?: { total_pages?: number; total_count?: number; per_page?: number };
}

/**
 * The envelope around each answer. A proxy or a log-in page in between answers with what is none: taken for one, it
 * would say that nothing is there.
 */
function resultOf<T>(answer: unknown, action: string, object: string): { result: T | null } {
  if (typeof answer === "object" && answer !== null && "result" in answer)
    return answer as { result: T | null };
  throw notOfTheApi(action, object);
}

function notOfTheApi(action: string, object: string): ApiError {
  return new ApiError({
    action,
    object,
    detail: "no answer of Cloudflare's API, but of something in between",
  });
}

function failed(action: string, object: string, error: unknown): unknown {
  // A POST is not sent again: the change may have been made. A query of the analytics is one too.
  if (error instanceof SyntaxError) {
    const change = action === "read" ? "" : "; it may have been done";
    return new ApiError({ action, object, detail: `no answer (${ONLY_A_PART})${change}` });
  }
  if (!(error instanceof Cloudflare.APIError)) return error;
  const [first] = error.errors ?? [];
  const { status } = error;
  const wait = status === 429 ? waitAsked(error.headers) : undefined;
  const asked = wait === undefined ? undefined : `too many requests, to be tried again in ${wait} s`;
  // Without a status there was no answer, and the client's own words are all there is.
  return new ApiError({
    action,
    object,
    ...(status === undefined ? {} : { status }),
    ...(first?.code === undefined ? {} : { code: first.code }),
    detail: asked ?? first?.message ?? (status === undefined ? `no answer${reasonOf(error)}` : undefined),
  });
}

/** Why there was no answer, as the network says it, e.g. ` (ECONNREFUSED)`: what is below the client's own error. */
function reasonOf(error: unknown): string {
  let said = "";
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const { code, errors } = cause as { code?: unknown; errors?: unknown };
    if (typeof code === "string") return ` (${code})`;
    // Every address of the name was tried.
    if (Array.isArray(errors) && typeof errors[0]?.code === "string") return ` (${errors[0].code})`;
    if (depth > 0) said = ` (${cause.message})`;
  }
  return said;
}
