import { randomBytes } from "node:crypto";
import type { Context } from "hono";
import { z } from "zod";
import type { Connector, Settings, Tunnel } from "../account/entities";
import { microsecondsTime, newUuid } from "../account/ids";
import type { Store } from "../account/store";
import { guard } from "./auth";
import { plainRefusal, readBody } from "./body";
import type { Register, SandboxEnv } from "./context";
import { ok, page, VendorError } from "./envelope";
import { booleanQuery, knownQuery } from "./query";

const DOCS = "zero_trust/subresources/tunnels/subresources/cloudflared/";
const PERMISSION = "Cloudflare Tunnel";

const secret = z.string().refine((text) => isSecret(text), "must be at least 32 bytes as base64");
const createBody = z.strictObject({
  name: z.string().min(1),
  config_src: z.enum(["local", "cloudflare"]).optional(),
  tunnel_secret: secret.nullish(),
});
export const editBody = z.strictObject({
  name: z.string().min(1).optional(),
  tunnel_secret: secret.nullish(),
});

/** /accounts/{account}/cfd_tunnel, with the connector token and the live connections. */
export const tunnels: Register = (app, store) => {
  const path = "/accounts/:account/cfd_tunnel";
  const reading = (docs: string) => guard(store, { permission: `${PERMISSION} Read`, docs: DOCS + docs });
  const writing = (docs: string) => guard(store, { permission: `${PERMISSION} Write`, docs: DOCS + docs });

  app.get(path, reading("methods/list"), (c) => {
    knownQuery(c, ["name", "is_deleted", "status", "uuid", "include_prefix", "exclude_prefix"]);
    const { name, status, uuid, include_prefix, exclude_prefix } = c.req.query();
    const deleted = booleanQuery(c, "is_deleted");
    const list = store.tunnels.where(
      (tunnel) =>
        tunnel.accountId === c.get("account").id &&
        (deleted === undefined || (tunnel.deletedAt !== null) === deleted) &&
        (name === undefined || tunnel.name === name) &&
        (uuid === undefined || tunnel.id === uuid) &&
        (status === undefined || statusOf(tunnel) === status) &&
        (include_prefix === undefined || tunnel.name.startsWith(include_prefix)) &&
        (exclude_prefix === undefined || !tunnel.name.startsWith(exclude_prefix)),
    );
    return page(
      c,
      list.map((tunnel) => renderListed(tunnel, store.settings)),
      1000,
    );
  });

  app.get(`${path}/:id`, reading("methods/get"), (c) => {
    const tunnel = knownTunnel(c, store, { deleted: store.settings.deletedTunnelRead === "answer" });
    return ok(c, render(tunnel, store.settings));
  });

  app.post(path, writing("methods/create"), async (c) => {
    const body = await readBody(c, createBody, plainRefusal);
    refuseTakenName(c, store, body.name);
    const tunnel: Tunnel = {
      id: newUuid(),
      accountId: c.get("account").id,
      name: body.name,
      configSrc: body.config_src ?? "local",
      secret: body.tunnel_secret ?? randomBytes(32).toString("base64"),
      connectors: [],
      connsActiveAt: null,
      connsInactiveAt: null,
      createdAt: microsecondsTime(store.now()),
      deletedAt: null,
    };
    return ok(c, render(store.tunnels.put(tunnel), store.settings));
  });

  app.patch(`${path}/:id`, writing("methods/edit"), async (c) => {
    const tunnel = knownTunnel(c, store);
    const body = await readBody(c, editBody, plainRefusal);
    if (body.name !== undefined && body.name !== tunnel.name) refuseTakenName(c, store, body.name);
    const updated: Tunnel = {
      ...tunnel,
      name: body.name ?? tunnel.name,
      secret: body.tunnel_secret ?? tunnel.secret,
    };
    return ok(c, render(store.tunnels.put(updated), store.settings));
  });

  app.delete(`${path}/:id`, writing("methods/delete"), (c) => {
    const tunnel = knownTunnel(c, store);
    if (tunnel.connectors.length > 0) {
      throw new VendorError(store.settings.tunnelInUseStatus, {
        code: 1022,
        message: "Cannot delete tunnel because it has active connections",
      });
    }
    const deleted: Tunnel = { ...tunnel, deletedAt: microsecondsTime(store.now()) };
    return ok(c, render(store.tunnels.put(deleted), store.settings));
  });

  // The token lets anyone run the tunnel: reading it takes the permission to change it.
  app.get(`${path}/:id/token`, writing("subresources/token/methods/get"), (c) =>
    ok(c, connectorToken(knownTunnel(c, store))),
  );

  app.get(`${path}/:id/connections`, reading("subresources/connections/methods/get"), (c) =>
    ok(c, knownTunnel(c, store).connectors.map(renderConnector)),
  );

  app.delete(`${path}/:id/connections`, writing("subresources/connections/methods/delete"), (c) => {
    knownQuery(c, ["client_id"]);
    const tunnel = knownTunnel(c, store);
    const clientId = c.req.query("client_id");
    const connectors = clientId === undefined ? [] : tunnel.connectors.filter(({ id }) => id !== clientId);
    store.tunnels.put(withConnectors(tunnel, connectors, store.now()));
    return ok(c, null);
  });
};

