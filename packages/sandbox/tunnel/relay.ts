import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { responseHeaders } from "./headers";

/** How an exchange with the origin ended. */
export type Outcome = { status: number; reason?: string } | { unreachable: string };

/**
 * Passes a request's body to the origin and the origin's answer to the client, as they come: neither is held,
 * each waits for the slower side. An answer that comes before the body has been sent is passed on at once.
 */
export function relay(
  request: IncomingMessage,
  response: ServerResponse,
  upstream: ClientRequest,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let answered = false;
    upstream.on("response", (answer) => {
      answered = true;
      relayAnswer(answer, response).then(resolve, (error: Error) => resolve({ unreachable: error.message }));
    });
    upstream.on("error", (error) => {
      // After the answer has begun only its own end counts: an origin may close while a body still comes.
      if (!answered) resolve({ unreachable: error.message });
    });
    // Who goes away before the end is not served any further.
    const abandon = () => {
      if (response.writableFinished) return;
      upstream.destroy();
      resolve({ status: 499, reason: "Incoming request ended abruptly" });
    };
    if (response.destroyed) abandon();
    response.on("close", abandon);
    request.on("error", () => upstream.destroy());
    request.pipe(upstream);
  });
}

/**
 * Passes an answer on: status, headers, body, trailers. A body that breaks off cuts the client off too.
 * @throws Error when the answer's head is none that HTTP allows.
 */
export async function relayAnswer(answer: IncomingMessage, response: ServerResponse): Promise<Outcome> {
  const status = answer.statusCode ?? 502;
  response.writeHead(status, answer.statusMessage, responseHeaders(answer.rawHeaders));
  // As cloudflared: what has no length is a stream, whose beginning must not wait for its next part.
  if (answer.headers["content-length"] === undefined) response.flushHeaders();
  try {
    await pipeline(answer, response, { end: false });
  } catch {
    response.destroy();
    return { status, reason: "the answer broke off" };
  }
  if (answer.rawTrailers.length > 0) response.addTrailers(answer.trailers as Record<string, string>);
  response.end();
  return { status };
}

/** The head of an answer that opens a WebSocket. */
export function switchingProtocols(answer: IncomingMessage): string {
  const headers = responseHeaders(answer.rawHeaders);
  const lines = headers.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${headers[index + 1]}`] : []));
  const first = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  return `${[...first, ...lines].join("\r\n")}\r\n\r\n`;
}

/**
 * Joins two connections until either ends: what has been read is still passed on, then both are closed, as
 * cloudflared does (stream/stream.go). An abrupt end on one side is an abrupt end on the other.
 */
export function join(client: Duplex, origin: Duplex): void {
  for (const [from, to] of [
    [client, origin],
    [origin, client],
  ] as const) {
    from.pipe(to, { end: false });
    from.on("end", () =>
      to.end(() => {
        from.destroy();
        to.destroy();
      }),
    );
    from.on("error", () => to.destroy());
    from.on("close", () => {
      if (!to.writableEnded) to.destroy();
    });
  }
}
