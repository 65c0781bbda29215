import { KINDS } from "../../../cloudflare/kinds";
import { compared, turnedOff, turnedOn } from "./kind";

/** A reusable Access policy. */
export const policy = compared(KINDS.policy, {
  subject: "policy",
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
});
