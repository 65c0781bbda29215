import { isOf, isUnknown, type Resource, valueAt } from "../resource";
import { type Fault, type ResourceRule, undecided } from "../rule";
import { ingressOf } from "../stack";

/** A name that nobody meant to serve gets a status, and no rule is caught before its turn. */
export const ingressCatchAll: ResourceRule = {
  name: "ingress-catch-all",
  description:
    "The tunnel's last rule, and only the last, catches every other name and answers with a status.",
  kinds: ["ownIngress", "sharedIngress"],
  judge(resource) {
    const { at, unknown, rules } = ingressOf(resource);
    if (unknown) return [undecided(resource, at)];
    const shared = isOf(resource, "sharedIngress");
    const catching = rules.filter(({ hostname }) => hostname === undefined);
    // The catch-all of a shared tunnel is its owner's.
    const last = shared ? undefined : rules.at(-1);
    const early = catching.filter((rule) => rule !== last).map((rule) => catchesAll(resource, rule.at));
    if (shared) return early;
    return [...early, ...judgeLast(resource, at, last)];
  },
};

function catchesAll(resource: Resource, at: string): Fault {
  return {
    resource,
    property: `${at}.hostname`,
    found: "is absent, so that the rule catches every name",
    remedy: "Give it one host name.",
  };
}

function judgeLast(
  resource: Resource,
  at: string,
  last: ReturnType<typeof ingressOf>["rules"][number] | undefined,
) {
  const remedy = "End the list with {service: http_status:404}, without a host name.";
  const finding = (property: string, found: string): Fault[] => [{ resource, property, found, remedy }];
  if (last === undefined) return finding(at, "has no rule");
  const { hostname, rule } = last;
  if (isUnknown(rule) || isUnknown(hostname)) return [undecided(resource, last.at)];
  if (hostname !== undefined) return finding(last.at, "is the last rule and does not catch every other name");
  const service = valueAt(rule, "service");
  if (isUnknown(service)) return [undecided(resource, `${last.at}.service`)];
  if (typeof service === "string" && /^http_status:\d{3}$/.test(service)) return [];
  return finding(`${last.at}.service`, "serves something to every name, past any application");
}
