import * as http from "node:http";
import * as https from "node:https";

/** What came back for one GET. */
export interface HttpAnswer {
  status: number;
  /** Seconds to wait before the next try, when the server says so. */
  retryAfter?: number;
  /** Parsed JSON, or undefined when the body was none. */
  body: unknown;
}

/**
 * Sends one GET.
 * @throws what node:http throws when there is no answer
 */
export type HttpGet = (url: string, token: string, timeoutMs: number) => Promise<HttpAnswer>;

/**
 * One GET on node:http. Neither the official `cloudflare` package nor the built-in `fetch`: every run of the
 * program loads this, and they cost 260 ms and 30 ms of start-up.
 */
export const httpGet: HttpGet = (url, token, timeoutMs) =>
  new Promise((resolve, reject) => {
    const { get } = url.startsWith("https:") ? https : http;
    const headers = { authorization: `Bearer ${token}`, accept: "application/json" };
    const request = get(
      url,
      { headers, signal: AbortSignal.timeout(timeoutMs), agent: false },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const retryAfter = Number(response.headers["retry-after"]);
          resolve({
            status: response.statusCode ?? 0,
            ...(Number.isFinite(retryAfter) ? { retryAfter } : {}),
            body: parseJson(Buffer.concat(parts).toString("utf8")),
          });
        });
      },
    );
    request.on("error", reject);
  });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
