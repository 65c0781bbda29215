import type { Fields } from "../../../base/json-values";
import { KINDS } from "../../../cloudflare/kinds";
import { compared } from "./kind";

const PREVIOUS_END = "previous_client_secret_expires_at";

/** A service token, without its secret. */
export const serviceToken = compared(KINDS.token, {
  subject: "service token",
  expected: (wire, { now }) => withoutPast(wire, now),
  shown: (live, { now }) => withoutPast(live, now),
});

/** The end of an earlier secret says nothing once it is past. */
function withoutPast(wire: Fields, now: Date): Fields {
  const end = wire[PREVIOUS_END];
  if (typeof end !== "string" || Date.parse(end) > now.getTime()) return wire;
  return { ...wire, [PREVIOUS_END]: null };
}
