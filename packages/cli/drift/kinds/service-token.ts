import type { Fields } from "../../../base/json-values";
import { KINDS } from "../../../cloudflare/kinds";
import type { Difference } from "../compare";
import { compared } from "./kind";

const PREVIOUS_END = "previous_client_secret_expires_at";

/** A service token, without its secret. */
export const serviceToken = compared(KINDS.token, {
  subject: "service token",
  expected: (wire, { now }) => withoutPast(wire, now),
  shown: (live, { now }) => withoutPast(live, now),
  opens,
});

/** The end of an earlier secret says nothing once it is past. */
function withoutPast(wire: Fields, now: Date): Fields {
  const end = wire[PREVIOUS_END];
  if (typeof end !== "string" || Date.parse(end) > now.getTime()) return wire;
  return { ...wire, [PREVIOUS_END]: null };
}

function opens({ field, before, after }: Difference): string | undefined {
  switch (field) {
    case "enabled":
      return after === true ? "its credentials pass again" : undefined;
    case "client_secret_version":
      return Number(after) > Number(before)
        ? "whoever rotated it has a secret that passes, and the stack does not"
        : undefined;
    case "expires_at":
      return after === undefined || (before !== undefined && String(after) > String(before))
        ? "its credentials pass for longer"
        : undefined;
    case PREVIOUS_END:
      return after !== undefined && (before === undefined || String(after) > String(before))
        ? "an earlier secret passes for longer"
        : undefined;
    default:
      return undefined;
  }
}
