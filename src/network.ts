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

/** The address on which `hostname:port` is served; as it stands when the network says nothing of it. */
export function addressOf(network: Network, hostname: string, port: number): Address {
  return network.routes?.[`${hostname}:${port}`] ?? network.routes?.[`*:${port}`] ?? { host: hostname, port };
}

/**
 * An undici dispatcher that connects the way the network says.
 * @param options of undici's Agent; `connectTimeoutMs` bounds the making of a connection, by default 10 s.
 */
export function dispatcherFor(
  network: Network,
  { connectTimeoutMs, ...options }: Omit<Agent.Options, "connect"> & { connectTimeoutMs?: number } = {},
): Dispatcher {
  let connector: ReturnType<typeof buildConnector> | undefined;
  return new Agent({
    ...options,
    connect(target, callback) {
      connector ??= buildConnector({ timeout: connectTimeoutMs ?? 10_000, ...trust(network) });
      const port = Number(target.port || (target.protocol === "https:" ? 443 : 80));
      const { host, port: at } = addressOf(network, target.hostname, port);
      connector(
        {
          ...target,
          hostname: host,
          host,
          port: String(at),
          // The certificate must be the requested host's, wherever it is served. An IP address has no SNI.
          servername: target.servername || (/[a-z]/i.test(target.hostname) ? target.hostname : undefined),
        },
        callback,
      );
    },
  });
}

/** A socket to the URL's host, connected the way the network says: what `ws` takes as `createConnection`. */
export function socketTo(network: Network, url: URL): Socket {
  const secure = url.protocol === "https:" || url.protocol === "wss:";
  const { host, port } = addressOf(network, url.hostname, Number(url.port || (secure ? 443 : 80)));
  if (!secure) return connectTcp({ host, port });
  return connectTls({
    host,
    port,
    servername: url.hostname,
    ALPNProtocols: ["http/1.1"],
    ...trust(network),
  });
}

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
