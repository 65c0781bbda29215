import { fieldsOf, listOf } from "../../base/json-values";
import type { Network } from "../../client/typescript/network";
import type { EdgeSettings } from "../../sandbox/edge";
import type { Sandbox } from "../../sandbox/server/server";

/** Where scripts find ComfyUI without Access: on its own machine, and from a container beside it. */
export const localUrl = "http://localhost:8188";
export const dockerUrl = "http://comfyui:8188";

/**
 * `--enable-cors-header` of the stand-in, as ComfyUI needs it behind Access: without it, it refuses the first page
 * after a login, which a browser calls cross-site (Comfy-Org/ComfyUI#16203). It follows the host names that the tunnels
 * lead to it: the one that is asked for, or else the one that was set last; before there is any, whatever is asked for.
 */
function corsFor({ tunnels, tunnelConfigurations }: Sandbox["store"], host: string | undefined): string {
  const rules = tunnelConfigurations
    .where(({ id }) => tunnels.get(id)?.deletedAt === null)
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt))
    .flatMap(({ config }) => listOf(config["ingress"]).map(fieldsOf))
    .filter(({ service }) => service === localUrl || service === dockerUrl);
  const deployed = rules.flatMap(({ hostname }) => (typeof hostname === "string" ? [hostname] : []));
  const known = deployed.find((hostname) => hostname === host) ?? deployed[0] ?? host;
  return `https://${known ?? new URL(localUrl).host}`;
}

/** How an edge differs from Cloudflare's here: a logout that takes 20 to 30 seconds is not worth the wait. */
export const edgeSettings: Partial<EdgeSettings> = { revocationDelayMs: 1000 };

/** The part of a sandbox that answers requests: its edge, and a ComfyUI stand-in behind the tunnel. */
export interface SandboxAccess {
  /** How to reach the sandbox's hostnames, and ComfyUI by its local addresses. */
  network: Network;
  /** Address of an HTTP proxy for tools that take `HTTPS_PROXY`. */
  proxyUrl: string;
  /** Plays `cloudflared tunnel run --token …`; to do it again with the same tunnel starts it anew. */
  connect(connectorToken: string): void;
  /**
   * Plays an operator who runs cloudflared for the stacks that are up, and stops it for those that are not any more.
   * Tunnels of others have no connector, so that they can be removed. Looks several times a second.
   */
  connectStacks(): void;
  /** The same for whatever tunnel there is, as soon as it exists: none of them can be removed then. */
  connectAll(): void;
  /** Stops every cloudflared; none is started again until one of the two is called. */
  disconnectAll(): void;
  /** Stops every cloudflared and ComfyUI. The edge belongs to the sandbox, and closes with it. */
  close(): Promise<void>;
}

/**
 * Puts ComfyUI's stand-in behind a sandbox that has an edge.
 * @param up ids of the tunnels of the stacks that are up. Default: there are none.
 */
export async function openAccess(
  sandbox: Sandbox,
  up: () => ReadonlySet<string> = () => new Set(),
): Promise<SandboxAccess> {
  const { edge, store } = sandbox;
  if (edge === undefined) throw new Error("the sandbox was started without an edge");
  const { startOrigin } = await import("../../sandbox/origin/index.js");
  const origin = await startOrigin({ corsFor: (host) => corsFor(store, host) });
  const at = new URL(origin.url);
  const address = { host: at.hostname, port: Number(at.port) };
  const services = { [localUrl]: origin.url, [dockerUrl]: origin.url };
  const connected = new Map<string, { disconnect(): void }>();
  /** Of these, the ones that were not connected by their token. */
  const watched = new Set<string>();
  let watch: NodeJS.Timeout | undefined;
  /** Does what was last asked for once more. */
  let again = () => {};

  const connect = (connectorToken: string) => {
    const connector = edge.tunnels.connect({ token: connectorToken, services });
    connected.get(connector.tunnelId)?.disconnect();
    connected.set(connector.tunnelId, connector);
    watched.delete(connector.tunnelId);
  };
  /** Connects the tunnels that are to have a cloudflared, and disconnects those that it connected for one before. */
  const look = (serve: (tunnelId: string) => boolean) => {
    for (const tunnel of store.tunnels.where(({ deletedAt }) => deletedAt === null)) {
      if (connected.has(tunnel.id) || !serve(tunnel.id)) continue;
      const token = { a: tunnel.accountId, t: tunnel.id, s: tunnel.secret };
      connect(Buffer.from(JSON.stringify(token)).toString("base64"));
      watched.add(tunnel.id);
    }
    for (const id of [...watched].filter((tunnelId) => !serve(tunnelId))) {
      connected.get(id)?.disconnect();
      connected.delete(id);
      watched.delete(id);
    }
  };
  const disconnectAll = () => {
    clearInterval(watch);
    watch = undefined;
    for (const connector of connected.values()) connector.disconnect();
    connected.clear();
    watched.clear();
  };
  const keep = (looking: () => void) => {
    looking();
    clearInterval(watch);
    watch = setInterval(looking, 200).unref();
    again = () => keep(looking);
  };
  const connectAll = () => keep(() => look(() => true));
  const connectStacks = () =>
    keep(() => {
      const tunnels = up();
      look((id) => tunnels.has(id));
    });
  let paused = false;
  sandbox.cloudflared.run = (running) => {
    const ran = watch !== undefined;
    // Only what was stopped this way is started again.
    if (!running) disconnectAll();
    else if (paused) again();
    // A second stop finds nothing that runs, and takes nothing from the first.
    paused = !running && (paused || ran);
    return ran;
  };
  return {
    network: {
      ...edge.network,
      routes: { ...edge.network.routes, "localhost:8188": address, "comfyui:8188": address },
    },
    proxyUrl: edge.proxyUrl,
    connect,
    connectStacks,
    connectAll,
    disconnectAll,
    close: async () => {
      delete sandbox.cloudflared.run;
      disconnectAll();
      await origin.close();
    },
  };
}
