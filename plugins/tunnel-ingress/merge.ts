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

/** A rule of somebody else's that stands where one of ours is to be. */
interface Conflict {
  ours: Rule;
  theirs: Rule;
}

export interface Merged {
  /** The list to write. */
  rules: Rule[];
  /** Not empty: nothing may be written. */
  conflicts: Conflict[];
}

/** What answers where no rule fits, if the list has no such rule yet. */
export const CATCH_ALL: Rule = { service: "http_status:404" };

/** What the rule answers for. Host names are compared as DNS does, without regard to case. */
export function keyOf(rule: Rule): RuleKey {
  const { hostname, path } = rule;
  const host = typeof hostname === "string" ? hostname.toLowerCase() : "";
  return { hostname: host === "*" ? "" : host, path: typeof path === "string" ? path : "" };
}

/** The key as people write it: `app.example.org/admin`. */
export function keyText({ hostname, path }: RuleKey): string {
  if (path === "") return hostname || "*";
  return `${hostname || "*"}${path.startsWith("/") ? "" : "/"}${path}`;
}

/**
 * Puts our rules into a tunnel's list. Every other rule stays the very object that it is, and in its order.
 *
 * - a rule of ours that is there is replaced where it stands, unless another one now hides it;
 * - a new one goes right before the first rule that would hide it, so that it hides as little as it can;
 * - one that is no longer wanted is taken out, and so is a copy of ours to the letter, which a stale write can leave;
 * - the list ends with a rule for everything else, as cloudflared demands.
 * @param live the list as it is
 * @param owned what our rules answered for when they were last written
 * @param desired our rules as they are to be; none to take all of ours out
 * @param gone rules that were ours and are not to come back: only what equals one of them to the letter is ours
 */
export function mergeRules(
  live: readonly Rule[],
  owned: readonly RuleKey[],
  desired: readonly Rule[],
  gone: readonly Rule[] = [],
): Merged {
  const mine = ownedAt(live, owned);
  const wanted = new Map(desired.map((rule) => [keyText(keyOf(rule)), rule]));
  const conflicts: Conflict[] = [];
  const rules: Rule[] = [];
  const placed = new Set<string>();

  for (const [index, rule] of live.entries()) {
    const key = keyText(keyOf(rule));
    const replacement = wanted.get(key);
    // The same rule to the letter takes nothing from anybody: an interrupted run may have written it.
    const isOurs =
      mine.has(index) ||
      (replacement !== undefined && same(rule, replacement)) ||
      gone.some((other) => same(other, rule));
    if (!isOurs) {
      rules.push(rule);
    } else if (replacement !== undefined && !placed.has(key) && !rules.some((other) => hides(other, rule))) {
      placed.add(key);
      rules.push(same(rule, replacement) ? rule : replacement);
    }
  }

  for (const rule of desired) {
    const key = keyOf(rule);
    if (placed.has(keyText(key))) continue;
    const theirs = rules.find((other) => takes(keyOf(other), key) && !placed.has(keyText(keyOf(other))));
    if (theirs !== undefined) conflicts.push({ ours: rule, theirs });
    placed.add(keyText(key));
    const hidden = rules.findIndex((other) => hides(other, rule));
    rules.splice(hidden < 0 ? rules.length : hidden, 0, rule);
  }

  const last = rules.at(-1);
  if (last === undefined || !matchesEverything(keyOf(last))) rules.push(CATCH_ALL);
  return { rules, conflicts };
}

/** The rules of ours that the list holds, for each key the first. */
export function ownedRules(live: readonly Rule[], owned: readonly RuleKey[]): Rule[] {
  const mine = ownedAt(live, owned);
  const found = live.filter((rule, index) => {
    // A copy to the letter says nothing that the first does not.
    return mine.has(index) && live.findIndex((other) => same(other, rule)) === index;
  });
  // In the order in which they were written down, so that a reading shows no change where there is none.
  const order = owned.map(keyText);
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

/** Places in the list that hold our rules: of two with the same key the second is somebody else's, unless it is a copy. */
function ownedAt(live: readonly Rule[], owned: readonly RuleKey[]): Set<number> {
  const missing = new Set(owned.map(keyText));
  const places = new Set<number>();
  for (const [index, rule] of live.entries()) {
    const isCopy = [...places].some((place) => same(live[place], rule));
    if (missing.delete(keyText(keyOf(rule))) || isCopy) places.add(index);
  }
  return places;
}

/** Would `later` never be reached, if `earlier` came first? Of two regular expressions it cannot tell. */
function hides(earlier: Rule, later: Rule): boolean {
  const first = keyOf(earlier);
  const second = keyOf(later);
  return coversHost(first.hostname, second.hostname) && (first.path === "" || first.path === second.path);
}

/** Does a rule already answer for this host name by name, and for this path? */
function takes(theirs: RuleKey, ours: RuleKey): boolean {
  return theirs.hostname === ours.hostname && (theirs.path === "" || theirs.path === ours.path);
}

function coversHost(pattern: string, hostname: string): boolean {
  if (pattern === "" || pattern === hostname) return true;
  return pattern.startsWith("*.") && hostname.endsWith(pattern.slice(1));
}

function matchesEverything({ hostname, path }: RuleKey): boolean {
  return hostname === "" && path === "";
}
