import { isMap } from "../../packages/provider/host/values";
import { isUnknown, listOf, type Resource, type Value, valueAt } from "../resource";
import { type Fault, type StackRule, undecided } from "../rule";
import { of, type Stack, targetOf } from "../stack";

/** The last policy taken away leaves nobody in; one from somewhere else could let anybody in. */
export const applicationHasPolicies: StackRule = {
  name: "application-has-policies",
  description: "Every application has policies, and all of them are declared in this stack.",
  kinds: ["application"],
  judgeStack: (stack) =>
    of(stack, "application").flatMap((resource) => {
      const list = valueAt(resource.properties, "policies");
      if (isUnknown(list)) return [undecided(resource, "policies")];
      const policies = listOf(list);
      if (policies.length > 0) {
        return policies.flatMap((each, index) => judgeLink(stack, resource, each, `policies[${index}]`));
      }
      const found = `${list === undefined ? "is absent" : "is empty"}, so nothing says who gets in`;
      return [{ resource, property: "policies", found, remedy: "Attach an allow or a Service Auth policy." }];
    }),
};

function judgeLink(stack: Stack, resource: Resource, link: Value, at: string): Fault[] {
  if (isUnknown(link)) return [undecided(resource, at)];
  // One that is written out here is judged where it stands.
  if (isMap(link) && valueAt(link, "includes") !== undefined) return [];
  const id = valueAt(link, "id");
  const target = targetOf(stack, { resource, property: "policies" }, id, "policy");
  if (target === "undecided") return [undecided(resource, `${at}.id`)];
  if (target !== "elsewhere") return [];
  const found = id === undefined ? "is absent" : "is of a policy that this stack does not declare";
  return [
    {
      resource,
      property: `${at}.id`,
      found: `${found}, so that it cannot be judged`,
      remedy: "Declare the policy in the same stack.",
    },
  ];
}
