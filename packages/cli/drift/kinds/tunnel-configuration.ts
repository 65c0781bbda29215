import { isDeepStrictEqual } from "node:util";
import { canonicalHost } from "../../../access/host-pattern";
import { isStatus } from "../../../access/site";
import { type Fields, fieldsOf, listOf } from "../../../base/json-values";
import { KINDS } from "../../../cloudflare/kinds";
import { INGRESS_RULE } from "../../../cloudflare/kinds/ingress";
import { openedBy, turnedOn } from "../../../cloudflare/kinds/opens";
import { type Compared, compareFields, type Difference } from "../compare";
import { compared } from "./kind";

/** The ingress rules and settings of a tunnel that the stack owns. */
export const tunnelConfiguration = compared(KINDS.ownIngress, {
  subject: "tunnel configuration",
  own: ["config"],
  compare: (expected, live) => compareConfigurations(fieldsOf(expected["config"]), fieldsOf(live["config"])),
  opens: ingressOpens,
});

/** Stands for the order of the rules, which no field of one of them tells. */
export const ORDER = "ingress order";

/** The field of one rule in a report. */
export const ruleField = (key: string): string => `ingress[${key}]`;

/** What answers for which address, as people write it: `app.example.org/api`, or `*` for everything else. */
export function ruleKey(rule: unknown): string {
  const { hostname, path } = fieldsOf(rule);
  const host = canonicalHost(hostname) || "*";
  if (typeof path !== "string" || path === "") return host;
  return `${host}${path.startsWith("/") ? "" : "/"}${path}`;
}

function compareConfigurations(before: Fields, after: Fields): Compared {
  const { ingress: then, ...settings } = before;
  const { ingress: now, ...shown } = after;
  const rules = compareRules(listOf(then), listOf(now));
  const names = new Set([...Object.keys(settings), ...Object.keys(shown)]);
  const others = compareFields(Object.fromEntries([...names].map((name) => [name, {}])), settings, shown);
  return {
    differences: [...rules.differences, ...others.differences],
    hidden: [...rules.hidden, ...others.hidden],
  };
}

/** Rules that answer for the same are compared field by field; a whole one that came or went is one difference. */
export function compareRules(before: readonly unknown[], after: readonly unknown[]): Compared {
  const [then, now] = [keyed(before), keyed(after)];
  const found: Compared = { differences: [], hidden: [] };
  for (const key of new Set([...then.keys(), ...now.keys()])) {
    const field = ruleField(key);
    const path = ["ingress", key];
    const [old, current] = [then.get(key), now.get(key)];
    if (old === undefined) found.differences.push({ field, path, after: current });
    else if (current === undefined) found.differences.push({ field, path, before: old });
    else {
      const names = new Set([...Object.keys(old), ...Object.keys(current)]);
      const { differences, hidden } = compareFields(
        Object.fromEntries([...names].map((name) => [name, {}])),
        old,
        current,
      );
      found.differences.push(
        ...differences.map((each) => ({
          ...each,
          field: `${field}.${each.field}`,
          path: [...path, ...each.path],
        })),
      );
      found.hidden.push(...hidden.map((each) => `${field}.${each}`));
    }
  }
  const order = (one: Map<string, Fields>, other: Map<string, Fields>) =>
    [...one.keys()].filter((key) => other.has(key));
  const [was, is] = [order(then, now), order(now, then)];
  if (was.join() !== is.join())
    found.differences.push({ field: ORDER, path: [ORDER], before: was, after: is });
  return found;
}

function keyed(rules: readonly unknown[]): Map<string, Fields> {
  const found = new Map<string, Fields>();
  for (const rule of rules) {
    const key = ruleKey(rule);
    let unique = key;
    for (let count = 2; found.has(unique); count += 1) unique = `${key} #${count}`;
    found.set(unique, fieldsOf(rule));
  }
  return found;
}

/** What a changed rule, or what holds for all of them, opens besides what the comparison of who gets in says. */
function ingressOpens(difference: Difference): string | undefined {
  const { path, before, after } = difference;
  const [top, key] = path;
  const ofRule = top === "ingress" ? path.slice(2) : path;
  if (top === "ingress" && key === "*" && isDeepStrictEqual(ofRule, ["service"]) && leadsOn(after)) {
    return `every other host name that leads to the tunnel ends at ${after}`;
  }
  if (top === "warp-routing" && turnedOn(before, after)) {
    return "devices of the team reach the network behind the tunnel";
  }
  return openedBy(INGRESS_RULE, { path: ofRule, before, after }, true);
}

const leadsOn = (service: unknown): boolean => typeof service === "string" && !isStatus({ service });
