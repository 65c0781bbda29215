import { bookkeeping, type Fields, given, type Kind, NOTHING, TIMES, unjudged, withheld } from "./field";
import { opening } from "./opens";
import { TYPES } from "./types";

const BY_ITSELF = "comes and goes with the connectors";

/** What it opens that a tunnel is not configured in the account. */
export const RULES_ELSEWHERE =
  "its rules, and with them the check of Access's JWT, come from a file beside cloudflared";

const FIELDS: Fields = {
  ...given("accountId"),
  name: NOTHING,
  accountTag: NOTHING,
  tunType: { ...NOTHING, default: "cfd_tunnel" },
  configSrc: opening(
    { ...unjudged("routes", "cloudflare"), default: "local" },
    (_, after) => after === "local",
    RULES_ELSEWHERE,
  ),
  remoteConfig: { ...unjudged("routes", true), bookkeeping: "says the same as config_src" },
  // Made of random bytes by the program; whoever holds a connector's token needs a new one with it.
  tunnelSecret: withheld("the API never shows it; only its connector token, to a token that may edit"),
  ...bookkeeping(BY_ITSELF, "status", "connections", "connsActiveAt", "connsInactiveAt", "metadata"),
  ...bookkeeping(TIMES, "createdAt"),
  ...bookkeeping("a tunnel with this time is reported as deleted", "deletedAt"),
};

/** @see https://developers.cloudflare.com/api/resources/zero_trust/subresources/tunnels/subresources/cloudflared/ */
export const tunnel = {
  types: [TYPES.tunnel, "cloudflare:index/tunnel:Tunnel"],
  path: "/accounts/{accountId}/cfd_tunnel/{id}",
  fields: FIELDS,
  onlyInApi: given("id"),
} as const satisfies Kind;
