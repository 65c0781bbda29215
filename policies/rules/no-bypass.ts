import { policiesIn } from "../access-policy";
import { isUnknown } from "../resource";
import { type ResourceRule, undecided } from "../rule";

const DECISIONS = ["allow", "deny", "non_identity"];

/** A bypass turns Access off; a decision that is not one of the others cannot be relied on. */
export const noBypass: ResourceRule = {
  name: "no-bypass",
  description: "No Access policy bypasses Access.",
  kinds: ["policy", "application"],
  judge: (resource) =>
    policiesIn(resource).flatMap(({ prefix, decision }) => {
      const property = `${prefix}decision`;
      if (isUnknown(decision)) return [undecided(resource, property)];
      if (typeof decision === "string" && DECISIONS.includes(decision)) return [];
      const found =
        decision === "bypass"
          ? "is bypass, which lets anybody in without a login or a log entry"
          : `is ${decision === undefined ? "absent" : JSON.stringify(decision)}`;
      return [{ resource, property, found, remedy: `Use one of ${DECISIONS.join(", ")}.` }];
    }),
};
