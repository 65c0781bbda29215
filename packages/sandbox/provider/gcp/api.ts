import { timeout } from "../../../base/patience";
import { CallError, masked } from "../http-error";
import { isTransient, type RetryPolicy, withRetries } from "../retry";

/** JSON as Google's APIs write it. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

/** Calls the sandbox's Google endpoints; there is no way from here to the real ones. */
export class GoogleApi {
  constructor(
    /** Base URL that ends before `/v1`. */
    private readonly baseUrl: string | undefined,
    private readonly retry: RetryPolicy = {},
  ) {}

  /**
   * One call, tried again while that can help.
   * @param path from `/v1/` on
   * @param secrets values that no message may show
   * @throws CallError with method, URL, status and body
   */
  async call(method: string, path: string, body?: JsonObject, secrets: string[] = []): Promise<JsonObject> {
    if (this.baseUrl === undefined) {
      throw new Error(
        "the sandbox's Google endpoints are not known\n  → set SANDBOX_GCP_URL to their base URL",
      );
    }
    const url = `${this.baseUrl.replace(/\/$/, "")}${path}`;
    const attempt = async (): Promise<JsonObject> => {
      let response: Response;
      try {
        response = await fetch(url, {
          method,
          headers: {
            // Any bearer token is good enough there; a real one must never get here.
            authorization: "Bearer sandbox",
            ...(body && { "content-type": "application/json" }),
          },
          body: body && JSON.stringify(body),
          signal: AbortSignal.timeout(this.retry.timeoutMs ?? timeout(60_000)),
        });
      } catch (error) {
        throw new CallError(method, url, undefined, error instanceof Error ? error.message : String(error));
      }
      const text = await response.text();
      if (!response.ok) throw new CallError(method, url, response.status, masked(text, secrets));
      return text === "" ? {} : (JSON.parse(text) as JsonObject);
    };
    // Google's 409 says that the object exists, which waiting does not change.
    return withRetries(
      attempt,
      () => undefined,
      this.retry,
      (status) => status !== 409 && isTransient(status),
    );
  }
}
