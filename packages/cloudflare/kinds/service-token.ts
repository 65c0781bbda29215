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
import { TYPES } from "./types";

const FIELDS: Fields = {
  ...given("accountId", "zoneId"),
  clientId: NOTHING,
  // Policies name a token by its id; the name tells one that is made anew from one that is new.
  name: known(NOTHING),
  // What clients send; a new one comes with a new version.
  clientSecret: withheld("the API shows it once, when the token is made or rotated"),
  enabled: { ...unjudged("access", true), default: true },
  duration: { ...known(judged("credentials")), default: "8760h" },
  expiresAt: { ...judged("credentials"), time: true },
  clientSecretVersion: { ...judged("credentials"), default: 1, notAlwaysShown: true, unread: true },
  previousClientSecretExpiresAt: {
    ...judged("credentials"),
    mustBeKnown: "where given",
    time: true,
    notAlwaysShown: true,
    unread: true,
  },
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
