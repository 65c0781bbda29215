import {
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { JSONWebKeySet } from "jose";
import type { Store } from "../account/store";
import { ActiveConfiguration, type PreparedRule } from "./active-configuration";
import { headerOf, requestHeaders } from "./headers";
import { answerBadGateway, answerEmpty, answerHello } from "./local-answers";
import { OriginConnections } from "./origin-connection";
import { join, type Outcome, relay, relayAnswer, switchingProtocols } from "./relay";

/** What became of a request that a connector was given. */
export interface ProxyResult {
  status: number;
  /** Who answered: the origin, or the connector itself. */
  servedBy: "origin" | "tunnel";
  /** Index of the ingress rule, from 0. */
  rule: number;
  reason?: string;
}

/** A running cloudflared. */
export interface Connector {
  /** Id of this connector, as `cfd_tunnel/{id}/connections` lists it. */
  id: string;
  tunnelId: string;
  /** Version of the configuration in use; -1 before the first one. */
  readonly configVersion: number;
  /** What it has written to its log: configurations applied and refused, requests that failed. */
  log: string[];
  /** Ends it: requests under way are cut off, and the tunnel shows one connector less. */
  disconnect(): void;
  /**
   * Serves a request. `headers` are those for the origin, as the edge makes them; `done` is told how it ended.
   */
  proxy(
    request: IncomingMessage,
    response: ServerResponse,
    headers: OutgoingHttpHeaders,
    done?: (result: ProxyResult) => void,
  ): void;
  /** Serves a request for a WebSocket; `done` is told once the connection is joined or refused. */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    headers: OutgoingHttpHeaders,
    done?: (result: ProxyResult) => void,
  ): void;
}

interface ConnectorOptions {
  id: string;
  tunnelId: string;
  store: Store;
  /** The public keys of a team. */
  keys: (teamName: string) => Promise<JSONWebKeySet>;
  /** Real addresses of services. */
  services: Readonly<Record<string, string>> | undefined;
  /** Called once when it disconnects. */
  disconnected: () => void;
}

/** A matched rule, and why it refuses the request, if it does. */
interface Admission {
  rule: PreparedRule;
  index: number;
  refusal?: { status: 403 | 502; reason: string };
}

/** The connector answered by itself. */
interface Answered {
  answered: { status: number; reason?: string };
}

/** Lines that a connector's log keeps. */
const LOG_LENGTH = 1000;

/** Starts a connector for a tunnel that the store knows. */
export function createConnector(options: ConnectorOptions): Connector {
  return new RunningConnector(options);
}

class RunningConnector implements Connector {
  readonly id: string;
  readonly tunnelId: string;
  readonly log: string[] = [];
  readonly #configuration: ActiveConfiguration;
  readonly #origins: OriginConnections;
  /** What must end when the connector does. */
  readonly #open = new Set<{ destroy(): unknown }>();
  #disconnected: (() => void) | undefined;

