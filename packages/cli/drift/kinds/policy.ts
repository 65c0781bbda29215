import { fieldsOf } from "../../../base/json-values";
import { TYPES } from "../../../cloudflare/kinds";
import { rulesOf } from "../../../cloudflare/wire-rules";
import { wireSpelling } from "../spelling";
import { ID, type Kind, TIMES, turnedOff, turnedOn } from "./kind";

/**
 * A reusable Access policy.
 * @see https://developers.cloudflare.com/api/resources/zero_trust/subresources/access/subresources/policies/
 */
export const policy: Kind = {
  subject: "policy",
  type: TYPES.policy,
  path: (account, { id }) => account.below(`access/policies/${id}`),
  expected: ({ includes, requires, excludes, ...properties }) => ({
    ...fieldsOf(wireSpelling(properties)),
    include: rulesOf(includes),
    require: rulesOf(requires),
    exclude: rulesOf(excludes),
    reusable: true,
  }),
  fields: {
    name: {},
    decision: {},
    include: { rules: true },
    require: { rules: true },
    exclude: { rules: true },
    session_duration: { default: "24h" },
    approval_required: {},
    approval_groups: {},
    purpose_justification_required: {},
    purpose_justification_prompt: {},
    isolation_required: {},
    mfa_config: {},
    connection_rules: {},
    reusable: { default: true },
  },
  bookkeeping: {
    id: ID,
    uid: ID,
    account_id: ID,
    app_count: "counts the applications that use it, also those of others",
    created_at: TIMES,
    updated_at: TIMES,
  },
  writtenAt: "updated_at",
  opens(difference) {
    switch (difference.field) {
      case "approval_required":
        return turnedOff(difference) ? "nobody has to approve a visit any more" : undefined;
      case "purpose_justification_required":
        return turnedOff(difference) ? "no reason for a visit is asked for any more" : undefined;
      case "isolation_required":
        return turnedOff(difference) ? "visits no longer go through an isolated browser" : undefined;
      case "mfa_config.mfa_disabled":
        return turnedOn(difference) ? "no second factor is asked for" : undefined;
      default:
        return undefined;
    }
  },
};
