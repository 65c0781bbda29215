import { setTimeout as sleepFor } from "node:timers/promises";
import { CLOUDFLARE_API } from "../../config/provider-addresses";
import { fieldsOf, isFields, isJson, listOf } from "../base/json-values";
import { pause, timeout } from "../base/patience";
import { ApiFailure, isPassing, kindOf, networkCode, waitAsked } from "./api-failure";
import { type RawAnswer, type Send, sendRequest } from "./api-request";

/** An object as the API writes it; fields that are not known here are kept as they are. */
export type Wire = { readonly [name: string]: unknown };

/** Where the API is, who calls, and how patient. */
export interface ApiAccess {
  /** API token. Secret. */
  token: string;
  /** Base URL of the API. Default: the vendor's. */
  baseUrl?: string;
  /** How often a call that failed is tried again. Default: 4. */
  retries?: number;
  /** How long an answer may take, in milliseconds. Default: 30,000. */
  timeoutMs?: number;
  /**
   * False to try again only after what broke off, and not where no connection can be made or no answer comes in time:
   * that mostly stays so for a while. Default: true.
   */
  insists?: boolean;
  /** Sends one request; replaced in tests. */
  send?: Send;
  /** Waits; replaced in tests. */
  sleep?: (milliseconds: number) => Promise<unknown>;
}

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** One call, in the words of the error that it may end in. */
export interface Call {
  /** What it does, e.g. `delete`. Default: `read`. */
  action?: string;
  /** To which object, e.g. `tunnel 1f…`. */
  object: string;
  /** What is sent: an object, or JSON to the letter. */
  body?: Wire | string;
  /** How often it is tried again. Default: the client's. */
  retries?: number;
  /** Whether it changes something, so that half an answer leaves it open. Default: whatever is no `get`. */
  changes?: boolean;
}

/** An answer of the API's own. */
export interface ApiAnswer {
  status: number;
  /** To the letter; empty where there is nothing to say. */
  text: string;
  /** Parsed. */
  body: unknown;
}

/** How to ask for a list. */
export interface ListOptions {
  /** Objects to a page. Default: 50, the most that every list takes. */
  perPage?: number;
  /** Bounds what one list may cost of the rate limit of 1,200 calls in five minutes. Default: 100. */
  mostPages?: number;
}

const PAGE = 50;
const MOST_PAGES = 100;
/** Seconds; an API that asks for a longer wait is not waited for: nobody would know why the command stands still. */
const LONGEST_WAIT_S = 15;
/** The connection ended before the answer was there; one that cannot be made at all stays so for a while. */
const BROKEN_OFF: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

/**
 * Cloudflare's v4 API. Whatever is no answer of its own is an {@link ApiFailure}; what may pass is tried again,
 * within bounds. No error holds the token or what was sent.
 */
export class ApiClient {
  private readonly baseUrl: string;

  constructor(private readonly access: ApiAccess) {
    this.baseUrl = (access.baseUrl || CLOUDFLARE_API).replace(/\/+$/, "");
  }

