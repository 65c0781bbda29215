import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Connector, Tunnels } from "../tunnel";
import { tunnelIdIn } from "../tunnel/host";
import type { BodyMeter } from "./body-meter";
import type { EdgeRequest } from "./core";
import type { Site } from "./directory";
import { networkError } from "./pages";
import { type Reply, write, writeRaw } from "./reply";
import type { EdgeSettings } from "./settings";

/** How a request that passed was answered. */
export interface Forwarded {
  servedBy: "edge" | "tunnel" | "origin";
  reason?: string;
}

/** What forwarding needs to know. */
export interface Forwarding {
  site: Site;
  tunnels: Tunnels;
  settings: EdgeSettings;
  request: EdgeRequest;
  /** For the origin. */
  headers: OutgoingHttpHeaders;
  /** Told at most once, perhaps after the answer has ended. */
  done: (result: Forwarded) => void;
}

/** A connection whose request is refused half-way is kept for so long, for the answer to arrive. */
const LINGER_MS = 500;

/** Hands a request to the site's tunnel, within the network's limits. */
export function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  body: BodyMeter,
  asked: Forwarding,
): void {
  const forwarding = { ...asked, done: once(asked.done) };
  const { done, headers, settings } = forwarding;
  const length = Number(incoming.headers["content-length"] ?? 0);
  const isTooLarge = length > settings.maxBodyBytes || body.exceeded;
  const target = isTooLarge ? tooLarge(forwarding) : connectorOf(forwarding);
  if ("reply" in target) {
    done({ servedBy: "edge", reason: target.reason });
    write(incoming, response, target.reply);
    return;
  }
  limitBody(response, forwarding, body);
  limitWaiting(incoming, response, forwarding);
  target.connector.proxy(incoming, response, headers, ({ servedBy, reason }) => done({ servedBy, reason }));
}

/** Hands a request for a WebSocket to the site's tunnel. */
export function forwardUpgrade(
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  forwarding: Omit<Forwarding, "done"> & { done: (result: Forwarded & { status: number }) => void },
): void {
  const { done, headers } = forwarding;
  const target = connectorOf(forwarding);
  if ("reply" in target) {
    done({ servedBy: "edge", reason: target.reason, status: target.reply.status });
    writeRaw(socket, target.reply);
    return;
  }
  target.connector.upgrade(incoming, socket, head, headers, ({ status, servedBy, reason }) =>
    done({ status, servedBy, reason }),
  );
}

function connectorOf({
  site,
  tunnels,
  request,
}: Pick<Forwarding, "site" | "tunnels" | "request">):
  | { connector: Connector }
  | { reply: Reply; reason: string } {
  const { record } = site;
  const tunnelId = tunnelIdIn(record.content);
  if (record.type !== "CNAME" || tunnelId === undefined) {
    const reason = `the record points to ${record.content}, and the sandbox serves tunnels only`;
    return {
      reason,
      reply: networkError(523, 523, "Origin is unreachable", `Sorry: ${reason}.`, request.rayId),
    };
  }
  const connector = tunnels.for(tunnelId);
  if (connector !== undefined) return { connector };
  const text = "The tunnel of this hostname has no cloudflared connected to it.";
  return {
    reason: "no cloudflared is connected to the tunnel",
    reply: networkError(530, 1033, "Cloudflare Tunnel error", text, request.rayId),
  };
}

/** A body of unknown length is cut off when it has become too large. */
function limitBody(response: ServerResponse, forwarding: Forwarding, body: BodyMeter): void {
  body.whenExceeded(() => {
    if (response.headersSent) return;
    const { reason, reply } = tooLarge(forwarding);
    forwarding.done({ servedBy: "edge", reason });
    cutOff(response, reply);
  });
}

/** An origin that has not begun to answer in time is given up. */
function limitWaiting(incoming: IncomingMessage, response: ServerResponse, forwarding: Forwarding): void {
  const { settings, done, request } = forwarding;
  let timer: NodeJS.Timeout | undefined;
  const expire = () => {
    if (response.headersSent || response.destroyed) return;
    done({ servedBy: "edge", reason: "the origin did not answer in time" });
    const text = "The origin was reached, and did not answer in time.";
    cutOff(response, networkError(524, 524, "A timeout occurred", text, request.rayId));
  };
  const start = () => {
    timer ??= setTimeout(expire, settings.readTimeoutMs).unref();
  };
  response.once("close", () => clearTimeout(timer));
  // Time counts from the last byte of the request.
  const hasBody =
    incoming.headers["transfer-encoding"] !== undefined || Number(incoming.headers["content-length"]) > 0;
  if (hasBody) incoming.once("end", start);
  else start();
}

/** Answers past the connector, which may be about to use the response; then ends the connection for both. */
function cutOff(response: ServerResponse, reply: Reply): void {
  const { socket } = response;
  if (socket === null) return;
  statuses.set(response, reply.status);
  writeRaw(socket, reply);
  setTimeout(() => response.destroy(), LINGER_MS).unref();
}

const statuses = new WeakMap<ServerResponse, number>();

/** The status that the client was sent, also when it was cut off; 0 for none. */
export function sentStatus(response: ServerResponse): number {
  return statuses.get(response) ?? (response.headersSent ? response.statusCode : 0);
}

function tooLarge({ settings, request }: Forwarding): { reply: Reply; reason: string } {
  const text = `The request is larger than ${settings.maxBodyBytes} bytes.`;
  const reply = networkError(413, 413, "Payload Too Large", text, request.rayId);
  return { reply, reason: "the request body is too large" };
}

/** The first one tells; what a connector reports after it was cut off does not count. */
function once(done: Forwarding["done"]): Forwarding["done"] {
  let told = false;
  return (result) => {
    if (told) return;
    told = true;
    done(result);
  };
}
