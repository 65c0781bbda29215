import { isUnknown, listOf, valueAt } from "../resource";
import { type ResourceRule, undecided } from "../rule";

/** Without it the order of the code would decide who gets in, and the API refuses a number used twice. */
export const explicitPrecedence: ResourceRule = {
  name: "explicit-precedence",
  description: "Every policy of an application has an explicit precedence of its own.",
  kinds: ["application"],
  judge: (resource) => {
    const first = new Map<number, string>();
    return listOf(valueAt(resource.properties, "policies")).flatMap((policy, index) => {
      const at = `policies[${index}].precedence`;
      const value = valueAt(policy, "precedence");
      if (isUnknown(value)) return [undecided(resource, at)];
      const remedy = "Number the policies from 1 in the order in which they are to be asked.";
      if (typeof value !== "number" || !Number.isInteger(value) || value < 1) {
        const found = value === undefined ? "is absent" : `is ${JSON.stringify(value)}`;
        return [{ resource, property: at, found, remedy }];
      }
      const earlier = first.get(value);
      if (earlier !== undefined) {
        return [{ resource, property: at, found: `is ${value}, like ${earlier}`, remedy }];
      }
      first.set(value, at);
      return [];
    });
  },
};
