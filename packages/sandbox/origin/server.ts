import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { Faults } from "../control/faults";
import { createControl, type OriginControl } from "./control";
import { createCore } from "./core";
import { Files } from "./files";
import { corsHeaders, guarded } from "./guards";
import { empty, type Reply, send, serverError, text } from "./reply";
import { route } from "./routes";
import { DEFAULT_SETTINGS, type OriginSettings } from "./settings";

/** A request as it reached ComfyUI; the body is not kept. */
interface OriginRequest {
  method: string;
  path: string;
  /** With its question mark; empty without a query. */
  query: string;
  /** Names as they were written, with their values, in order. */
  headers: [name: string, value: string][];
  /** Whether it asked for a WebSocket. */
  upgrade: boolean;
}

/** A ComfyUI stand-in that listens on the loopback interface. */
export interface Origin {
  /** `http://127.0.0.1:<port>` */
  url: string;
  port: number;
  /** What reached it, oldest first; the newest 10,000. */
  requests: OriginRequest[];
  /** May be changed at any time. */
  settings: OriginSettings;
  control: OriginControl;
  /** Answers that fail or come late: by path, e.g. `{ pathRegex: "^/prompt$", action: "drop-after" }`. */
  faults: Faults;
  /** As just started: no queue, history, files, requests or faults, and the first settings. */
  reset(): void;
  /** Stops listening, cuts the connections off and deletes the files. */
  close(): Promise<void>;
}

const KEPT_REQUESTS = 10_000;

/**
 * Starts a ComfyUI stand-in: its routes, queue and WebSocket, without its models.
 * @param options.port 0, the default, takes a free one.
 * @param options.corsFor says `enableCorsHeader` at each request, from its Host header: plays an operator who starts
 *   ComfyUI anew when its host name changes.
 * @throws the system's error when the port is in use.
 */
export async function startOrigin(
  options: {
    port?: number;
    settings?: Partial<OriginSettings>;
    corsFor?: (host: string | undefined) => string;
  } = {},
): Promise<Origin> {
  const settings: OriginSettings = { ...DEFAULT_SETTINGS, ...options.settings };
  const requests: OriginRequest[] = [];
  const faults = new Faults();
  const files = new Files();
  let core = createCore(settings, files);
  const restart = () => {
    core.close();
    core = createCore(settings, files);
  };

  const record = (request: IncomingMessage, upgrade: boolean): URL => {
    const url = parsedTarget(request.url ?? "/");
    if (options.corsFor) settings.enableCorsHeader = options.corsFor(request.headers.host);
    requests.push({
      method: request.method ?? "",
      path: url.pathname,
      query: url.search,
      headers: pairs(request.rawHeaders),
      upgrade,
    });
    if (requests.length > KEPT_REQUESTS) requests.shift();
    return url;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = record(request, false);
    const handled = () =>
      guarded(request, settings) ??
      route({ request, core, files, settings, query: url.searchParams }, url.pathname);
    const reply = await faulty(faults, request, url.pathname, handled);
    if (reply === undefined) {
      request.socket.destroy();
      return;
    }
    const headers = { ...reply.headers, ...corsHeaders(settings) };
    await send(response, { ...reply, headers }, request.method ?? "GET");
    // What is left of a body that was refused is read and dropped, so that the client sees the answer.
    request.resume();
  };

  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    answer(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else void send(response, serverError(), request.method ?? "GET");
    });
  });
  const upgrade = async (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    const url = record(request, true);
    connection.on("error", () => connection.destroy());
    const isSocket = url.pathname === "/ws" || url.pathname === "/api/ws";
    const reply = await faulty(
      faults,
      request,
      url.pathname,
      () => guarded(request, settings) ?? (isSocket ? empty(101) : text(404, "404: Not Found")),
    );
    if (reply === undefined) connection.destroy();
    else if (reply.status === 101) core.sockets.accept(request, connection, head, url.searchParams);
    else connection.end(refusedUpgrade(reply.status));
  };
  server.on("upgrade", (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    upgrade(request, connection, head).catch(() => connection.destroy());
  });

  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", (error) => {
      core.close();
      files.clear();
      reject(error);
    });
    server.listen(options.port ?? 0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    settings,
    control: createControl(() => core, restart),
    faults,
    reset() {
      for (const key of Object.keys(settings)) Reflect.deleteProperty(settings, key);
      Object.assign(settings, DEFAULT_SETTINGS, options.settings);
      requests.length = 0;
      faults.clear();
      files.clear();
      restart();
    },
    close() {
      core.close();
      return new Promise((resolve, reject) => {
        server.close((error) => {
          files.clear();
          if (error) reject(error);
          else resolve();
        });
        server.closeAllConnections();
      });
    },
  };
}

/** Plays the fault that is due for a request; undefined when the connection is to be cut. */
async function faulty(
  faults: Faults,
  request: IncomingMessage,
  path: string,
  handle: () => Reply | Promise<Reply>,
): Promise<Reply | undefined> {
  const fault = faults.due(request.method ?? "", path);
  switch (fault?.action) {
    case undefined:
      return handle();
    case "status":
      return { ...empty(fault.status ?? 500), headers: retryAfter(fault.retryAfter) };
    case "drop-before":
      return undefined;
    case "drop-after":
      await handle();
      return undefined;
    case "delay":
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 1000));
      return handle();
    case "hold":
      await faults.held();
      return handle();
    case "malformed": {
      const reply = await handle();
      const { body } = reply;
      return typeof body === "string" ? { ...reply, body: body.slice(0, body.length >> 1) } : reply;
    }
  }
}

const refusedUpgrade = (status: number) =>
  `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;

const retryAfter = (seconds: number | undefined): Record<string, string> =>
  seconds === undefined ? {} : { "retry-after": String(seconds) };

function parsedTarget(target: string): URL {
  const url = `http://origin${target.startsWith("/") ? target : "/"}`;
  return URL.canParse(url) ? new URL(url) : new URL("http://origin/");
}

function pairs(rawHeaders: readonly string[]): [string, string][] {
  return Array.from({ length: rawHeaders.length / 2 }, (_, index) => [
    rawHeaders[2 * index] ?? "",
    rawHeaders[2 * index + 1] ?? "",
  ]);
}
