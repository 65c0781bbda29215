import { type Fields, given, judged, type Kind, known, NOTHING, nothing, OLD_TIMES, unjudged } from "./field";
import { opening, turnedOff, turnedOn } from "./opens";
import { TYPES } from "./types";

/** Whom a policy matches, also one that stands in an application. */
export const RULES: Fields = {
  includes: { ...judged("access", "rules"), api: "include" },
  requires: { ...judged("access", "rules"), api: "require" },
  excludes: { ...judged("access", "rules"), api: "exclude" },
};

/** How a second factor is asked for; an application and a policy each may say so. */
export const MFA_CONFIG = opening(
  unjudged("credentials"),
  turnedOn,
  "no second factor is asked for",
  "mfa_disabled",
);

const FIELDS: Fields = {
  ...given("accountId"),
  ...nothing("name", "purposeJustificationPrompt"),
  appCount: {
    ...NOTHING,
    bookkeeping: "counts the applications that use it, also those of others",
    unread: true,
  },
  reusable: { ...NOTHING, default: true, unread: true },
  ...OLD_TIMES,
  decision: known(judged("access")),
  ...RULES,
  sessionDuration: { ...known(judged("credentials")), default: "24h" },
  approvalGroups: unjudged("access"),
  approvalRequired: opening(unjudged("access"), turnedOff, "nobody has to approve a visit any more"),
  connectionRules: unjudged("access"),
  isolationRequired: opening(
    unjudged("access"),
    turnedOff,
    "visits no longer go through an isolated browser",
  ),
  purposeJustificationRequired: opening(
    unjudged("access"),
    turnedOff,
    "no reason for a visit is asked for any more",
  ),
  mfaConfig: MFA_CONFIG,
};

/** @see https://developers.cloudflare.com/api/resources/zero_trust/subresources/access/subresources/policies/ */
export const policy = {
  types: [TYPES.policy, "cloudflare:index/accessPolicy:AccessPolicy"],
  path: "/accounts/{accountId}/access/policies/{id}",
  writtenAt: "updated_at",
  fields: FIELDS,
  onlyInApi: given("id", "uid"),
} as const satisfies Kind;
