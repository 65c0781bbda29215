import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** An answer, before it is sent. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  /** A stream is sent as it comes; the connection is cut when it fails. */
  body?: string | Buffer | Readable;
}

/** An answer that a handler gives by throwing it. */
export class ReplyError extends Error {
  constructor(readonly reply: Reply) {
    super(`status ${reply.status}`);
  }
}

export const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8" },
  body: JSON.stringify(value),
});

export const text = (status: number, body: string): Reply => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body,
});

/** An answer without a body, as ComfyUI gives in many places. */
export const empty = (status: number, headers: Record<string, string> = {}): Reply => ({ status, headers });

/** What aiohttp answers when a handler throws, e.g. on a body that is not JSON. */
export const serverError = (): Reply =>
  text(500, "500 Internal Server Error\n\nServer got itself in trouble");

/** Sends an answer; a body for HEAD is left out. */
export async function send(response: ServerResponse, reply: Reply, method: string): Promise<void> {
  const { body } = reply;
  const length = body instanceof Readable ? undefined : Buffer.byteLength(body ?? "");
  response.writeHead(reply.status, {
    ...(length === undefined ? {} : { "content-length": String(length) }),
    ...reply.headers,
  });
  if (method === "HEAD" || !(body instanceof Readable)) {
    if (body instanceof Readable) body.destroy();
    response.end(method === "HEAD" ? undefined : body);
    return;
  }
  try {
    await pipeline(body, response);
  } catch {
    // The client has gone away; there is no one left to tell.
    response.destroy();
  }
}
