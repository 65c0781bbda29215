import { flag, listOf, text } from "../../fields";
import type { ApiKindTable } from "../api-kind";
import { approvalGroup, connectionRules, mfaConfig, rules } from "./access-rules";

/** A reusable Access policy. */
export const accessPolicy: ApiKindTable = {
  type: "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy",
  collection: "/accounts/{accountId}/access/policies",
  update: "put",
  importId: "{accountId}/{id}",
  fields: {
    accountId: text({ required: true, replace: true, inPath: true }),
    approvalGroups: listOf(approvalGroup),
    approvalRequired: flag(),
    connectionRules,
    decision: text({ required: true }),
    excludes: rules("exclude"),
    includes: rules("include"),
    isolationRequired: flag(),
    mfaConfig,
    name: text({ required: true }),
    purposeJustificationPrompt: text(),
    purposeJustificationRequired: flag(),
    requires: rules("require"),
    sessionDuration: text({ default: "24h" }),
  },
};
