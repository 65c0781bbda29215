import { isHidden } from "../../access/hidden";
import { isStatus, leadsTo } from "../../access/site";
import type { Situation, StateIngressRule } from "../../access/situation";
import type { Draft, Fact } from "./fact";
import type { Sides } from "./sides";
import { type Sites, servingPairs } from "./sites";

/** Which service whoever gets in reaches at a host name: by the connector's rules, and by the DNS record. */
export function trafficFacts(at: Sites, sides: Sides, hostname: string): Draft[] {
  return [
    ...servingPairs(at, hostname).flatMap(({ then, now, name, pattern }) =>
      serviceFacts(then, now, name, pattern),
    ),
    ...targetFacts(at, sides, hostname),
  ];
}

function serviceFacts(
  then: StateIngressRule | undefined,
  now: StateIngressRule | undefined,
  name: string,
  pattern: string,
): Draft[] {
  if (now === undefined || isStatus(now)) return [];
  const with_ = optionsOf(now);
  if (then === undefined || isStatus(then)) {
    const detail = `new ${now.service} ${with_}${pattern}`;
    const text = `${name} leads to ${now.service}${with_ === "" ? "" : `, with ${with_}`}`;
    return [{ kind: "origin", effect: "informs", detail, text }];
  }
  const facts: Draft[] = [];
  if (then.service !== now.service) {
    const detail = `${then.service} ${now.service}${pattern}`;
    const text = `${name} leads to ${now.service} instead of ${then.service}, for everybody who gets in`;
    facts.push({ kind: "origin", effect: "moves", detail, text });
  }
  const before = optionsOf(then);
  if (before !== with_) {
    const [is, was] = [with_, before].map((each) => (each === "" ? "the usual options" : each));
    const text = `another server may answer for ${name}: it is reached with ${is} instead of ${was}`;
    facts.push({ kind: "origin options", effect: "moves", detail: `${before} | ${with_}${pattern}`, text });
  }
  return facts;
}

/** The options by which another server may answer, e.g. `noTLSVerify: true`; empty where there are none. */
function optionsOf({ origin = {} }: StateIngressRule): string {
  return Object.entries(origin)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .sort()
    .join(", ");
}

const OWN = "the stack's tunnel";

function targetFacts(at: Sites, sides: Sides, hostname: string): Draft[] {
  const { before, after } = at;
  if (before.record === undefined || after.record === undefined) return [];
  const from = leadsTo(before.record, sides.before.tunnelId);
  const to = leadsTo(after.record, sides.after.tunnelId);
  // That the stack's tunnel is made anew is told once, not for each host name.
  const isMadeAnew = to === undefined && isHidden(sides.after.tunnelId);
  const there = isMadeAnew ? OWN : to;
  if (from === undefined || from === there) return [];
  const words = isMadeAnew ? "a tunnel that the update makes" : (to ?? "what only the update tells");
  const text = `${hostname} leads to ${words} instead of ${from}, for everybody who gets in`;
  return [{ kind: "origin", effect: "moves", detail: `${from} ${there ?? "unknown"}`, text }];
}

/** What takes all of a tunnel's requests: its end, and whose connectors it has. */
export function tunnelFacts({ before, after }: Sides): Fact[] {
  return [...endFacts(before, after), ...madeAnewFacts(before, after)];
}

function endFacts(before: Situation, after: Situation): Fact[] {
  const [then, now] = [endsOf(before), endsOf(after)];
  const about = "every other host name of the tunnel";
  return now
    .filter((rule) => !isStatus(rule) && !then.some((old) => sameEnd(old, rule)))
    .map((rule) => {
      const was = then.map(({ service }) => service).join(", ");
      const options = optionsOf(rule);
      const text = `${about} leads to ${rule.service}${options === "" ? "" : `, with ${options}`}, instead of ${was || "nothing"}`;
      return { kind: "origin", effect: "moves", about, detail: `${was} ${rule.service} ${options}`, text };
    });
}

/** Rules without a host name or a path: they take what no other takes. */
const endsOf = ({ ingress }: Situation): StateIngressRule[] =>
  ingress.filter(({ hostname, path, unread }) => hostname === undefined && path === undefined && !unread);

const sameEnd = (one: StateIngressRule, other: StateIngressRule): boolean =>
  one.service === other.service && optionsOf(one) === optionsOf(other);

function madeAnewFacts(before: Situation, after: Situation): Fact[] {
  const [then, now] = [before.tunnelId, after.tunnelId];
  if (then === undefined || now === undefined || then.toLowerCase() === now.toLowerCase()) return [];
  const which = isHidden(now) ? "one that the update makes" : now;
  const text = `the stack's host names lead through another tunnel, ${which}: whoever runs its connector is handed their visitors`;
  return [{ kind: "tunnel", effect: "moves", about: "tunnel", detail: "another", text }];
}
