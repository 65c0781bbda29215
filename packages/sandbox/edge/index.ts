import { type Address, dispatcherFor, type Network } from "../../client/typescript/network";
import type { Store } from "../account/store";
import { createGoogle, type Google, type GoogleOptions } from "../google";
import { createCertificateAuthority } from "../tls";
import { createTunnels, type Tunnels } from "../tunnel";
import { startConnectProxy } from "./connect-proxy";
import { keyRing } from "./core";
import { organizationOfTeam } from "./directory";
import { googleLogin } from "./identity-provider";
import type { TeamKeys } from "./keys";
import { listen } from "./listener";
import { type EdgeLogEntry, edgeLog } from "./log";
import { createRouter, isServed } from "./router";
import { Sessions } from "./sessions";
import { DEFAULT_EDGE_SETTINGS, type EdgeSettings } from "./settings";

export type { EdgeSettings } from "./settings";

/** How to start an edge. */
export interface EdgeOptions {
  /** The account that it serves; read on every request. */
  store: Store;
  /** Port on the loopback interface; 0, the default, takes a free one. */
  port?: number;
  settings?: Partial<EdgeSettings>;
  /** Who can sign in with Google, and for which OAuth clients. */
  google?: GoogleOptions;
  /** Called with each request once it is answered. */
  onRequest?: (entry: EdgeLogEntry) => void;
}

/** Cloudflare's network as browsers and API clients meet it, on the loopback interface. */
export interface Edge {
  port: number;
  /** Certificate of the authority that signed for its hostnames, PEM; no secret. */
  ca: string;
  /** SHA-256 of the hostnames' public key in base64, for Chromium. */
  spkiSha256: string;
  /** How clients reach it by the real URLs. */
  network: Network;
  /** `http://127.0.0.1:<port>` of an HTTP proxy to it, for tools that take `HTTPS_PROXY`. */
  proxyUrl: string;
  /** What was asked, oldest first, without secrets. */
  log: EdgeLogEntry[];
  /** The running cloudflared processes. */
  tunnels: Tunnels;
  google: Google;
  /** Can be changed while it runs. */
  settings: EdgeSettings;
  /** Replaces every team's signing key; the old ones verify for another week. */
  rotateKeys(): Promise<void>;
  /** A team's signing keys, e.g. of `datacrew`, for tests that forge tokens. */
  keysOf(teamName: string): Promise<TeamKeys>;
  /** Ends all sessions and cloudflared processes, forgets all keys, empties the log. */
  reset(): void;
  close(): Promise<void>;
}

/**
 * Starts an edge: one TLS port for every proxied hostname of the account, its team domain and Google's hosts.
 * A hostname without an application goes straight to its tunnel, as at Cloudflare.
 * @throws UserError when the port is in use
 */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { store } = options;
  const settings: EdgeSettings = { ...DEFAULT_EDGE_SETTINGS, ...options.settings };
  const [authority, google] = await Promise.all([createCertificateAuthority(), createGoogle(options.google)]);
  const sessions = new Sessions();
  const keys = keyRing(store, settings);
  const log: EdgeLogEntry[] = [];

  const keysOf = async (teamName: string): Promise<TeamKeys> => {
    const organization = organizationOfTeam(store, teamName);
    if (organization === undefined) throw new Error(`there is no team ${teamName}`);
    return keys.of(organization);
  };
  const tunnels = createTunnels({
    store,
    keys: async (teamName) => ({ keys: (await keysOf(teamName)).certs().keys as { kty: string }[] }),
  });
  const routes: Record<string, Address> = {};
  const network: Network = { ca: authority.pem, routes };
  const outward = dispatcherFor(network);
  const core = {
    store,
    settings,
    sessions,
    keysOf: keys.of,
    google,
    tunnels,
    log: edgeLog(log, options.onRequest),
    providers: googleLogin(outward, settings),
  };
  const served = (hostname: string) => isServed(core, hostname);
  const router = createRouter(core);
  const listener = await listen(authority, options.port ?? 0, { isServed: served, ...router });
  routes["*:443"] = { host: "127.0.0.1", port: listener.port };
  const proxy = await startConnectProxy(listener.port, served);

  return {
    port: listener.port,
    ca: authority.pem,
    spkiSha256: authority.spkiSha256,
    network,
    proxyUrl: proxy.url,
    log,
    tunnels,
    google,
    settings,
    rotateKeys: keys.rotate,
    keysOf,
    reset() {
      tunnels.close();
      sessions.clear();
      keys.reset();
      google.reset();
      log.length = 0;
    },
    async close() {
      tunnels.close();
      await Promise.all([outward.destroy(), proxy.close(), listener.close()]);
    },
  };
}
