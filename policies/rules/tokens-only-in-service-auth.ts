import { policiesIn, selectorsOf, undecidedSelectors } from "../access-policy";
import { isUnknown } from "../resource";
import { type ResourceRule, undecided } from "../rule";

/** Elsewhere Access would still ask for a login, which no API client can give. */
export const tokensOnlyInServiceAuth: ResourceRule = {
  name: "tokens-only-in-service-auth",
  description: "Service tokens are named in Service Auth (non_identity) policies only.",
  kinds: ["policy", "application"],
  judge: (resource) =>
    policiesIn(resource).flatMap((policy) => {
      if (policy.decision === "non_identity") return [];
      const selectors = selectorsOf(policy);
      const tokens = selectors.filter(({ name }) => name === "serviceToken");
      return [
        ...undecidedSelectors(policy, selectors),
        ...tokens.map(({ path }) =>
          isUnknown(policy.decision)
            ? undecided(resource, `${policy.prefix}decision`)
            : {
                resource,
                property: path,
                found: "is set in a policy that is not Service Auth, where a token alone does not get in",
                remedy: "Move it to a policy whose decision is non_identity.",
              },
        ),
      ];
    }),
};
