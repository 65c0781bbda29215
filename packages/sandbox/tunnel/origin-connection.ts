import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type OutgoingHttpHeaders,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP, type Socket } from "node:net";
import type { OriginRequest } from "./origin-request";

/** A request on its way to an origin. */
export interface OriginTarget {
  /** The rule's service, e.g. `http://localhost:8188`. */
  service: URL;
  originRequest: OriginRequest;
  method: string;
  /** Path and query as they were asked for. */
  target: string;
  headers: OutgoingHttpHeaders;
}

/** Opens requests to origins, with connections kept for the next one. */
export class OriginConnections {
  readonly #http = new HttpAgent({ keepAlive: true });
  readonly #https = new HttpsAgent({ keepAlive: true });
  readonly #services: Map<string, string>;

  /** @param services real addresses of services, e.g. `http://localhost:8188` → `http://127.0.0.1:40123`. */
  constructor(services: Readonly<Record<string, string>> = {}) {
    this.#services = new Map(Object.entries(services).map(([from, to]) => [new URL(from).origin, to]));
  }

  /**
   * Starts a request; errors come as its `error` event.
   * @throws Error for a service outside this machine that is not mapped: the sandbox stays on loopback.
   */
  open({ service, originRequest, method, target, headers }: OriginTarget): ClientRequest {
    const mapped = this.#services.get(service.origin);
    const address = new URL(mapped ?? service.origin);
    if (!isLoopback(address.hostname)) {
      throw new Error(`${service.origin} is not on this machine, and no address is given for it`);
    }
    const secure = address.protocol === "https:";
    const options = {
      hostname: address.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: address.port || (secure ? 443 : 80),
      method,
      path: target,
      headers,
      setHost: false,
    };
    const request = secure
      ? httpsRequest({
          ...options,
          agent: this.#https,
          rejectUnauthorized: !originRequest.noTlsVerify,
          servername: serverName(service, originRequest, String(headers.host ?? "")),
        })
      : httpRequest({ ...options, agent: this.#http });
    request.on("socket", (socket) => limitConnecting(request, socket, originRequest, secure));
    return request;
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

function serverName(service: URL, { matchSniToHost, originServerName }: OriginRequest, host: string): string {
  const name = matchSniToHost ? host.replace(/:\d+$/, "") : originServerName || service.hostname;
  // An IP address cannot be named in the handshake.
  return isIP(name) ? "" : name;
}

function limitConnecting(
  request: ClientRequest,
  socket: Socket,
  { connectTimeoutMs, tlsTimeoutMs }: OriginRequest,
  secure: boolean,
): void {
  if (!socket.connecting) return;
  const expire = (what: string, ms: number) =>
    setTimeout(() => request.destroy(new Error(`${what} timed out after ${ms} ms`)), ms);
  let timer = expire("connecting", connectTimeoutMs);
  socket.once("connect", () => {
    clearTimeout(timer);
    if (secure) timer = expire("the TLS handshake", tlsTimeoutMs);
  });
  socket.once("secureConnect", () => clearTimeout(timer));
  socket.once("close", () => clearTimeout(timer));
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
