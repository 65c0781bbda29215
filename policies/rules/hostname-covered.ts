import { applicationFor } from "../../packages/access/destinations";
import { isUnknown } from "../resource";
import { type Fault, type StackRule, undecided } from "../rule";
import { type IngressRule, type PlacedApplication, placedApplications, publicRules } from "../stack";

/** A host name without an application is public; Cloudflare's Security Insights call it an unprotected tunnel. */
export const hostnameCovered: StackRule = {
  name: "hostname-covered",
  description: "Every public host name of the tunnel is covered by an Access application.",
  kinds: ["ownIngress", "sharedIngress"],
  judgeStack: (stack) => {
    const applications = placedApplications(stack);
    return publicRules(stack).flatMap((rule) => judgeRule(applications, rule));
  },
};

function judgeRule(applications: readonly PlacedApplication[], rule: IngressRule): Fault[] {
  const { resource, at, hostname } = rule;
  const property = `${at}.hostname`;
  if (isUnknown(hostname)) return [undecided(resource, property)];
  const name = String(hostname);
  // A path of the rule's own only narrows what it serves; what an application covers at `/` it covers everywhere.
  if (applicationFor(applications, name, "/") !== undefined) return [];
  if (applications.some(({ unknown }) => unknown)) return [undecided(resource, property)];
  const found = `is ${name}, which no application of the stack covers, so that anybody gets there`;
  const remedy = `Declare an application with the destination ${name}.`;
  return [{ resource, property, found, remedy }];
}
