import { UserError } from "../../src/errors";
import { keyOf, keyText, type Rule } from "./merge";
import type { TunnelRef } from "./tunnel-api";

/** Type token of the one resource. */
export const TYPE = "comfyui-access:index:TunnelIngress";

/** The resource's id; an import adds the host names. */
export function idOf({ accountId, tunnelId }: TunnelRef): string {
  return `${accountId}/${tunnelId}`;
}

/** Says which rule of somebody else's is in the way, and what can be done. */
export function conflictText(tunnel: TunnelRef, ours: Rule, theirs: Rule): string {
  return new UserError(
    `tunnel ${tunnel.tunnelId} already serves ${keyText(keyOf(theirs))} from ${String(theirs["service"])}, by a rule that this stack did not make`,
    `Adopt it (pulumi import ${TYPE} <name> ${idOf(tunnel)}/${keyOf(ours).hostname}) or remove it in the dashboard.`,
  ).message;
}
