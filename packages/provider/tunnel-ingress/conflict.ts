import { UserError } from "../../base/errors";
import { TYPES } from "../../cloudflare/kinds/types";
import { type Conflict, keyOf, keyText } from "./merge";
import type { TunnelRef } from "./tunnel-api";

/** The resource's id; an import adds the host names. */
export function idOf({ accountId, tunnelId }: TunnelRef): string {
  return `${accountId}/${tunnelId}`;
}

/** Says which rule is in the way, and what can be done. */
export function conflictText(tunnel: TunnelRef, { ours, theirs, unsure }: Conflict): string {
  const { hostname, path } = keyOf(theirs);
  const served = `${keyText({ hostname, path })} from ${String(theirs["service"])}`;
  if (unsure) {
    return new UserError(
      `tunnel ${tunnel.tunnelId} has several rules for ${keyText(keyOf(ours))}, and none is as this stack wrote it; the first serves ${served}`,
      "Leave only the stack's own in Zero Trust → Networks → Tunnels, then run this again.",
    ).message;
  }
  const remedy =
    path === keyOf(ours).path
      ? `Adopt it (pulumi import ${TYPES.sharedIngress} <name> ${idOf(tunnel)}/${hostname}) or remove it in the dashboard.`
      : "Give it a host name of its own, or remove it, in Zero Trust → Networks → Tunnels: what it takes is not checked by the stack's rule.";
  return new UserError(
    `tunnel ${tunnel.tunnelId} already serves ${served}, by a rule that this stack did not make`,
    remedy,
  ).message;
}
