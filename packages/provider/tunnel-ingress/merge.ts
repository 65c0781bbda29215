import { canonicalHost, ruleCovers } from "../../access/host-pattern";

/** JSON as the API writes it. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** One ingress rule as the API writes it; fields that are not known here are kept as they are. */
export type Rule = { [name: string]: Json };

/** What a rule answers for; the same for two rules means that the second is never reached. */
export interface RuleKey {
  /** Empty: every host. */
  hostname: string;
  /** A regular expression; empty: every path. */
  path: string;
}

/** A rule that stands where one of ours is to be, or of which it is not known whether it is ours. */
export interface Conflict {
  ours: Rule;
  theirs: Rule;
  /** True: there are several rules with our key, and none is as we wrote it. */
  unsure: boolean;
}

export interface Merged {
  /** The list to write. */
  rules: Rule[];
  /** Not empty: nothing may be written. */
  conflicts: Conflict[];
}

/** What answers where no rule fits, if the list has no such rule yet. */
export const CATCH_ALL: Rule = { service: "http_status:404" };

/** What the rule answers for. Of `null`, which cloudflared reads as a rule without a field, everything. */
export function keyOf(rule: Rule | null): RuleKey {
  const { hostname, path } = rule ?? {};
  return { hostname: canonicalHost(hostname), path: typeof path === "string" ? path : "" };
}

/** The key as people write it: `app.example.org/admin`. */
export function keyText({ hostname, path }: RuleKey): string {
  if (path === "") return hostname || "*";
  return `${hostname || "*"}${path.startsWith("/") ? "" : "/"}${path}`;
}

/**
 * Puts our rules into a tunnel's list. Every other rule stays the very object that it is, and in its order.
 *
 * - a rule of ours stands before every rule of others that could take its requests. Whether a path's expression does is
 *   not asked: each rule whose host pattern covers our host name could;
 * - one that is there is replaced where it stands, if it stands so already;
 * - a new one goes right before the first rule that could take its requests, so that it hides as little as it can;
 * - others' rules for our very host name are meant for it, so ours is not put before them: that is a conflict;
 * - one that is no longer wanted is taken out, and so is a copy of ours to the letter, which a stale write can leave;
 * - the list ends with a rule for everything else, as cloudflared demands.
 * @param live the list as it is
 * @param owned our rules as they were last written
 * @param desired our rules as they are to be; none to take all of ours out
 * @param gone rules that were ours and are not to come back: only what equals one of them to the letter is ours
 */
export function mergeRules(
  live: readonly Rule[],
  owned: readonly Rule[],
  desired: readonly Rule[],
  gone: readonly Rule[] = [],
): Merged {
  const { places, unsure } = ownedAt(live, owned);
  const wanted = new Map(desired.map((rule) => [keyText(keyOf(rule)), rule]));
  const conflicts: Conflict[] = [...unsure];
  const named = new Set(unsure.map(({ ours }) => keyText(keyOf(ours))));
  const rules: Rule[] = [];
  const ours = new Set<Rule>();
  /** Keys of ours that are in `rules`, and of those that go further ahead. */
  const placed = new Set<string>();
  const moving = new Set<string>();
  const takesFrom = (rule: Rule) => (other: Rule) =>
    ours.has(other) ? hides(other, rule) : ruleCovers(other["hostname"], keyOf(rule).hostname);
  const inTheWay = (rule: Rule): Conflict[] => {
    const theirs = rules.find((other) => !ours.has(other) && keyOf(other).hostname === keyOf(rule).hostname);
    return theirs === undefined ? [] : [{ ours: rule, theirs, unsure: false }];
  };

  for (const [index, rule] of live.entries()) {
    const key = keyText(keyOf(rule));
    const replacement = wanted.get(key);
    // The same rule to the letter takes nothing from anybody: an interrupted run may have written it.
    const isOurs =
      places.has(index) ||
      (replacement !== undefined && same(rule, replacement)) ||
      gone.some((other) => same(other, rule));
    if (!isOurs) {
      rules.push(rule);
    } else if (replacement !== undefined && !placed.has(key) && !moving.has(key)) {
      if (rules.some(takesFrom(replacement))) {
        // What stands behind ours gets nothing today, so that ours may go further ahead of it.
        conflicts.push(...inTheWay(replacement));
        moving.add(key);
      } else {
        const kept = same(rule, replacement) ? rule : replacement;
        placed.add(key);
        ours.add(kept);
        rules.push(kept);
      }
    }
  }

  for (const rule of desired) {
    const key = keyText(keyOf(rule));
    if (placed.has(key)) continue;
    if (!moving.has(key) && !named.has(key)) conflicts.push(...inTheWay(rule));
    const at = rules.findIndex(takesFrom(rule));
    placed.add(key);
    ours.add(rule);
    rules.splice(at < 0 ? rules.length : at, 0, rule);
  }

  const last = rules.at(-1);
  if (last === undefined || !matchesEverything(keyOf(last))) rules.push(CATCH_ALL);
  return { rules, conflicts };
}

/**
 * The rules of ours that the list holds, for each key one. Where it is not known which of several is ours, none: what is
 * called ours may be written over.
 */
export function ownedRules(live: readonly Rule[], owned: readonly Rule[]): Rule[] {
  const { places } = ownedAt(live, owned);
  const found = live.filter((rule, index) => {
    // A copy to the letter says nothing that the first does not.
    return places.has(index) && live.findIndex((other) => same(other, rule)) === index;
  });
  // In the order in which they were written down, so that a reading shows no change where there is none.
  const order = owned.map((rule) => keyText(keyOf(rule)));
  return found.sort((a, b) => order.indexOf(keyText(keyOf(a))) - order.indexOf(keyText(keyOf(b))));
}

/** Equal as JSON, whatever the order of the names. */
export function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => same(item, b[index]))
    );
  }
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]))
  );
}

/**
 * Places in the list that hold our rules: what equals one to the letter, or else the only rule with its key, which
 * somebody changed. Of several with its key, none of them as it was written, any may be somebody else's.
 */
function ownedAt(live: readonly Rule[], owned: readonly Rule[]): { places: Set<number>; unsure: Conflict[] } {
  const places = new Set<number>();
  const unsure: Conflict[] = [];
  for (const rule of owned) {
    const key = keyText(keyOf(rule));
    const alike = [...live.entries()].filter(([, other]) => keyText(keyOf(other)) === key);
    const written = alike.filter(([, other]) => same(other, rule));
    const [first] = alike;
    if (written.length === 0 && alike.length > 1 && first !== undefined) {
      unsure.push({ ours: rule, theirs: first[1], unsure: true });
    } else {
      for (const [index] of written.length > 0 ? written : alike) places.add(index);
    }
  }
  return { places, unsure };
}

/** Of two rules of ours: would `later` never be reached, if `earlier` came first? */
function hides(earlier: Rule, later: Rule): boolean {
  const first = keyOf(earlier);
  const second = keyOf(later);
  return ruleCovers(first.hostname, second.hostname) && (first.path === "" || first.path === second.path);
}

function matchesEverything({ hostname, path }: RuleKey): boolean {
  return hostname === "" && path === "";
}