  constructor({ id, tunnelId, store, keys, services, disconnected }: ConnectorOptions) {
    this.id = id;
    this.tunnelId = tunnelId;
    this.#configuration = new ActiveConfiguration({
      tunnelId,
      store,
      keys,
      note: (line) => this.#note(line),
    });
    this.#origins = new OriginConnections(services);
    this.#disconnected = disconnected;
  }

  get configVersion(): number {
    return this.#configuration.version;
  }

  disconnect(): void {
    const disconnected = this.#disconnected;
    this.#disconnected = undefined;
    for (const thing of this.#open) thing.destroy();
    this.#origins.close();
    disconnected?.();
  }

  proxy(
    request: IncomingMessage,
    response: ServerResponse,
    headers: OutgoingHttpHeaders,
    done?: (result: ProxyResult) => void,
  ): void {
    this.#track(response);
    this.#serve(request, response, headers).then(
      (result) => this.#report(result, done),
      () => response.destroy(),
    );
  }

  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    headers: OutgoingHttpHeaders,
    done?: (result: ProxyResult) => void,
  ): void {
    this.#track(socket);
    socket.on("error", () => socket.destroy());
    this.#join(request, socket, head, headers).then(
      (result) => this.#report(result, done),
      () => socket.destroy(),
    );
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    headers: OutgoingHttpHeaders,
  ): Promise<ProxyResult> {
    const admission = await this.#admit(request, headers);
    const { index } = admission;
    for (let attempt = 1; ; attempt++) {
      const sent = this.#dispatch(admission, request, response, headers);
      const outcome = "answered" in sent ? sent : await relay(request, response, sent.upstream);
      const again = attempt === 1 && "upstream" in sent && "unreachable" in outcome;
      if (again && isStale(sent.upstream, request)) continue;
      // What is left of the body is dropped, so that the client sees the answer.
      request.resume();
      return concluded(outcome, index, response);
    }
  }

  async #join(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    headers: OutgoingHttpHeaders,
  ): Promise<ProxyResult> {
    // Whatever does not become a WebSocket is answered like any other request.
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.on("finish", () => socket.end());
    const admission = await this.#admit(request, headers);
    const { index } = admission;
    const sent = this.#dispatch(admission, request, response, headers, HANDSHAKE);
    if ("answered" in sent) return concluded(sent, index, response);
    const { upstream } = sent;
    return new Promise((resolve) => {
      const settle = (outcome: Outcome) => resolve(concluded(outcome, index, response));
      const abandon = () => upstream.destroy(new Error("Incoming request ended abruptly"));
      if (socket.destroyed) abandon();
      socket.once("close", abandon);
      upstream.on("error", (error) => settle({ unreachable: error.message }));
      upstream.on("response", (answer) => {
        relayAnswer(answer, response).then(settle, (error: Error) => settle({ unreachable: error.message }));
      });
      upstream.on("upgrade", (answer, origin, firstBytes) => {
        socket.off("close", abandon);
        response.detachSocket(socket as Socket);
        socket.write(switchingProtocols(answer));
        socket.write(firstBytes);
        origin.write(head);
        join(socket, this.#track(origin));
        settle({ status: 101 });
      });
      upstream.end();
    });
  }

  async #admit(request: IncomingMessage, headers: OutgoingHttpHeaders): Promise<Admission> {
    const host = headerOf(headers, "host") ?? request.headers.host ?? "";
    const match = this.#configuration.match(host, pathOf(request.url ?? "/"));
    try {
      const verdict = await match.rule.validator?.(headerOf(headers, "cf-access-jwt-assertion"));
      if (verdict === undefined || verdict === "passed") return match;
      return { ...match, refusal: { status: 403, reason: verdict.filtered } };
    } catch (error) {
      return { ...match, refusal: { status: 502, reason: messageOf(error) } };
    }
  }

  /** Answers what needs no origin, and says so; otherwise opens the request to the origin. */
  #dispatch(
    { rule, refusal }: Admission,
    request: IncomingMessage,
    response: ServerResponse,
    headers: OutgoingHttpHeaders,
    handshake: OutgoingHttpHeaders = {},
  ): { upstream: ClientRequest } | Answered {
    if (refusal?.status === 403)
      return { answered: { ...answerEmpty(response, 403), reason: refusal.reason } };
    const { service, originRequest } = rule;
    try {
      if (refusal !== undefined) throw new Error(refusal.reason);
      if (service.kind === "status") return { answered: answerEmpty(response, service.code) };
      if (service.kind === "hello") return { answered: answerHello(response) };
      if (service.kind === "unsupported") {
        throw new Error(`the sandbox does not play the service ${service.service}`);
      }
      const { httpHostHeader } = originRequest;
      const upstream = this.#origins.open({
        service: service.url,
        originRequest,
        method: request.method ?? "GET",
        target: request.url ?? "/",
        headers: {
          ...requestHeaders(request, headers, { connectorId: this.id, httpHostHeader }),
          ...handshake,
        },
      });
      return { upstream: this.#track(upstream) };
    } catch (error) {
      return { answered: { ...answerBadGateway(response), reason: messageOf(error) } };
    }
  }

  #track<T extends { destroy(): unknown; once(event: "close", listener: () => void): unknown }>(thing: T): T {
    this.#open.add(thing);
    thing.once("close", () => this.#open.delete(thing));
    return thing;
  }

  #report(result: ProxyResult, done: ((result: ProxyResult) => void) | undefined): void {
    if (result.reason !== undefined) this.#note(`rule ${result.rule}: ${result.status}, ${result.reason}`);
    done?.(result);
  }

  #note(line: string): void {
    this.log.push(line);
    if (this.log.length > LOG_LENGTH) this.log.shift();
  }
}

/** Headers of a handshake, which do not pass through the tunnel as they came (proxy/proxy.go). */
const HANDSHAKE = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };

/** Whether a connection that was kept had been closed meanwhile; Go then sends a request without a body again. */
function isStale({ reusedSocket }: ClientRequest, { method = "GET", headers }: IncomingMessage): boolean {
  const hasBody = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
  return reusedSocket && !hasBody && ["GET", "HEAD", "OPTIONS"].includes(method);
}

/** The result of a request; an origin that could not be reached is answered for. */
function concluded(outcome: Outcome | Answered, rule: number, response: ServerResponse): ProxyResult {
  if ("answered" in outcome) return { ...outcome.answered, servedBy: "tunnel", rule };
  if ("status" in outcome) return { ...outcome, servedBy: "origin", rule };
  if (!response.headersSent && !response.destroyed) answerBadGateway(response);
  return { status: 502, servedBy: "tunnel", rule, reason: outcome.unreachable };
}

/** The path that rules are compared with: decoded, as Go has it. */
function pathOf(target: string): string {
  const [path = "/"] = target.split("?");
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
