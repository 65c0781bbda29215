import { type Fields, given, judged, type Kind, known, NOTHING, nothing, OLD_TIMES, unjudged } from "./field";
import { TYPES } from "./types";

/** Whom a policy matches, also one that stands in an application. */
export const RULES: Fields = {
  includes: { ...judged("access", "rules"), api: "include" },
  requires: { ...judged("access", "rules"), api: "require" },
  excludes: { ...judged("access", "rules"), api: "exclude" },
};

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
  approvalRequired: unjudged("access"),
  connectionRules: unjudged("access"),
  isolationRequired: unjudged("access"),
  purposeJustificationRequired: unjudged("access"),
  mfaConfig: unjudged("credentials"),
};

/** @see https://developers.cloudflare.com/api/resources/zero_trust/subresources/access/subresources/policies/ */
export const policy = {
  types: [TYPES.policy, "cloudflare:index/accessPolicy:AccessPolicy"],
  path: "/accounts/{accountId}/access/policies/{id}",
  writtenAt: "updated_at",
  fields: FIELDS,
  onlyInApi: given("id", "uid"),
} as const satisfies Kind;
