import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { Agent, buildConnector, type Dispatcher } from "undici";

/**
 * Where hosts are really served, for a network that public DNS does not describe. The sandbox's edge serves
 * `https://comfyui.datacrew.space` on a loopback port this way, with the URL unchanged; production needs none
 * of it. Plain data, so that a child process can be given one.
 */
export interface Network {
  /** PEM of a certificate authority that is trusted besides the well-known ones. */
  ca?: string;
  /** Address by `hostname:port`; `*:port` stands for every other hostname on that port. */
  routes?: Readonly<Record<string, Address>>;
}

/** An address to connect to. */
export interface Address {
  /** IP address, or a name that the system can resolve. */
  host: string;
  port: number;
}

/** Makes a connection to the URL's host in another way, e.g. through a proxy; undefined: straight to it. */
export type Detour = (url: URL) => Promise<Socket> | undefined;

/** The address on which `hostname:port` is served; as it stands when the network says nothing of it. */
export function addressOf(network: Network, hostname: string, port: number): Address {
  return network.routes?.[`${hostname}:${port}`] ?? network.routes?.[`*:${port}`] ?? { host: hostname, port };
}

/**
 * An undici dispatcher that connects the way the network says.
 * @param options of undici's Agent; `connectTimeoutMs` bounds the making of a connection, by default 10 s; `detour` is
 * asked for hosts that the network has no route for.
 */
export function dispatcherFor(
  network: Network,
  {
    connectTimeoutMs,
    detour,
    ...options
  }: Omit<Agent.Options, "connect"> & { connectTimeoutMs?: number; detour?: Detour } = {},
): Dispatcher {
  let connector: ReturnType<typeof buildConnector> | undefined;
  return new Agent({
    ...options,
    connect(target, callback) {
      connector ??= buildConnector({ timeout: connectTimeoutMs ?? 10_000, ...trust(network) });
      const port = Number(target.port || (target.protocol === "https:" ? 443 : 80));
      const { host, port: at } = addressOf(network, target.hostname, port);
      const connect = connector;
      const straight = {
        ...target,
        hostname: host,
        host,
        port: String(at),
        // The certificate must be the requested host's, wherever it is served. An IP address has no SNI.
        servername: target.servername || (/[a-z]/i.test(target.hostname) ? target.hostname : undefined),
      };
      const name = target.hostname.includes(":") ? `[${target.hostname}]` : target.hostname;
      const socket = around(network, new URL(`${target.protocol}//${name}:${port}`), detour);
      if (socket === undefined) return connect(straight, callback);
      socket.then(
        (httpSocket) =>
          target.protocol === "https:"
            ? connect({ ...straight, httpSocket }, callback)
            : callback(null, httpSocket),
        (error: Error) => callback(error, null),
      );
    },
  });
}

/** A socket to the URL's host, connected the way the network says: what `ws` takes as `createConnection`. */
export function socketTo(network: Network, url: URL): Socket {
  const secure = isSecure(url);
  const { host, port } = addressOf(network, url.hostname, portOf(url));
  return secure ? tlsTo(network, url, { host, port }) : connectTcp({ host, port });
}

/** The same over a detour; undefined where there is none. */
export function socketAround(network: Network, url: URL, detour: Detour): Promise<Socket> | undefined {
  const web = new URL(url);
  web.protocol = isSecure(url) ? "https:" : "http:";
  const made = around(network, web, detour);
  return isSecure(url) ? made?.then((socket) => tlsTo(network, url, { socket })) : made;
}

function tlsTo(network: Network, url: URL, to: { host: string; port: number } | { socket: Socket }): Socket {
  return connectTls({
    ...to,
    servername: url.hostname,
    ALPNProtocols: ["http/1.1"],
    ...trust(network),
  });
}

function around(network: Network, url: URL, detour: Detour | undefined): Promise<Socket> | undefined {
  const port = portOf(url);
  const hasRoute = network.routes?.[`${url.hostname}:${port}`] ?? network.routes?.[`*:${port}`];
  return hasRoute === undefined ? detour?.(url) : undefined;
}

const isSecure = (url: URL) => url.protocol === "https:" || url.protocol === "wss:";
const portOf = (url: URL) => Number(url.port || (isSecure(url) ? 443 : 80));

const contexts = new WeakMap<Network, { ca: string; secureContext: SecureContext }>();

/**
 * Whom a connection trusts. Naming a CA replaces Node's own list; the well-known ones stay trusted besides it. To read
 * them all takes tens of milliseconds and most of a mebibyte, hence once for a network and not for each connection.
 */
function trust(network: Network): { secureContext?: SecureContext } {
  const { ca } = network;
  if (ca === undefined) return {};
  const known = contexts.get(network);
  if (known?.ca === ca) return { secureContext: known.secureContext };
  const made = { ca, secureContext: createSecureContext({ ca: [...rootCertificates, ca] }) };
  contexts.set(network, made);
  return { secureContext: made.secureContext };
}
