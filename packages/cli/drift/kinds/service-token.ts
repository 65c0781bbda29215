import { type Fields, fieldsOf } from "../../../base/json-values";
import { TYPES } from "../../../cloudflare/kinds";
import type { Difference } from "../compare";
import { wireSpelling } from "../spelling";
import { ID, type Kind, TIMES } from "./kind";

const PREVIOUS_END = "previous_client_secret_expires_at";

/**
 * A service token, without its secret.
 * @see https://developers.cloudflare.com/api/resources/zero_trust/subresources/access/subresources/service_tokens/
 */
export const serviceToken: Kind = {
  subject: "service token",
  type: TYPES.token,
  path: (account, { id }) => account.below(`access/service_tokens/${id}`),
  expected: (properties, { now }) => withoutPast(fieldsOf(wireSpelling(properties)), now),
  shown: (live, { now }) => withoutPast(live, now),
  fields: {
    name: {},
    client_id: {},
    duration: { default: "8760h" },
    enabled: { default: true },
    expires_at: { time: true },
    client_secret_version: { default: 1 },
    [PREVIOUS_END]: { time: true },
  },
  notAlwaysShown: ["client_secret_version", PREVIOUS_END],
  bookkeeping: {
    id: ID,
    created_at: TIMES,
    updated_at: TIMES,
    last_seen_at: "changes with every use",
  },
  withheld: { client_secret: "the API shows it once, when the token is made or rotated" },
  writtenAt: "updated_at",
  opens,
};

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
