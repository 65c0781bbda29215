import { applicationFor } from "../../packages/access/destinations";
import { isUnknown, listOf, type Value, valueAt } from "../resource";
import { type Fault, type StackRule, undecided } from "../rule";
import { type IngressRule, placedApplications, publicRules, type Stack, targetOf } from "../stack";

/**
 * The connector checks the Access JWT itself, so that the origin stays closed where its name is reached past Access.
 * On the rule: cloudflared reads `originRequest.access` of a rule only (its ingress/config.go), a global one is
 * taken and not enforced. With several applications to be created, which of their audience tags is whose is seen
 * only when they exist; mixed up, the connector refuses everybody.
 */
export const ingressRequiresAccess: StackRule = {
  name: "ingress-requires-access",
  description: "Every public host name of the tunnel has the connector check the JWT of its own application.",
  kinds: ["ownIngress", "sharedIngress"],
  limits: {
    teamName: { type: "string", description: "Zero Trust team. Default: teamName of the stack's config." },
  },
  judgeStack: (stack, limits) => {
    const rules = publicRules(stack);
    const team = limits["teamName"] ?? stack.teamName ?? firstTeam(rules);
    return rules.flatMap((rule) => [
      ...judgeRequired(rule),
      ...judgeTeam(rule, String(team ?? "")),
      ...judgeAudience(stack, rule),
    ]);
  },
};

const accessOf = ({ rule }: IngressRule, name: string): Value =>
  valueAt(rule, "originRequest", "access", name);

/** Nothing else says which team is meant, so all have to name the same. */
function firstTeam(rules: readonly IngressRule[]): string | undefined {
  return rules.map((rule) => accessOf(rule, "teamName")).find((team) => typeof team === "string");
}

function judgeRequired(rule: IngressRule): Fault[] {
  const { resource, at } = rule;
  const property = `${at}.originRequest.access.required`;
  const value = accessOf(rule, "required");
  if (value === true) return [];
  if (isUnknown(value)) return [undecided(resource, property)];
  const found = `is ${value === undefined ? "absent" : "off"}, so that the connector lets through what bypasses Access`;
  const remedy = "Set it to true on this rule; one for the whole tunnel is not enforced.";
  return [{ resource, property, found, remedy }];
}

function judgeTeam(rule: IngressRule, team: string): Fault[] {
  const { resource, at } = rule;
  const property = `${at}.originRequest.access.teamName`;
  const value = accessOf(rule, "teamName");
  if (isUnknown(value)) return [undecided(resource, property)];
  if (accessOf(rule, "required") === undefined || (value === team && team !== "")) return [];
  const found = value === undefined ? "is absent" : `is ${JSON.stringify(value)}, another team's`;
  return [{ resource, property, found, remedy: `Set it to ${team || "the Zero Trust team"}.` }];
}

function judgeAudience(stack: Stack, rule: IngressRule): Fault[] {
  const { resource, at, hostname } = rule;
  // Without an application, or without a check, there is no audience to compare.
  const owner = isUnknown(hostname)
    ? undefined
    : applicationFor(placedApplications(stack), String(hostname), "/")?.resource;
  if (owner === undefined || accessOf(rule, "required") === undefined) return [];
  const key = accessOf(rule, "audTag") === undefined ? "audTags" : "audTag";
  const property = `${at}.originRequest.access.${key}`;
  const list = accessOf(rule, key);
  if (isUnknown(list)) {
    // The whole list can be unknown for the same reason as its one element.
    const target = targetOf(stack, rule, list, "application", "aud");
    return target !== "undecided" && target !== "elsewhere" && target.resources.includes(owner)
      ? []
      : [undecided(resource, property)];
  }
  const tags = listOf(list);
  const remedy = `Set it to the aud of application ${owner.name}, and no other.`;
  if (tags.length !== 1) {
    const found = tags.length === 0 ? "is absent or empty" : `has ${tags.length} audience tags`;
    return [{ resource, property, found, remedy }];
  }
  const target = targetOf(stack, rule, tags[0], "application", "aud");
  if (target === "undecided") return [undecided(resource, `${property}[0]`)];
  if (target !== "elsewhere" && target.resources.includes(owner)) return [];
  const found = "is not the audience tag of the application that covers the host name";
  return [{ resource, property: `${property}[0]`, found, remedy }];
}
