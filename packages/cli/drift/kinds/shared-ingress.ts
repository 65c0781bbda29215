import { fieldsOf, listOf } from "../../../base/json-values";
import { KINDS } from "../../../cloudflare/kinds";
import type { Kind } from "./kind";
import { compareRules, ORDER, ruleKey, tunnelConfiguration } from "./tunnel-configuration";

/** The stack's own rules in the list of a tunnel that others use too; theirs are theirs to change. */
export const sharedIngress: Kind = {
  ...tunnelConfiguration,
  table: KINDS.sharedIngress,
  expected: ({ rules }) => ({ config: { ingress: rules } }),
  compare: (expected, live) => {
    const ours = listOf(fieldsOf(expected["config"])["ingress"]);
    const left = new Set(ours.map(ruleKey));
    // Of two for the same only the first is ever used: that one is ours, or in the way of it.
    const shown = listOf(fieldsOf(live["config"])["ingress"]).filter((rule) => left.delete(ruleKey(rule)));
    const { differences, hidden } = compareRules(ours, shown);
    return { differences: differences.filter(({ field }) => field !== ORDER), hidden };
  },
};
