import type { Wire } from "../../../cloudflare/account-api";
import { rulesIn } from "../../../cloudflare/account-snapshot";
import { type Check, type Found, noteBy, STOPS_UPDATE, WARNS } from "../../../cloudflare/checks/check";
import { undeclaredRules } from "../../../cloudflare/checks/tunnel";
import { TYPES } from "../../../cloudflare/kinds";
import { GROUPS } from "../../../cloudflare/permission-groups";
import { keyOf, keyText, mergeRules, type Rule } from "../../../provider/tunnel-ingress/merge";
import type { StackResource } from "../../stack/read-stack";
import type { Context } from "../context";

export interface TunnelRuleFindings {
  "ingress-taken": { tunnel: string; served: string };
  "ingress-foreign": { tunnel: string; served: readonly string[] };
}

/** The tunnel's rules: none of somebody else's is in the stack's way, or would go with its own. */
export const tunnelRules: Check<TunnelRuleFindings, Context> = {
  code: "tunnel-rules",
  title: "Tunnel rules",
  reads: ["account", "state"],
  config: ["accountId", "tunnel", "applications"],
  groups: [GROUPS.tunnels],
  finds: { "ingress-taken": STOPS_UPDATE, "ingress-foreign": WARNS },
  async run({ account, config: { tunnel = { name: "" }, applications = [] }, ours, state }) {
    if (account === undefined) return { findings: [], summary: "" };
    const { snapshot } = account;
    const isShared = tunnel.id !== undefined;
    const found = isShared ? await snapshot.tunnel(tunnel.id) : await snapshot.tunnelNamed(tunnel.name);
    // That it is missing, or somebody else's, is what the look at the tunnel itself says.
    const isOurs = found !== undefined && (isShared || (await ours()).has(String(found["id"])));
    if (!isOurs) return { findings: [], summary: "none yet" };
    const look = {
      name: String(found["name"]),
      configuration: await snapshot.tunnelConfiguration(String(found["id"])),
      applications,
      resources: (await state()).resources,
    };
    return {
      findings: isShared ? judgeSharedRules(look) : judgeOwnRules(look),
      summary: `${rulesOf(look.configuration).length}, none in the way`,
    };
  },
};

const note = noteBy<TunnelRuleFindings>(tunnelRules.finds);

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
export function judgeSharedRules(look: IngressLook): Found<TunnelRuleFindings>[] {
  // Which audience the rule will name is not known yet; a rule without the guard is none of ours in any case.
  const originRequest = { access: { required: true, audTag: [] } };
  const desired = look.applications.map(({ hostname, service }) => ({ hostname, service, originRequest }));
  const owned = written(look.resources, (type) => type === TYPES.sharedIngress, "rules");
  const { conflicts } = mergeRules(rulesOf(look.configuration), owned, desired, []);
  return conflicts.map(({ theirs }) =>
    note("ingress-taken", `tunnel ${look.name}`, { tunnel: look.name, served: served(theirs) }),
  );
}

/** Judges the list of the stack's own tunnel, which is written as a whole. */
function judgeOwnRules(look: IngressLook): Found<TunnelRuleFindings>[] {
  const made = written(look.resources, (type) => type === TYPES.ownIngress, "ingresses");
  const ours = [...look.applications, ...made].map(({ hostname }) => hostname);
  const foreign = undeclaredRules(rulesOf(look.configuration), ours);
  if (foreign.length === 0) return [];
  const data = { tunnel: look.name, served: foreign.map(served) };
  return [note("ingress-foreign", `tunnel ${look.name}`, data)];
}

const served = (rule: Rule): string => `${keyText(keyOf(rule))} from ${String(rule["service"])}`;

const rulesOf = (configuration: Wire | undefined): Rule[] => rulesIn(configuration) as Rule[];

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
