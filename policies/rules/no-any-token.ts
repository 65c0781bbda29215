import { policiesIn, selectorsOf, undecidedSelectors } from "../access-policy";
import type { ResourceRule } from "../rule";

/** A token made for something else, in the same account, is no key to this application. */
export const noAnyToken: ResourceRule = {
  name: "no-any-token",
  description: "No Access policy takes any valid service token of the account.",
  kinds: ["policy", "application"],
  judge: (resource) =>
    policiesIn(resource).flatMap((policy) => {
      const selectors = selectorsOf(policy);
      const open = selectors.filter(({ name }) => name === "anyValidServiceToken");
      return [
        ...undecidedSelectors(policy, selectors),
        ...open.map(({ path }) => ({
          resource,
          property: path,
          found: "is set, which takes every service token of the account",
          remedy: "Name each token by its id in serviceToken instead.",
        })),
      ];
    }),
};
