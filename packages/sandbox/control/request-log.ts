import type { MiddlewareHandler } from "hono";
import type { SandboxEnv } from "../api/context";
import { masked } from "./masking";

/** One request as it was answered; no secret in it. */
export interface RequestLogEntry {
  method: string;
  path: string;
  query?: Record<string, string>;
  status: number;
  /** Time until the answer, in milliseconds. */
  ms: number;
  /** The JSON body with its secrets masked. */
  body?: unknown;
  /** Name of the API token, when it was a known one. */
  token?: string;
}

/** Older entries are dropped, so that a sandbox left running does not grow without end. */
const MOST_ENTRIES = 10_000;

/** Logs each request once it is answered. A request whose connection a fault dropped has status 0. */
export function requestLog(
  entries: RequestLogEntry[],
  onRequest?: (entry: RequestLogEntry) => void,
): MiddlewareHandler<SandboxEnv> {
  return async (c, next) => {
    const start = performance.now();
    const text = c.req.method === "GET" ? "" : await c.req.text();
    await next();
    const dropped = c.env?.incoming?.socket?.destroyed === true;
    const query = c.req.query();
    const token = c.get("token")?.name;
    const entry: RequestLogEntry = {
      method: c.req.method,
      path: c.req.path,
      ...(Object.keys(query).length > 0 ? { query } : {}),
      status: dropped ? 0 : c.res.status,
      ms: Math.round((performance.now() - start) * 10) / 10,
      ...(text === "" ? {} : { body: maskedBody(text) }),
      ...(token === undefined ? {} : { token }),
    };
    entries.push(entry);
    if (entries.length > MOST_ENTRIES) entries.shift();
    onRequest?.(entry);
  };
}

function maskedBody(text: string): unknown {
  try {
    return masked(JSON.parse(text));
  } catch {
    // Text that is not JSON may hold anything, a secret too.
    return "(not JSON)";
  }
}