  /**
   * One call, tried again while that can help.
   * @param path from the first slash
   * @throws {ApiFailure} when it fails.
   */
  async call(method: Method, path: string, call: Call): Promise<ApiAnswer> {
    const retries = call.retries ?? this.access.retries ?? 4;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.once(method, path, call);
      } catch (error) {
        if (!(error instanceof ApiFailure) || attempt === retries || !this.maySendAgain(method, error))
          throw error;
        const wait = error.retryAfter ?? Math.min(0.5 * 2 ** attempt, 8);
        await (this.access.sleep ?? sleepFor)(pause(wait * 1000));
      }
    }
  }

  /**
   * One object by its path.
   * @returns undefined on 404.
   * @throws {ApiFailure} when the call fails otherwise.
   */
  async read(path: string, object: string): Promise<Wire | undefined> {
    try {
      return resultOf<Wire>(await this.call("get", path, { object }), { object }) ?? undefined;
    } catch (error) {
      if (error instanceof ApiFailure && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * All pages of a list.
   * @throws {ApiFailure} when a call fails.
   */
  async list(path: string, object: string, options: ListOptions = {}): Promise<Wire[]> {
    const { perPage = PAGE, mostPages = MOST_PAGES } = options;
    const items: Wire[] = [];
    for (let page = 1, pages = 1; page <= Math.min(pages, mostPages); page++) {
      const paged = `${path}${path.includes("?") ? "&" : "?"}page=${page}&per_page=${perPage}`;
      const answer = await this.call("get", paged, { object });
      items.push(...listOf(resultOf<Wire[]>(answer, { object })).map(fieldsOf));
      pages = pagesOf(fieldsOf(answer.body)["result_info"]);
      if (pages > mostPages) throw tooLong(object, pages, mostPages);
    }
    return items;
  }

  /**
   * One change.
   * @returns the result as the API answers, which may hold a new secret.
   * @throws {ApiFailure} when it fails, without what was sent.
   */
  async write(method: Exclude<Method, "get">, path: string, call: Call & { action: string }): Promise<Wire> {
    const answer = await this.call(method, path, call);
    // A removal may be answered without anything.
    return answer.text === "" ? {} : (resultOf<Wire>(answer, call) ?? {});
  }

  /**
   * One query of the analytics, which have an address and an envelope of their own. It needs the permission
   * "Account Analytics Read".
   * @returns the data; undefined when there is none, and the errors say why.
   * @throws {ApiFailure} when the call fails.
   */
  async graphql(query: string, object: string): Promise<Wire | undefined> {
    const { body } = await this.call("post", "/graphql", { object, body: { query }, changes: false });
    if (!isFields(body)) throw between({ object });
    return isFields(body["data"]) ? body["data"] : undefined;
  }

  private async once(method: Method, path: string, call: Call): Promise<ApiAnswer> {
    const { token, timeoutMs = 30_000, send = sendRequest } = this.access;
    const { action = "read", object, body, changes = method !== "get" } = call;
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const answer = await send({
      method: method.toUpperCase(),
      url: `${this.baseUrl}${path}`,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        "user-agent": "comfyui-access",
        ...(text === undefined
          ? {}
          : { "content-type": "application/json", "content-length": lengthOf(text) }),
      },
      ...(text === undefined ? {} : { body: text }),
      timeoutMs: timeout(timeoutMs),
    }).catch((error: unknown) => {
      const network = networkCode(error);
      throw new ApiFailure({ action, object, kind: "no answer", network, detail: `no answer (${network})` });
    });
    const isWhole = answer.cutOff === undefined;
    if (answer.status >= 200 && answer.status < 300) {
      if (isWhole && answer.text === "" && method !== "get")
        return { status: answer.status, text: "", body: null };
      if (isWhole && !saysJson(answer)) return { status: answer.status, text: answer.text, body: undefined };
      if (isWhole && isJson(answer.text))
        return { status: answer.status, text: answer.text, body: JSON.parse(answer.text) };
      const change = changes ? "; it may have been done" : "";
      // The words of a parser would quote what came, which may be a secret.
      throw new ApiFailure({
        action,
        object,
        kind: "cut off",
        detail: `no answer (only a part of it came)${change}`,
      });
    }
    throw this.refusal(answer, { action, object });
  }

  private refusal(answer: RawAnswer, call: { action: string; object: string }): ApiFailure {
    const { status, headers, text } = answer;
    const [first] = isJson(text) ? listOf(fieldsOf(JSON.parse(text))["errors"]).map(fieldsOf) : [];
    const code = typeof first?.["code"] === "number" ? first["code"] : undefined;
    const said = typeof first?.["message"] === "string" ? this.withoutToken(first["message"]) : undefined;
    const retryAfter = waitAsked(headers["retry-after"]);
    const ray = headers["cf-ray"];
    const asked =
      status === 429 && retryAfter !== undefined
        ? `too many requests, to be tried again in ${Math.ceil(retryAfter)} s`
        : undefined;
    return new ApiFailure({
      ...call,
      status,
      ...(code === undefined ? {} : { code }),
      ...(typeof ray === "string" ? { ray: this.withoutToken(ray) } : {}),
      ...(retryAfter === undefined ? {} : { retryAfter }),
      kind: kindOf(status, code),
      detail: asked ?? said,
    });
  }

  private maySendAgain(method: Method, failure: ApiFailure): boolean {
    const { kind, network = "", retryAfter = 0 } = failure;
    if (!isPassing(failure) || retryAfter > LONGEST_WAIT_S) return false;
    // The change may have been made.
    if (kind === "cut off") return method === "get";
    return kind !== "no answer" || BROKEN_OFF.has(network) || (this.access.insists ?? true);
  }

  private withoutToken(text: string): string {
    return text.replaceAll(this.access.token, "[API token]");
  }
}

const lengthOf = (text: string): string => String(Buffer.byteLength(text));

const saysJson = ({ headers }: RawAnswer): boolean => /\bjson\b/.test(headers["content-type"] ?? "");

/** An API that does not count its pages has one. */
function pagesOf(info: unknown): number {
  const { total_pages: pages, total_count: count, per_page: size } = fieldsOf(info);
  if (typeof pages === "number") return pages;
  return typeof count === "number" && typeof size === "number" && size > 0 ? Math.ceil(count / size) : 1;
}

/**
 * What the envelope around each answer holds. A proxy or a log-in page in between answers with what is none: taken for
 * one, it would say that nothing is there.
 * @throws {ApiFailure} when there is no envelope.
 */
export function resultOf<T>({ body }: ApiAnswer, call: Pick<Call, "action" | "object">): T | null {
  if (isFields(body) && "result" in body) return body["result"] as T | null;
  throw between(call);
}

/** A part of a list, taken for all of it, would say that the rest is not there. */
const tooLong = (object: string, pages: number, read: number): ApiFailure =>
  new ApiFailure({
    action: "read",
    object,
    kind: "cut off",
    detail: `they fill ${pages} pages, and at most ${read} are read`,
  });

const between = ({ action = "read", object }: Pick<Call, "action" | "object">): ApiFailure =>
  new ApiFailure({
    action,
    object,
    kind: "not the API",
    detail: "no answer of Cloudflare's API, but of something in between",
  });
