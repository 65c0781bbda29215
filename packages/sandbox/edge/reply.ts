import { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** A whole answer of the edge itself. */
export interface Reply {
  status: number;
  headers: Record<string, string | string[]>;
  body: string;
}

/** An answer, with what the log says of it. */
export interface Answered {
  reply: Reply;
  who?: string;
  verdict?: "granted" | "refused";
  /** Name of the policy that decided. */
  policy?: string;
  reason?: string;
}

/** An answer in HTML. */
export function html(status: number, body: string, headers: Reply["headers"] = {}): Reply {
  return { status, headers: { "content-type": "text/html; charset=utf-8", ...headers }, body };
}

/** An answer in JSON. */
export function json(status: number, value: unknown, headers: Reply["headers"] = {}): Reply {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(value) };
}

/** A redirect that no cache keeps. */
export function redirect(location: string, headers: Reply["headers"] = {}): Reply {
  return { status: 302, headers: { location, ...NO_STORE, ...headers }, body: "" };
}

/** The cache headers that Access sends with every answer of its own. */
export const NO_STORE = {
  "cache-control": "private, max-age=0, no-store, no-cache, must-revalidate, post-check=0, pre-check=0",
  expires: "Thu, 01 Jan 1970 00:00:01 GMT",
} as const;

/** How long the rest of a body that nobody reads may take, in milliseconds. */
const LEFTOVER_MS = 10_000;

/**
 * Writes an answer. What comes of the body after it is thrown away, for a while: to close the connection on a client
 * that still sends would take the answer from it.
 */
export function write(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const headers: OutgoingHttpHeaders = { ...reply.headers, "content-length": Buffer.byteLength(reply.body) };
  response.writeHead(reply.status, reasonOf(reply.status), headers);
  response.end(request.method === "HEAD" ? "" : reply.body);
  if (request.complete) return;
  const timer = setTimeout(() => request.destroy(), LEFTOVER_MS).unref();
  request.once("close", () => clearTimeout(timer)).resume();
}

/** Writes an answer to a request for an upgrade, and ends the connection. */
export function writeRaw(socket: Duplex, reply: Reply): void {
  const lines = Object.entries({
    ...reply.headers,
    "content-length": String(Buffer.byteLength(reply.body)),
    connection: "close",
  }).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`));
  const { status, body } = reply;
  socket.end(`HTTP/1.1 ${status} ${reasonOf(status)}\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
}

const reasonOf = (status: number): string => STATUS_CODES[status] ?? "Error";
