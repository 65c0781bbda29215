import { policiesIn, selectorsOf, undecidedSelectors } from "../access-policy";
import type { ResourceRule } from "../rule";

/** Nobody gets in by being anybody; also what Cloudflare's own Security Insights call overprovisioned. */
export const noEveryone: ResourceRule = {
  name: "no-everyone",
  description: "No Access policy includes everyone.",
  kinds: ["policy", "application"],
  judge: (resource) =>
    policiesIn(resource).flatMap((policy) => {
      const selectors = selectorsOf(policy, "includes");
      const open = selectors.filter(({ name }) => name === "everyone");
      return [
        ...undecidedSelectors(policy, selectors),
        ...open.map(({ path }) => ({
          resource,
          property: path,
          found: "is set, which lets anybody in",
          remedy: "Name e-mail addresses or mail domains instead.",
        })),
      ];
    }),
};
