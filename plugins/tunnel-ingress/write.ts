import { UserError } from "../../src/errors";
import { conflictText } from "./conflict";
import { foreignRules, keyOf, keyText, mergeRules, ownedRules, type Rule, type RuleKey, same } from "./merge";
import type { LiveConfiguration, TunnelRef } from "./tunnel-api";

/** The calls that a write takes; `TunnelApi` has them. */
export interface RuleStore {
  read(tunnel: TunnelRef): Promise<LiveConfiguration | undefined>;
  write(tunnel: TunnelRef, live: LiveConfiguration, rules: Rule[]): Promise<number>;
}

/** The list was written, and what stands there now is not what it should be. */
export class UncertainWrite extends Error {
  override readonly name = "UncertainWrite";
}

/** The API has no lock, so two writers can undo each other: how often to try before saying so. */
const ATTEMPTS = 4;

/**
 * Makes our rules in the tunnel's list what they are to be, and proves it by reading the list back.
 * @param owned what our rules answered for when they were last written
 * @param desired our rules as they are to be; none to take them out
 * @param warn told when somebody else may have lost a rule to this write
 * @throws UserError when a rule of somebody else's is in the way, or the tunnel is gone
 * @throws UncertainWrite when other writers keep undoing it
 */
export async function writeRules(
  api: RuleStore,
  tunnel: TunnelRef,
  owned: RuleKey[],
  desired: Rule[],
  warn: (message: string) => Promise<void>,
): Promise<void> {
  let missing: string[] = [];
  let mine = owned;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const live = await api.read(tunnel);
    if (live === undefined) {
      if (desired.length === 0) return;
      throw new UserError(
        `there is no tunnel ${tunnel.tunnelId} in account ${tunnel.accountId}`,
        "Give the id of a tunnel that exists: Zero Trust → Networks → Tunnels shows it.",
      );
    }
    const { rules, conflicts } = mergeRules(live.rules, mine, desired);
    const [conflict] = conflicts;
    if (conflict !== undefined) {
      const message = conflictText(tunnel, conflict.ours, conflict.theirs);
      throw attempt === 1 ? new Error(message) : new UncertainWrite(message);
    }
    const nothingToDo = same(rules, live.rules) || (desired.length === 0 && noneOf(live.rules, mine));
    if (nothingToDo) return;

    const version = await api.write(tunnel, live, rules);
    mine = unionOf(mine, desired.map(keyOf));
    const back = await api.read(tunnel);
    missing = lost(ownedRules(live.rules, mine), rules, desired, back, version);
    if (missing.length === 0) {
      if (version > live.version + 1 && live.version > 0)
        await warn(overtaken(tunnel, live.version, version));
      return;
    }
    if (back?.version === version) throw new UncertainWrite(altered(tunnel, missing));
  }
  throw new UncertainWrite(
    new UserError(
      `tunnel ${tunnel.tunnelId}: ${missing.join(", ")} after ${ATTEMPTS} writes, since something else writes the list too`,
      "Stop the other writer (another run, a controller, an open dashboard) and run up again.",
    ).message,
  );
}

/**
 * What is wrong with the list that was read back. A list of the version that was just written has to be the
 * very one; a later one was written by somebody else, who may change rules of their own, but not ours.
 */
function lost(
  before: Rule[],
  written: Rule[],
  desired: Rule[],
  back: LiveConfiguration | undefined,
  version: number,
): string[] {
  const found = back?.rules ?? [];
  const has = (rules: Rule[], rule: Rule) => rules.some((other) => same(other, rule));
  const expected = back?.version === version ? written : desired;
  return [
    ...expected.filter((rule) => !has(found, rule)).map((rule) => `${keyText(keyOf(rule))} is missing`),
    ...before
      .filter((rule) => !has(written, rule) && has(found, rule))
      .map((rule) => `${keyText(keyOf(rule))} is there again`),
  ];
}

function noneOf(rules: Rule[], keys: RuleKey[]): boolean {
  return foreignRules(rules, keys).length === rules.length;
}

function unionOf(a: RuleKey[], b: RuleKey[]): RuleKey[] {
  const known = a.map(keyText);
  return [...a, ...b.filter((key) => !known.includes(keyText(key)))];
}

function overtaken(tunnel: TunnelRef, before: number, after: number): string {
  return (
    `tunnel ${tunnel.tunnelId}: its list went from version ${before} to ${after} during one write, so somebody else ` +
    "wrote it in between; if they added a rule then, it is gone: compare the list in the dashboard"
  );
}

/** Nobody wrote since, so trying again would take what is there now for what should be there. */
function altered(tunnel: TunnelRef, missing: string[]): string {
  return new UserError(
    `tunnel ${tunnel.tunnelId}: ${missing.join(", ")} from the list that was just written, and nobody wrote it since`,
    "Put it back in Zero Trust → Networks → Tunnels, and report how the API changed the list.",
  ).message;
}
