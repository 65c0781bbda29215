import { text } from "../../fields";
import type { ApiKindTable } from "../api-kind";

/** A Cloudflare Tunnel. What its connectors do (status, connections) changes by itself, so state leaves it out. */
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
    accountTag: text({ setBy: "server" }),
    createdAt: text({ setBy: "server" }),
    tunType: text({ setBy: "server" }),
  },
  shown(result) {
    // A removed tunnel can still be read; only this date tells.
    if ((result.deleted_at ?? null) !== null) return undefined;
    if (result.config_src !== undefined || result.remote_config === undefined) return result;
    return { ...result, config_src: result.remote_config === true ? "cloudflare" : "local" };
  },
};
