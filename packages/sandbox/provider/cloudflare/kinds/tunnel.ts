import { flag, json, listOf, object, text, time } from "../../fields";
import type { ApiKindTable } from "../api-kind";

const server = { setBy: "server" } as const;
const renewed = { setBy: "server", renewed: true } as const;

/** A Cloudflare Tunnel. What its connectors do (status, connections) is in the state as last seen. */
export const tunnel: ApiKindTable = {
  type: "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared",
  collection: "/accounts/{accountId}/cfd_tunnel",
  update: "patch",
  importId: "{accountId}/{id}",
  fields: {
    accountId: text({ required: true, replace: true, inPath: true }),
    configSrc: text({ default: "local", replace: true }),
    name: text({ required: true }),
    tunnelSecret: text({ secret: true, unshown: true }),
    accountTag: text(renewed),
    connections: listOf(
      object({
        clientId: text(server),
        clientVersion: text(server),
        coloName: text(server),
        id: text(server),
        isPendingReconnect: flag(server),
        openedAt: time(),
        originIp: text(server),
        uuid: text(server),
      }),
      renewed,
    ),
    connsActiveAt: time({ renewed: true }),
    connsInactiveAt: time({ renewed: true }),
    createdAt: time({ renewed: true }),
    deletedAt: time({ renewed: true }),
    metadata: json({ renewed: true }),
    remoteConfig: flag(renewed),
    status: text(renewed),
    tunType: text(renewed),
  },
  shown(result) {
    // A removed tunnel can still be read; only this date tells.
    if ((result.deleted_at ?? null) !== null) return undefined;
    if (result.config_src !== undefined || result.remote_config === undefined) return result;
    return { ...result, config_src: result.remote_config === true ? "cloudflare" : "local" };
  },
};
