import { UserError } from "../../base/errors";
import type { TunnelRef } from "./tunnel-api";

/** A write of ours that went over one of somebody else's. */
export interface Overlap {
  /** Version that our write was based on. */
  before: number;
  /** Version that our write became; those in between were written by others, and nobody can read them any more. */
  after: number;
  at: Date;
}

/** Says what may be lost and how to find out: the API keeps no earlier list to compare with. */
export function overlapText(tunnel: TunnelRef, overlaps: readonly Overlap[]): string {
  const lost = overlaps.map(({ before, after, at }) => {
    const versions =
      after - before === 2 ? `version ${before + 1}` : `versions ${before + 1} to ${after - 1}`;
    return `${versions} (ours is ${after}, at ${at.toISOString()})`;
  });
  return new UserError(
    `tunnel ${tunnel.tunnelId}: our rules are in place, but somebody else wrote the list between our reading and our writing it: ` +
      `${lost.join(", ")} is overwritten, and a rule that was added or changed then is lost`,
    "Find who that was in Manage Account → Audit Logs (PUT …/cfd_tunnel/…/configurations) and have it done again; then run up again, which goes through.",
  ).message;
}
