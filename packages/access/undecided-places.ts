import { hasTooManyPlaces, haveTooManyNames, hostnamesApart, rulesAt } from "./addressing";
import { placesOf as destinationsOf, isPublic, liesOn } from "./destinations";
import { isHidden } from "./hidden";
import { ruleCovers } from "./host-pattern";
import { toldBy } from "./path-pattern";
import type { Situation, StateApplication, StateIngressRule } from "./situation";

/**
 * What stands at places that cannot be gone through, and is not the same on both sides: one sentence each. Who gets in
 * there now cannot be told.
 */
export function undecidedPlaces(before: Situation, after: Situation): string[] {
  const [then, now] = [keysOf(before), keysOf(after)];
  const differing = [...then, ...now].filter(([key]) => !(then.has(key) && now.has(key)));
  return [...new Set([...differing.map(([, sentence]) => sentence), ...tooMany(before, after)])].sort();
}

/** What of a situation cannot be gone through: a sentence for each, by all that it hangs on. */
const keysOf = (situation: Situation): Map<string, string> =>
  new Map([...ruleKeys(situation), ...situation.applications.flatMap(applicationKeys)]);

/**
 * Patterns of which no path tells all: they must stand behind the same rules. Of a pattern or a host name that cannot be
 * read, what stands behind it cannot be told either.
 */
function ruleKeys({ ingress }: Situation): [key: string, sentence: string][] {
  return ingress.flatMap((rule) => {
    const { hostname, path, tunnelId } = rule;
    const told = path === undefined ? "folder" : toldBy(path);
    if (told === "folder" && !isHidden(hostname)) return [];
    const tunnel = ingress.filter((each) => each.tunnelId === tunnelId);
    const index = tunnel.indexOf(rule);
    const before = tunnel.slice(0, index + 1).filter((each) => meet(each.hostname, hostname));
    const isRead = told !== undefined && !isHidden(hostname);
    const key = isRead
      ? before.map((each) => [each.hostname, each.path])
      : [index, tunnel.map((each) => ({ ...each, tunnelId: "" }))];
    const what = isHidden(hostname)
      ? "a rule of the tunnel whose host name cannot be read"
      : `path ${path} of the tunnel's rule for ${hostname ?? "every host name"}`;
    return [[JSON.stringify(key), `not judged: ${what}`]];
  });
}

/** Whether two host names of rules may take the same request. */
const meet = (one: string | undefined, other: string | undefined): boolean =>
  [one, other].some(isHidden) || ruleCovers(one, other ?? "") || ruleCovers(other, one ?? "");

/** Whether an application stands anywhere else than at public host names that can be read, or nowhere. */
export const standsElsewhere = (application: StateApplication): boolean =>
  destinationsOf(application).length === 0 || !application.destinations.every(isPublic);

/** An application that stands elsewhere must ask the same of everybody. */
function applicationKeys(application: StateApplication): [key: string, sentence: string][] {
  if (!standsElsewhere(application)) return [];
  const { name, destinations, policies, allowedIdps, preflightBypass } = application;
  const rules = policies.map(({ decision, include, require, exclude }) => [
    decision,
    include,
    require,
    exclude,
  ]);
  const key = JSON.stringify([name, destinations, rules, allowedIdps, preflightBypass]);
  return [[key, `not judged: who gets in at places of application ${name} that are no public host names`]];
}

/** Host names at which there is too much to go through, where that is not the same on both sides. */
function tooMany(before: Situation, after: Situation): string[] {
  const both = [before, after];
  const names = haveTooManyNames(both) ? [TOO_MANY_NAMES] : [];
  const places = hostnamesApart(both).filter(
    (hostname) =>
      hasTooManyPlaces(both, hostname) && standing(before, hostname) !== standing(after, hostname),
  );
  const sentences = places.map((hostname) => tooManyAt(hostname));
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [...names, ...sentences];
}

/** That there are more kinds of host names than are gone through, in words. */
export const TOO_MANY_NAMES = "not judged: host names, of which wildcards tell too many kinds apart";

/** That a host name has more kinds of paths than are gone through, in words. */
export const tooManyAt = (hostname: string): string =>
  `not judged: paths of ${hostname}, of which rules and applications tell too many kinds apart`;

/** All that stands at a host name. */
function standing(situation: Situation, hostname: string): string {
  const { applications, records } = situation;
  const there = applications.filter((each) => destinationsOf(each).some((uri) => liesOn(uri, hostname)));
  const rules = rulesAt(situation, hostname).map((rule: StateIngressRule) => ({ ...rule, tunnelId: "" }));
  return JSON.stringify([there, rules, records]);
}
