import { ApiError } from "../base/errors";
import { type Fields, fieldsOf, listOf } from "../base/json-values";
import type { AccountApi, Wire } from "./account-api";
import type { ListOptions } from "./api-client";

/** A zone may have thousands, and its list takes more to a page than others. */
const RECORDS_A_PAGE = 1000;

/** What came of reading a part of an account: what could not be read is *not read*, and never empty. */
export type Reading<T> = { value: T } | { notRead: ApiError };

/** The rules of a tunnel's configuration, as the account shows it; none of what is no configuration. */
export const rulesIn = (configuration: unknown): Fields[] =>
  listOf(fieldsOf(fieldsOf(configuration)["config"])["ingress"]).map(fieldsOf);

/**
 * An account as it is at one time, for one look during which nothing is changed: each list and each object is asked for
 * once, by whoever needs it first. What could not be read fails for everybody alike. Another look takes another snapshot.
 */
export class AccountSnapshot {
  private readonly asked = new Map<string, Promise<unknown>>();

  constructor(readonly api: AccountApi) {}

  get accountId(): string {
    return this.api.accountId;
  }

  /** Path of something below the account. */
  below(path: string): string {
    return this.api.below(path);
  }

  applications(): Promise<Wire[]> {
    return this.list(this.below("access/apps"), "the Access applications");
  }

  /** The reusable policies; an application's inline ones stand in the application. */
  policies(): Promise<Wire[]> {
    return this.list(this.below("access/policies"), "the Access policies");
  }

  groups(): Promise<Wire[]> {
    return this.list(this.below("access/groups"), "the Access groups");
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

  /** The tunnel of a name, which no two that exist have in common. */
  async tunnelNamed(name: string): Promise<Wire | undefined> {
    const query = `is_deleted=false&name=${encodeURIComponent(name)}`;
    const found = await this.list(this.below(`cfd_tunnel?${query}`), "the tunnels");
    return found.find((tunnel) => tunnel["name"] === name);
  }

  notificationPolicies(): Promise<Wire[]> {
    return this.list(this.below("alerting/v3/policies"), "the notification policies");
  }

  /** The Zero Trust organization; undefined when the account has none. */
  organization(): Promise<Wire | undefined> {
    return this.read(this.below("access/organizations"), "the Zero Trust organization");
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

  /**
   * Live connectors, asked for by themselves: what a tunnel says of them elsewhere can be late. Undefined when the API
   * does not list them.
   */
  async tunnelConnectors(id: string): Promise<unknown[] | undefined> {
    const path = this.below(`cfd_tunnel/${encodeURIComponent(id)}/connections`);
    const list: unknown = await this.read(path, `the connectors of tunnel ${id}`);
    return Array.isArray(list) ? listOf(list) : undefined;
  }

  /** The account's zones that the API token sees. */
  zones(): Promise<Wire[]> {
    return this.list(`/zones?account.id=${encodeURIComponent(this.accountId)}`, "the zones");
  }

  /** Undefined when the account has no such zone, or the API token may not see it. */
  async zone(name: string): Promise<Wire | undefined> {
    const query = `name=${encodeURIComponent(name)}&account.id=${encodeURIComponent(this.accountId)}`;
    const zones = await this.list(`/zones?${query}`, "the zones");
    return zones.find((zone) => zone["name"] === name);
  }

  /** @param filter what the API is to look for, e.g. `{"name.exact": "app.example.org"}`; without it, all of the zone. */
  dnsRecords(zoneId: string, filter: Readonly<Record<string, string>> = {}): Promise<Wire[]> {
    const query = Object.entries(filter).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    const path = `/zones/${encodeURIComponent(zoneId)}/dns_records`;
    if (query.length > 0) return this.list(`${path}?${query.join("&")}`, "the DNS records");
    return this.list(path, "the DNS records", { perPage: RECORDS_A_PAGE });
  }

  /**
   * One object by its path.
   * @returns undefined on 404.
   * @throws {ApiFailure} when it cannot be read.
   */
  read(path: string, object: string): Promise<Wire | undefined> {
    return this.once(`one ${path}`, () => this.api.read(path, object));
  }

  /**
   * All of a list.
   * @throws {ApiFailure} when it cannot be read.
   */
  list(path: string, object: string, options?: ListOptions): Promise<Wire[]> {
    return this.once(`all ${path}`, () => this.api.list(path, object, options));
  }

  private once<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.asked.get(key) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const asked = ask();
    this.asked.set(key, asked);
    return asked;
  }
}

/** A part of an account, read or not, for whoever goes on with the others. */
export async function readingOf<T>(part: Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await part };
  } catch (error) {
    if (error instanceof ApiError) return { notRead: error };
    throw error;
  }
}
