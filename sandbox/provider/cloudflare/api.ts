import Cloudflare from "cloudflare";
import { timeout } from "../../../src/patience";
import { CallError, masked } from "../http-error";
import { type RetryPolicy, withRetries } from "../retry";

/** JSON as it goes over the wire. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** Where the API is and who calls. */
export interface ApiAccess {
  /** Base URL with the path `/client/v4`. */
  baseUrl?: string;
  apiToken?: string;
}

/**
 * Calls Cloudflare's v4 API through the vendor's own client. Its retries are off: how often the real
 * provider tries is part of what this one reproduces.
 */
export class CloudflareApi {
  private client: Cloudflare | undefined;

  constructor(
    private access: ApiAccess,
    private readonly retry: RetryPolicy = {},
  ) {}

  /** Takes what the provider's config says; what it leaves out stays as it was. */
  configure(access: ApiAccess): void {
    this.access = {
      baseUrl: access.baseUrl ?? this.access.baseUrl,
      apiToken: access.apiToken ?? this.access.apiToken,
    };
    this.client = undefined;
  }

  /**
   * One call, tried again while that can help.
   * @param path below the base URL
   * @param secrets values that the body holds and no message may show
   * @returns the envelope's `result`
   * @throws CallError with method, URL, status and body
   */
  async call(method: Method, path: string, body?: JsonObject, secrets: string[] = []): Promise<Json> {
    let retryAfter: string | null | undefined;
    const attempt = async () => {
      try {
        const envelope = await this.connection()[method]<{ result?: Json }>(path, body && { body });
        return envelope?.result ?? null;
      } catch (error) {
        if (!(error instanceof Cloudflare.APIError)) throw error;
        retryAfter = error.headers?.get("retry-after");
        throw this.failure(method, path, error, secrets);
      }
    };
    return withRetries(attempt, () => seconds(retryAfter), this.retry);
  }

  private connection(): Cloudflare {
    if (this.client !== undefined) return this.client;
    const { apiToken, baseUrl } = this.access;
    if (!apiToken) {
      throw new Error(
        "no API token for Cloudflare\n  → set CLOUDFLARE_API_TOKEN, or: pulumi config set --secret cloudflare:apiToken",
      );
    }
    this.client = new Cloudflare({
      apiToken,
      baseURL: baseUrl,
      // Other credentials in the environment would be sent beside the token.
      apiKey: null,
      apiEmail: null,
      userServiceKey: null,
      maxRetries: 0,
      timeout: this.retry.timeoutMs ?? timeout(60_000),
      logLevel: "off",
    });
    return this.client;
  }

  private failure(
    method: Method,
    path: string,
    error: InstanceType<typeof Cloudflare.APIError>,
    secrets: string[],
  ): CallError {
    const url = `${this.connection().baseURL}${path}`;
    const body = error.status === undefined ? causes(error) : JSON.stringify(error.error ?? null);
    const hidden = [...secrets, this.access.apiToken ?? ""];
    return new CallError(method.toUpperCase(), masked(url, hidden), error.status, masked(body, hidden));
  }
}

/** A network error with the reason that Node hides one level down. */
function causes(error: Error): string {
  const messages: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) messages.push(at.message);
  return messages.join(": ");
}

function seconds(retryAfter: string | null | undefined): number | undefined {
  const value = Number(retryAfter ?? Number.NaN);
  return Number.isFinite(value) && value >= 0 ? value * 1000 : undefined;
}
