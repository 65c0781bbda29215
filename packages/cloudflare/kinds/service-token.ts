import {
  bookkeeping,
  type Fields,
  given,
  judged,
  type Kind,
  known,
  NOTHING,
  TIMES,
  unjudged,
  withheld,
} from "./field";
import { opening } from "./opens";
import { TYPES } from "./types";

/** What it opens that somebody else made a new secret of a token. */
export const ROTATED_BY_OTHERS = "whoever rotated it has a secret that passes, and the stack does not";

/** Of times in the one spelling that a comparison gives them. */
const isLater = (before: unknown, after: unknown): boolean => String(after) > String(before);

const FIELDS: Fields = {
  ...given("accountId", "zoneId"),
  clientId: NOTHING,
  // Policies name a token by its id; the name tells one that is made anew from one that is new.
  name: known(NOTHING),
  // What clients send; a new one comes with a new version.
  clientSecret: withheld("the API shows it once, when the token is made or rotated"),
  enabled: opening(
    { ...unjudged("access", true), default: true },
    (_, after) => after === true,
    "its credentials pass again",
  ),
  duration: { ...known(judged("credentials")), default: "8760h" },
  expiresAt: opening(
    { ...judged("credentials"), time: true },
    (before, after) => after === undefined || (before !== undefined && isLater(before, after)),
    "its credentials pass for longer",
  ),
  clientSecretVersion: opening(
    { ...judged("credentials"), default: 1, notAlwaysShown: true, unread: true },
    (before, after) => Number(after) > Number(before),
    ROTATED_BY_OTHERS,
  ),
  previousClientSecretExpiresAt: opening(
    {
      ...judged("credentials"),
      mustBeKnown: "where given",
      time: true,
      notAlwaysShown: true,
      unread: true,
    },
    (before, after) => after !== undefined && (before === undefined || isLater(before, after)),
    "an earlier secret passes for longer",
  ),
};

/** @see https://developers.cloudflare.com/api/resources/zero_trust/subresources/access/subresources/service_tokens/ */
export const serviceToken = {
  types: [TYPES.token, "cloudflare:index/accessServiceToken:AccessServiceToken"],
  path: "/accounts/{accountId}/access/service_tokens/{id}",
  writtenAt: "updated_at",
  fields: FIELDS,
  onlyInApi: {
    ...given("id"),
    ...bookkeeping(TIMES, "created_at", "updated_at"),
    ...bookkeeping("changes with every use", "last_seen_at"),
  },
} as const satisfies Kind;