/** The tunnel that the path names. */
export function knownTunnel(
  c: Context<SandboxEnv>,
  store: Store,
  options: { deleted?: boolean } = {},
): Tunnel {
  const tunnel = store.tunnels.get(c.req.param("id") ?? "");
  const hidden = tunnel?.deletedAt !== null && options.deleted !== true;
  if (tunnel?.accountId !== c.get("account").id || hidden) {
    throw new VendorError(404, { code: 1003, message: "Tunnel not found" });
  }
  return tunnel;
}

/** What `cloudflared tunnel run --token` takes: base64 of account, tunnel and secret. */
function connectorToken(tunnel: Tunnel): string {
  return Buffer.from(JSON.stringify({ a: tunnel.accountId, t: tunnel.id, s: tunnel.secret })).toString(
    "base64",
  );
}

/** The tunnel with these connectors, and the times at which it became active or inactive. */
export function withConnectors(tunnel: Tunnel, connectors: Connector[], now: Date): Tunnel {
  const wasActive = tunnel.connectors.length > 0;
  const isActive = connectors.length > 0;
  return {
    ...tunnel,
    connectors,
    connsActiveAt: isActive ? (wasActive ? tunnel.connsActiveAt : microsecondsTime(now)) : null,
    connsInactiveAt: isActive ? null : wasActive ? microsecondsTime(now) : tunnel.connsInactiveAt,
  };
}

/** A cloudflared that has just connected: four connections, to two data centres. */
export function newConnector(
  now: Date,
  known: Partial<Pick<Connector, "id" | "version" | "originIp">>,
): Connector {
  const openedAt = microsecondsTime(now);
  return {
    id: known.id ?? newUuid(),
    version: known.version ?? "2026.11.0",
    arch: "linux_amd64",
    originIp: known.originIp ?? "198.51.100.7",
    startedAt: openedAt,
    connections: ["ams01", "ams02", "fra01", "fra02"].map((coloName) => ({
      id: randomBytes(16).toString("hex"),
      coloName,
      openedAt,
    })),
  };
}

function refuseTakenName(c: Context<SandboxEnv>, store: Store, name: string): void {
  const taken = store.tunnels
    .where((tunnel) => tunnel.accountId === c.get("account").id && tunnel.deletedAt === null)
    .some((tunnel) => tunnel.name === name);
  if (taken) {
    throw new VendorError(409, { code: 1013, message: "You already have a tunnel with this name" });
  }
}

function isSecret(text: string): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && Buffer.from(text, "base64").length >= 32;
}

/** As the API and the dashboard call it. */
export function statusOf(tunnel: Tunnel): "inactive" | "healthy" | "down" {
  if (tunnel.connectors.length > 0) return "healthy";
  return tunnel.connsInactiveAt === null ? "inactive" : "down";
}

type Shown = Pick<Settings, "tunnelConnections">;

/** The shape recorded in lists. */
const renderListed = (tunnel: Tunnel, { tunnelConnections }: Shown) => ({
  id: tunnel.id,
  account_tag: tunnel.accountId,
  name: tunnel.name,
  status: statusOf(tunnel),
  tun_type: "cfd_tunnel",
  remote_config: tunnel.configSrc === "cloudflare",
  metadata: {},
  ...(tunnelConnections === "shown" && {
    connections: tunnel.connectors.flatMap((connector) => renderConnector(connector).conns),
  }),
  conns_active_at: tunnel.connsActiveAt,
  conns_inactive_at: tunnel.connsInactiveAt,
  created_at: tunnel.createdAt,
  deleted_at: tunnel.deletedAt,
});

const render = (tunnel: Tunnel, settings: Shown) => ({
  ...renderListed(tunnel, settings),
  config_src: tunnel.configSrc,
});

const renderConnector = (connector: Connector) => ({
  id: connector.id,
  arch: connector.arch,
  version: connector.version,
  features: [],
  run_at: connector.startedAt,
  conns: connector.connections.map((connection) => ({
    id: connection.id,
    uuid: connection.id,
    client_id: connector.id,
    client_version: connector.version,
    colo_name: connection.coloName,
    is_pending_reconnect: false,
    opened_at: connection.openedAt,
    origin_ip: connector.originIp,
  })),
});
