import * as http from "node:http";
import * as https from "node:https";

/** One request as it goes over the wire. */
interface ApiRequest {
  method: string;
  url: string;
  /** The API token is one of them. Secret. */
  headers: Readonly<Record<string, string>>;
  body?: string;
  /** How long the whole answer may take. */
  timeoutMs: number;
}

/** What came back, whatever it is. */
export interface RawAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  /** The connection broke off within the answer, or it was longer than any of the API's. */
  cutOff?: true;
}

/**
 * Sends one request.
 * @throws what node:http throws when there is no answer
 */
export type Send = (request: ApiRequest) => Promise<RawAnswer>;

/** The longest list of the API is far below it; a server that does not stop would fill the memory. */
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * One request on node:http. Neither the official `cloudflare` package nor the built-in `fetch`: every run of the
 * program loads this, and they cost 260 ms and 30 ms of start-up. It follows no redirect, which would take the token along.
 */
export const sendRequest: Send = ({ method, url, headers, body, timeoutMs }) =>
  new Promise((resolve, reject) => {
    const { request } = url.startsWith("https:") ? https : http;
    const sent = request(url, { method, headers, signal: AbortSignal.timeout(timeoutMs) }, (answer) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      const end = (cutOff?: true) =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: Buffer.concat(parts).toString("utf8"),
          ...(cutOff === undefined ? {} : { cutOff }),
        });
      answer.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes <= MOST_BYTES) return parts.push(part);
        end(true);
        return answer.destroy();
      });
      answer.on("error", () => end(true));
      answer.on("end", () => end());
    });
    sent.on("error", reject);
    sent.end(body);
  });
