import { Allow, parse as parsePart } from "partial-json";
import { timeout } from "../../../base/patience";
import { CallError, masked } from "../http-error";
import { type RetryPolicy, withRetries } from "../retry";
import { isObject, type Json, type JsonObject } from "./json";

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** Where the API is and who calls. */
export interface ApiAccess {
  /** Base URL with the path `/client/v4`. */
  baseUrl?: string;
  apiToken?: string;
}

/**
 * Calls Cloudflare's v4 API, by a client of its own and on purpose not the project's: a mistake in one must not hide in
 * the other. How often the real provider tries is part of what this one reproduces.
 */
export class CloudflareApi {
  private readonly retry: RetryPolicy;

  constructor(
    private access: ApiAccess,
    retry: RetryPolicy = {},
  ) {
    this.retry = { ...retry, delayMs: retry.delayMs ?? growing };
  }

  /** Takes what the provider's config says; what it leaves out stays as it was. */
  configure(access: ApiAccess): void {
    this.access = {
      baseUrl: access.baseUrl ?? this.access.baseUrl,
      apiToken: access.apiToken ?? this.access.apiToken,
    };
  }

  /**
   * One call, tried again while that can help.
   * @param path below the base URL
   * @param secrets values that the body holds and no message may show
   * @param options.part take an answer that breaks off for what came of it
   * @returns the envelope's `result`
   * @throws CallError with method, URL, status and body
   */
  async call(
    method: Method,
    path: string,
    body?: JsonObject,
    { secrets = [], part = false }: { secrets?: string[]; part?: boolean } = {},
  ): Promise<Json> {
    let retryAfter: string | null | undefined;
    const { url, token } = this.connection(path);
    const verb = method.toUpperCase();
    const failure = (status: number | undefined, said: string) => {
      const hidden = [...secrets, token];
      return new CallError(verb, masked(url, hidden), status, masked(said, hidden));
    };
    const attempt = async () => {
      const response = await fetch(url, {
        method: verb,
        headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
        ...(body && { body: JSON.stringify(body) }),
        redirect: "manual",
        signal: AbortSignal.timeout(this.retry.timeoutMs ?? timeout(60_000)),
      }).catch((error: unknown) => {
        retryAfter = undefined;
        throw failure(undefined, causes(error));
      });
      if (!response.ok) {
        retryAfter = response.headers.get("retry-after");
        throw failure(response.status, JSON.stringify(whole(await response.text().catch(() => "")) ?? null));
      }
      try {
        return resultOf(await textOf(response), part);
      } catch (error) {
        if (error instanceof HalfAnswer) throw new Error(`${verb} "${url}": ${error.message}`);
        throw error;
      }
    };
    return withRetries(attempt, () => seconds(retryAfter), this.retry);
  }

  private connection(path: string): { url: string; token: string } {
    const { apiToken, baseUrl } = this.access;
    if (!apiToken) {
      throw new Error(
        "no API token for Cloudflare\n  → set CLOUDFLARE_API_TOKEN, or: pulumi config set --secret cloudflare:apiToken",
      );
    }
    const base = baseUrl || process.env["CLOUDFLARE_BASE_URL"] || "https://api.cloudflare.com/client/v4";
    return { url: `${base.replace(/\/$/, "")}${path}`, token: apiToken };
  }
}

/**
 * The wait after so many calls: twice as long each time, at most half a minute. The real provider takes up to a
 * quarter off at random; here it is always a tenth, so that no test hangs on chance. Ten waits take 189 seconds.
 */
export function growing(attempts: number): number {
  return 0.9 * Math.min(1000 * 2 ** attempts, 30_000);
}

/** Only a part of an answer came, or something that is none. */
class HalfAnswer extends Error {
  override readonly name = "HalfAnswer";
}

/** The body as far as it came. */
async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
  } catch {
    throw new HalfAnswer("the connection broke off within the answer");
  }
  return text + decoder.decode();
}

/** The envelope's `result`, if need be out of the part of the envelope that came. */
function resultOf(text: string, part: boolean): Json {
  if (text === "") return null;
  const envelope = whole(text) ?? (part ? begun(text) : undefined);
  if (envelope === undefined) throw new HalfAnswer("half an answer came, or one that is no JSON");
  return isObject(envelope) ? (envelope.result ?? null) : null;
}

function whole(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** What is complete of the values in a text that breaks off. */
function begun(text: string): Json | undefined {
  try {
    return parsePart(text, Allow.OBJ | Allow.ARR) as Json;
  } catch {
    return undefined;
  }
}

/** A network error with the reason that Node hides one level down. */
function causes(error: unknown): string {
  const messages: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) messages.push(at.message);
  return messages.join(": ");
}

function seconds(retryAfter: string | null | undefined): number | undefined {
  const value = Number(retryAfter ?? Number.NaN);
  return Number.isFinite(value) && value >= 0 ? value * 1000 : undefined;
}
