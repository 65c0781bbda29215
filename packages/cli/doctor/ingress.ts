import { canonicalHost } from "../../access/host-pattern";
import { fieldsOf } from "../../base/json-values";
import type { Wire } from "../../cloudflare/account-api";
import { TYPES } from "../../cloudflare/kinds";
import { TYPE } from "../../provider/tunnel-ingress/conflict";
import { keyOf, keyText, mergeRules, type Rule } from "../../provider/tunnel-ingress/merge";
import type { StackResource } from "../stack/read-stack";
import { type Finding, finding } from "./findings";

/** A tunnel's list, and what the stack has and will have of it. */
export interface IngressLook {
  /** The tunnel's name, for the report. */
  name: string;
  /** The tunnel's configuration; undefined when nothing was configured yet. */
  configuration: Wire | undefined;
  applications: readonly { hostname: string; service: string }[];
  resources: readonly StackResource[];
}

/** Judges a list that others use too: the merge refuses a rule of theirs where one of ours is to be. */
export function judgeSharedRules(look: IngressLook): Finding[] {
  // Which audience the rule will name is not known yet; a rule without the guard is none of ours in any case.
  const originRequest = { access: { required: true, audTag: [] } };
  const desired = look.applications.map(({ hostname, service }) => ({ hostname, service, originRequest }));
  const owned = written(look.resources, (type) => type === TYPE, "rules");
  const { conflicts } = mergeRules(rulesOf(look.configuration), owned, desired, []);
  return conflicts.map(({ theirs }) => {
    const what = `tunnel ${JSON.stringify(look.name)} already serves ${served(theirs)}, by a rule that is not this stack's`;
    return finding("ingress-taken", what, `Remove the rule: ${page(look.name)}`);
  });
}

/** Judges the list of the stack's own tunnel, which is written as a whole. */
export function judgeOwnRules(look: IngressLook): Finding[] {
  const made = written(look.resources, (type) => type === TYPES.ownIngress, "ingresses");
  const ours = new Set([...look.applications, ...made].map(({ hostname }) => canonicalHost(hostname)));
  const foreign = rulesOf(look.configuration).filter((rule) => {
    const { hostname, path } = keyOf(rule);
    return hostname !== "" && (path !== "" || !ours.has(hostname));
  });
  if (foreign.length === 0) return [];
  const what = `the stack's own tunnel ${JSON.stringify(look.name)} has rules that the stack did not make: ${foreign.map(served).join(", ")}`;
  return [finding("ingress-foreign", what, `Move them to another tunnel: ${page(look.name)}`)];
}

const page = (name: string): string => `Zero Trust → Networks → Tunnels → ${name}`;

const served = (rule: Rule): string => `${keyText(keyOf(rule))} from ${String(rule["service"])}`;

function rulesOf(configuration: Wire | undefined): Rule[] {
  const { ingress } = (configuration?.["config"] ?? {}) as { ingress?: unknown };
  return Array.isArray(ingress) ? ingress.map((rule) => fieldsOf(rule) as Rule) : [];
}

/** Rules as the state has them: a resource's own list, or that of its `config`. */
function written(
  resources: readonly StackResource[],
  isType: (type: string) => boolean,
  list: string,
): Rule[] {
  return resources
    .filter(({ type }) => isType(type))
    .flatMap(({ inputs }) => {
      const held = (list in inputs ? inputs : inputs["config"]) as Record<string, unknown> | undefined;
      const rules = held?.[list];
      return Array.isArray(rules) ? (rules as Rule[]) : [];
    });
}
