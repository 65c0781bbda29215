import type { JSONWebKeySet } from "jose";
import { UserError } from "../../base/errors";
import type { Tunnel } from "../account/entities";
import { newUuid } from "../account/ids";
import type { Store } from "../account/store";
import { newConnector, withConnectors } from "../api/tunnels";
import { type Connector, createConnector } from "./connector";

/** The connectors that run for the tunnels of a sandbox. */
export interface Tunnels {
  /**
   * Starts a connector, as `cloudflared tunnel run --token` does. It shows in the API at once, and takes its
   * configuration from there.
   * @throws UserError when the token is malformed, or none of a tunnel that exists.
   */
  connect(options: {
    /** Base64 of `{"a": account, "t": tunnel, "s": secret}`. */
    token: string;
    /** Where services are really served, e.g. `http://localhost:8188` → `http://127.0.0.1:40123`. */
    services?: Readonly<Record<string, string>>;
  }): Connector;
  /** A live connector of the tunnel: one that the API has not cut off. */
  for(tunnelId: string): Connector | undefined;
  /** Disconnects all of them. */
  close(): void;
}

interface TunnelsOptions {
  store: Store;
  /** The public keys of a team, as `/cdn-cgi/access/certs` serves them. */
  keys: (teamName: string) => Promise<JSONWebKeySet>;
}

/** Prepares the tunnels of a sandbox; nothing runs until a connector does. */
export function createTunnels({ store, keys }: TunnelsOptions): Tunnels {
  const connectors = new Set<Connector>();

  function register(tunnel: Tunnel, id: string): void {
    const now = store.now();
    const connector = newConnector(now, { id, originIp: "127.0.0.1" });
    store.tunnels.put(withConnectors(tunnel, [...tunnel.connectors, connector], now));
    store.save();
  }

  function unregister({ id, tunnelId }: Connector): void {
    const tunnel = store.tunnels.get(tunnelId);
    if (tunnel === undefined) return;
    const rest = tunnel.connectors.filter((connector) => connector.id !== id);
    store.tunnels.put(withConnectors(tunnel, rest, store.now()));
    store.save();
  }

  return {
    connect({ token, services }) {
      const tunnel = tunnelOf(store, token);
      const connector: Connector = createConnector({
        id: newUuid(),
        tunnelId: tunnel.id,
        store,
        keys,
        services,
        disconnected() {
          connectors.delete(connector);
          unregister(connector);
        },
      });
      register(tunnel, connector.id);
      connectors.add(connector);
      return connector;
    },
    for(tunnelId) {
      const tunnel = store.tunnels.get(tunnelId);
      if (tunnel === undefined || tunnel.deletedAt !== null) return undefined;
      const listed = new Set(tunnel.connectors.map(({ id }) => id));
      return [...connectors].find(({ id, tunnelId: of }) => of === tunnelId && listed.has(id));
    },
    close() {
      for (const connector of [...connectors]) connector.disconnect();
    },
  };
}

function tunnelOf(store: Store, token: string): Tunnel {
  const remedy = "Take the token from `pulumi stack output` or from the tunnel's page in the dashboard.";
  const claims = decoded(token);
  if (claims === undefined) throw new UserError("the tunnel token is not valid", remedy);
  const tunnel = store.tunnels.get(claims.t);
  const known =
    tunnel !== undefined &&
    tunnel.accountId === claims.a &&
    tunnel.deletedAt === null &&
    tunnel.secret === claims.s;
  if (!known) throw new UserError(`the tunnel token is not one of an existing tunnel (${claims.t})`, remedy);
  return tunnel;
}

function decoded(token: string): { a: string; t: string; s: string } | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, "base64").toString());
    if (typeof value !== "object" || value === null) return undefined;
    const { a, t, s } = value as Record<string, unknown>;
    return typeof a === "string" && typeof t === "string" && typeof s === "string" ? { a, t, s } : undefined;
  } catch {
    return undefined;
  }
}
