import type { createConnection, Socket } from "node:net";
import WebSocket from "ws";
import { type Message, parseBinary, parseMessage, type RunEvent } from "./events";
import { failureOf } from "./failures";
import { socketAround, socketTo } from "./network";
import type { Settings } from "./options";
import { refusalOf } from "./refusals";
import { jittered } from "./transport";

const maxFrameBytes = 128 * 1024 * 1024;
/** After so many connections in a row that came to nothing, polling alone goes on. */
const maxFailures = 10;
const closingMs = 250;

export interface SocketListener {
  message(message: Message): void;
  connection(event: Extract<RunEvent, { type: "connection" }>): void;
}

/** `createConnection` in the form in which the socket comes later: Node then waits for its second argument to be called. */
function connectedBy(made: Promise<Socket>): typeof createConnection {
  const connect = (_options: unknown, done: (error: Error | null, socket?: Socket) => void) => {
    made.then((socket) => done(null, socket), done);
  };
  return connect as unknown as typeof createConnection;
}

/**
 * The WebSocket of one client id. It pings, since ComfyUI does not, and opens again after a pause that grows. What is
 * said while it is closed is lost, so that nothing may hang on it: whoever listens looks at history as well.
 */
export class EventSocket {
  private socket?: WebSocket;
  private timer?: NodeJS.Timeout;
  private failures = 0;
  private closed = false;
  private answered = true;
  private settle: () => void = () => undefined;
  /** Resolves when the first connection is open or has failed. */
  readonly ready = new Promise<void>((resolve) => {
    this.settle = resolve;
  });

  constructor(
    private readonly settings: Settings,
    private readonly clientId: string,
    private readonly listener: SocketListener,
  ) {
    this.open();
  }

  get isOpen(): boolean {
    return this.socket?.readyState === WebSocket.OPEN && this.answered;
  }

  /** Closes for good. A server that does not answer the closing is not waited for. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.settle();
    const { socket } = this;
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    if (socket.readyState === WebSocket.OPEN) socket.close(1000);
    else socket.terminate();
    const timer = setTimeout(() => socket.terminate(), closingMs);
    socket.once("close", () => clearTimeout(timer));
  }

  private open(): void {
    const { settings } = this;
    const url = new URL(settings.address);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.pathname = `${url.pathname.replace(/\/$/, "")}/ws`;
    url.search = new URLSearchParams({ clientId: this.clientId }).toString();
    const { network = {}, detour, said } = settings;
    const around = detour && socketAround(network, url, detour);
    const socket = new WebSocket(url, {
      headers: settings.credential?.headers,
      handshakeTimeout: settings.timeouts.connectMs,
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
      followRedirects: false,
      ...(around !== undefined && { createConnection: connectedBy(around) }),
      ...(around === undefined &&
        settings.network !== undefined && { createConnection: () => socketTo(network, url) }),
    });
    this.socket = socket;
    let reason: string | undefined;
    let gone = false;
    // Also called before the socket's own `close`, when it stays out.
    const over = (state: "lost" | "refused") => {
      if (gone) return;
      gone = true;
      clearTimeout(this.timer);
      this.settle();
      if (this.closed) return;
      this.listener.connection({ type: "connection", state, ...(reason !== undefined && { reason }) });
      this.reopen();
    };
    socket.on("open", () => this.opened(socket));
    socket.on("pong", () => {
      this.answered = true;
      this.failures = 0;
    });
    socket.on("message", (data: Buffer, isBinary: boolean) => this.heard(data, isBinary));
    socket.on("unexpected-response", (_request, response) => {
      const status = response.statusCode ?? 0;
      const headers = said.headers(response.headers);
      reason = refusalOf({ what: "GET /ws", status, headers, body: "", json: {} }, settings).message;
      // A server that is starting or out of reach may take it later; one that says no will say it again.
      if (status < 500) this.failures = maxFailures;
      response.destroy();
      socket.terminate();
      over("refused");
    });
    socket.on("error", (error) => {
      reason ??= failureOf(error, "GET /ws", url.host, said).message;
    });
    socket.on("close", () => over("lost"));
  }

  private opened(socket: WebSocket): void {
    this.answered = true;
    // ComfyUI heeds this in the first message of each connection only.
    socket.send(JSON.stringify({ type: "feature_flags", data: { supports_preview_metadata: true } }));
    this.listener.connection({ type: "connection", state: "open" });
    this.settle();
    const ping = () => {
      if (!this.answered) return socket.terminate();
      this.answered = false;
      socket.ping();
      this.timer = setTimeout(ping, this.settings.following.pingIntervalMs);
    };
    this.timer = setTimeout(ping, this.settings.following.pingIntervalMs);
  }

  private heard(data: Buffer, isBinary: boolean): void {
    const { said } = this.settings;
    const message = isBinary ? parseBinary(data, said) : parseMessage(data.toString("utf8"), said);
    if (message !== undefined && !this.closed) this.listener.message(message);
  }

  private reopen(): void {
    this.failures += 1;
    if (this.failures > maxFailures) return;
    const { reconnectMinMs, reconnectMaxMs } = this.settings.following;
    const ms = Math.min(reconnectMinMs * 2 ** (this.failures - 1), reconnectMaxMs);
    this.timer = setTimeout(() => this.open(), jittered(ms));
  }
}
