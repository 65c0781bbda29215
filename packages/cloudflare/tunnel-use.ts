import { type Fields, listOf, textOf } from "../base/json-values";

/** What a tunnel's own fields say of its connectors; undefined when they do not. */
export type TunnelUse = "connected" | "was connected" | "never connected";

/**
 * Whether a cloudflared runs a tunnel, or ever did. Not by `connections`: since 5 October 2026 the API need not write
 * it, so that it counts only where something stands in it.
 * @see https://developers.cloudflare.com/api/resources/zero_trust/subresources/tunnels/subresources/cloudflared/
 */
export function tunnelUse(tunnel: Fields): TunnelUse | undefined {
  const { status } = tunnel;
  const isActive = status === "healthy" || status === "degraded";
  if (
    isActive ||
    textOf(tunnel["conns_active_at"]) !== undefined ||
    listOf(tunnel["connections"]).length > 0
  ) {
    return "connected";
  }
  if (status === "down" || textOf(tunnel["conns_inactive_at"]) !== undefined) return "was connected";
  return status === "inactive" ? "never connected" : undefined;
}
