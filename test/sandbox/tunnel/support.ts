import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { request } from "undici";
import { afterEach } from "vitest";
import type { Tunnel } from "../../../packages/sandbox/account/entities";
import { DEV_ACCOUNT_ID } from "../../../packages/sandbox/account/seed";
import type { Store } from "../../../packages/sandbox/account/store";
import { createSandbox } from "../../../packages/sandbox/server/app";
import {
  type Connector,
  createTunnels,
  type ProxyResult,
  type Tunnels,
} from "../../../packages/sandbox/tunnel";

export const TEAM = "datacrew";
export const ISSUER = `https://${TEAM}.cloudflareaccess.com`;
export const SERVICE = "http://localhost:8188";
const TUNNEL_ID = "0f3a1c52-6a0e-4d0f-9d0e-2b8f6b1d7c11";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server on a free loopback port, closed after the test. */
export async function serve(
  listener: RequestListener,
  upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
): Promise<{ url: string; server: Server }> {
  const server = createServer(listener);
  if (upgrade !== undefined) server.on("upgrade", upgrade);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** A team's signing key, and tokens signed with it. */
export async function signer(kid = "key-1") {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" };
  const sign = (claims: JWTPayload, header: { kid?: string } = { kid }) =>
    new SignJWT({ iss: ISSUER, exp: Math.floor(Date.now() / 1000) + 60, ...claims })
      .setProtectedHeader({ alg: "RS256", ...header })
      .sign(privateKey);
  return { jwk, sign };
}

export interface TunnelFixture {
  store: Store;
  tunnels: Tunnels;
  connector: Connector;
  /** Address of the stand-in for the edge, which gives every request to the connector. */
  url: string;
  results: ProxyResult[];
  /** Writes a configuration of the next version. */
  configure(config: Record<string, unknown>): void;
  /** GETs a path of a host through the connector. */
  get(
    host: string,
    path?: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; text: string }>;
}

/** A sandbox with one tunnel and a connector for it. */
export async function testTunnel(
  options: { keys?: () => Promise<{ keys: object[] }>; services?: Record<string, string> } = {},
): Promise<TunnelFixture> {
  const { store } = createSandbox();
  const tunnel = putTunnel(store);
  const tunnels = createTunnels({ store, keys: options.keys ?? (async () => ({ keys: [] })) });
  cleanups.push(() => tunnels.close());
  const connector = tunnels.connect({ token: tokenOf(tunnel), services: options.services });
  const results: ProxyResult[] = [];
  const done = (result: ProxyResult) => void results.push(result);
  const { url } = await serve(
    (incoming, response) => connector.proxy(incoming, response, incoming.headers, done),
    (incoming, socket, head) => connector.upgrade(incoming, socket, head, incoming.headers, done),
  );
  return {
    store,
    tunnels,
    connector,
    url,
    results,
    configure(config) {
      const version = (store.tunnelConfigurations.get(TUNNEL_ID)?.version ?? 0) + 1;
      const entity = { id: TUNNEL_ID, accountId: DEV_ACCOUNT_ID, createdAt: tunnel.createdAt };
      store.tunnelConfigurations.put({ ...entity, version, config });
    },
    async get(host, path = "/", headers = {}) {
      const response = await request(url + path, { headers: { host, ...headers } });
      return { status: response.statusCode, text: await response.body.text() };
    },
  };
}

/** Puts a tunnel into a store. */
function putTunnel(store: Store): Tunnel {
  return store.tunnels.put({
    id: TUNNEL_ID,
    accountId: DEV_ACCOUNT_ID,
    name: "comfyui",
    configSrc: "cloudflare",
    secret: Buffer.alloc(32, 7).toString("base64"),
    connectors: [],
    connsActiveAt: null,
    connsInactiveAt: null,
    createdAt: "2026-11-23T08:00:00.000000Z",
    deletedAt: null,
  });
}

/** What cloudflared takes to run the tunnel. */
export function tokenOf({ accountId, id, secret }: Tunnel): string {
  return Buffer.from(JSON.stringify({ a: accountId, t: id, s: secret })).toString("base64");
}
