import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { OriginSettings } from "./settings";

interface SocketsOptions {
  settings: OriginSettings;
  /** What the server says of itself when a client sends its feature flags. */
  features: () => Record<string, unknown>;
  /** Events for a socket that has just connected, before anything else is sent to it. */
  greet: (clientId: string) => [event: string, data: unknown][];
}

/** Largest message that a client may send, as aiohttp has it. */
const MAX_MESSAGE = 4 * 1024 * 1024;

/**
 * The WebSockets by `clientId`, one for each. Nothing is replayed and no ping is sent. A displaced socket stays
 * open but is no longer addressed (Comfy-Org/ComfyUI, server.py).
 */
export class Sockets {
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE });
  readonly #byClientId = new Map<string, { socket: WebSocket; flags: Record<string, unknown> }>();
  readonly #open = new Set<WebSocket>();
  /** While true nothing is sent, and the sockets stay open. */
  muted = false;

  constructor(private readonly options: SocketsOptions) {}

  /** Client ids that events can reach now. */
  get clientIds(): string[] {
    return [...this.#byClientId.keys()];
  }

  /** Sockets that are open, displaced ones included. */
  get size(): number {
    return this.#open.size;
  }

  /** Takes over a connection that asks for a WebSocket. */
  accept(request: IncomingMessage, connection: Duplex, head: Buffer, query: URLSearchParams): void {
    this.#server.handleUpgrade(request, connection, head, (socket) => {
      this.#connected(socket, query.get("clientId") || randomUUID().replaceAll("-", ""));
    });
  }

  /** Whether the client has declared a feature flag, e.g. `supports_preview_metadata`. */
  supports(clientId: string | undefined, flag: string): boolean {
    return clientId !== undefined && this.#byClientId.get(clientId)?.flags[flag] === true;
  }

  /** Sends an event to a client, or to all sockets that are addressed when none is named. */
  send(event: string, data: unknown, clientId?: string): void {
    this.#deliver(JSON.stringify({ type: event, data }), clientId);
  }

  /** Sends a binary frame, addressed like an event. */
  sendBinary(frame: Buffer, clientId?: string): void {
    this.#deliver(frame, clientId);
  }

  /** Closes sockets (all, or a client's) with a close frame, or cuts their connections off. */
  drop(options: { abrupt?: boolean; clientId?: string; code?: number } = {}): void {
    const only = options.clientId === undefined ? undefined : this.#byClientId.get(options.clientId)?.socket;
    const sockets = options.clientId === undefined ? [...this.#open] : only === undefined ? [] : [only];
    for (const socket of sockets) {
      if (options.abrupt === true) socket.terminate();
      else socket.close(options.code ?? 1001);
    }
  }

  close(): void {
    this.drop({ abrupt: true });
    this.#server.close();
  }

  #connected(socket: WebSocket, clientId: string): void {
    this.#open.add(socket);
    this.#byClientId.set(clientId, { socket, flags: {} });
    for (const [event, data] of this.options.greet(clientId)) this.send(event, data, clientId);
    let first = true;
    socket.on("message", (message, isBinary) => {
      if (isBinary || !first) return;
      const parsed = parse(message.toString());
      // A message that is not JSON does not count as the first.
      if (parsed === undefined) return;
      first = false;
      this.#negotiate(clientId, parsed);
    });
    // An error is followed by `close`.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#open.delete(socket);
      const current = this.#byClientId.get(clientId);
      if (current?.socket === socket || this.options.settings.displacedCleanup === "removes-new") {
        this.#byClientId.delete(clientId);
      }
    });
  }

  #negotiate(clientId: string, message: { type?: unknown; data?: unknown }): void {
    const addressed = this.#byClientId.get(clientId);
    if (message.type !== "feature_flags" || addressed === undefined) return;
    addressed.flags = { ...(message.data as Record<string, unknown> | undefined) };
    this.send("feature_flags", this.options.features(), clientId);
  }

  #deliver(message: string | Buffer, clientId: string | undefined): void {
    if (this.muted) return;
    const addressed = clientId === undefined ? undefined : this.#byClientId.get(clientId);
    const targets =
      clientId === undefined ? [...this.#byClientId.values()] : addressed === undefined ? [] : [addressed];
    for (const { socket } of targets) if (socket.readyState === socket.OPEN) socket.send(message);
  }
}

function parse(text: string): { type?: unknown; data?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
