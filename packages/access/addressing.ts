import { placesOf as destinationsOf, hostAt, readPlace } from ".";
import { isHidden } from "./hidden";
import { namesApart, OTHER_NAME } from "./host-names";
import { canonicalHost, destinationCovers, ruleTakes } from "./host-pattern";
import { ANY, folderOf, pathsBeside, toldBy } from "./path-pattern";
import { isStatus, type Place, tunnelsOpenAt } from "./site";
import type { Situation, StateIngressRule } from "./situation";

/** More kinds of places than this at one host name are not gone through. */
const MOST_PLACES = 4_000;

/**
 * Every place that any of the situations tells apart from others: host names, and in each the folders of destinations and
 * the paths of tunnel rules. A pattern of which no folder tells all stands for itself, in each of them.
 */
export function placesOf(situations: readonly Situation[]): Place[] {
  return hostnamesApart(situations)
    .sort()
    .flatMap((hostname) => placesAt(situations, hostname));
}

/**
 * A host name of each kind that the situations tell apart: those that any of them names, and for its wildcards names that
 * stand for the others, on each level. Where a rule leads every host name somewhere, one that nobody names too.
 */
export function hostnamesApart(situations: readonly Situation[]): string[] {
  const others = situations.some(({ ingress }) => ingress.some((rule) => isForAll(rule) && !isStatus(rule)));
  return [...(namesIn(situations) ?? written(situations)), ...(others ? [OTHER_NAME] : [])];
}

/** Whether the situations' wildcards tell more kinds of host names apart than are gone through. */
export const haveTooManyNames = (situations: readonly Situation[]): boolean =>
  namesIn(situations) === undefined;

/** One host name for each that is written somewhere. */
const written = (situations: readonly Situation[]): string[] =>
  [...new Set(situations.flatMap(hostnamesOf))].map((hostname) => hostname.replaceAll("*", OTHER_NAME));

function namesIn(situations: readonly Situation[]): string[] | undefined {
  return namesApart({
    destinations: situations.flatMap(({ applications }) => applications.flatMap(destinationsOf).map(hostAt)),
    spanning: situations.flatMap(({ ingress, records, hostnames }) => [
      ...ingress.flatMap((rule) => (isForAll(rule) || isHidden(rule.hostname) ? [] : [rule.hostname ?? ""])),
      ...records.map(({ name }) => name),
      ...hostnames,
    ]),
  });
}

/** Whether a rule takes requests for every host name. */
const isForAll = ({ hostname }: Pick<StateIngressRule, "hostname">): boolean =>
  !isHidden(hostname) && canonicalHost(hostname) === "";

/** Whether a host name has more kinds of places than are gone through. */
export const hasTooManyPlaces = (situations: readonly Situation[], hostname: string): boolean =>
  situations.some(({ ingress }) => ingress.some(({ path }) => path !== undefined)) &&
  !pathsAt(situations, hostname).isWhole;

/** The places of one host name; where there are too many kinds, those that patterns do not multiply. */
export function placesAt(situations: readonly Situation[], hostname: string): Place[] {
  const tunnels = [...new Set(situations.flatMap((each) => tunnelsOpenAt(each, hostname)))];
  const { places: paths } = pathsAt(situations, hostname);
  return tunnels.length === 0
    ? paths
    : tunnels.flatMap((tunnel) => paths.map((place) => ({ ...place, tunnel })));
}

function pathsAt(situations: readonly Situation[], hostname: string): Paths {
  const uris = situations.flatMap(({ applications }) =>
    applications.flatMap((application) => destinationsOf(application).map(readPlace)),
  );
  const paths = uris.filter(({ host }) => destinationCovers(host, hostname)).map(({ path }) => path);
  const patterns = [...new Set(situations.flatMap((each) => patternsAt(each, hostname)))];
  const itself = named(patterns);
  const most = MOST_PLACES / (itself.length + 1);
  const folders = representatives([...paths, ...patterns.flatMap((pattern) => folderOf(pattern) ?? [])]);
  const below = ["", ...representatives(paths)];
  const moved = movedPatterns(situations, hostname);
  const all = new Set(["/", ...folders]);
  for (const pattern of patterns) for (const path of beside(pattern, [""])) all.add(path);
  const least = all.size;
  for (const pattern of patterns) {
    const crossing = moved.has(pattern) ? patterns : [pattern, ...moved];
    const above = crossing.flatMap((each) => folderOf(each) ?? []);
    for (const path of beside(
      pattern,
      below.flatMap((folder) => ["", ...above].map((each) => `${folder}${each}`)),
    )) {
      all.add(path);
      if (all.size > most)
        return { places: placesIn(hostname, [...all].slice(0, least), itself), isWhole: false };
    }
  }
  return { places: placesIn(hostname, [...all], itself), isWhole: true };
}

interface Paths {
  places: Place[];
  /** False when there are too many: these are only some of them. */
  isWhole: boolean;
}

function placesIn(hostname: string, paths: readonly string[], patterns: readonly string[]): Place[] {
  const sorted = paths.toSorted().map((path) => ({ hostname, path, apart: true as const }));
  return [...sorted, ...patterns.flatMap((pattern) => sorted.map((place) => ({ ...place, pattern })))];
}

/** Rules of tunnels that may take requests for a host name. */
export const rulesAt = ({ ingress }: Situation, hostname: string): StateIngressRule[] =>
  ingress.filter((rule) => ruleTakes(rule.hostname, hostname) !== "no");

/** Patterns of tunnel rules at a host name. */
const patternsAt = (situation: Situation, hostname: string): string[] =>
  rulesAt(situation, hostname).flatMap(({ path }) => path ?? []);

/**
 * Patterns that do not stand at the same place among the others in each situation: only with one of these may a request
 * be taken by another rule than before. Of paths that two others take, the first of the two takes them as before.
 */
function movedPatterns(situations: readonly Situation[], hostname: string): Set<string> {
  const lists = situations.map((each) => rulesAt(each, hostname));
  const [first = [], ...others] = lists.map((rules) =>
    rules.map((rule) => JSON.stringify([rule.hostname, rule.path])),
  );
  const shortest = Math.min(first.length, ...others.map(({ length }) => length));
  const isSame = (at: (list: readonly string[]) => string | undefined) =>
    others.every((list) => at(list) === at(first));
  let front = 0;
  while (front < shortest && isSame((list) => list[front])) front += 1;
  let back = 0;
  while (back < shortest - front && isSame((list) => list[list.length - 1 - back])) back += 1;
  return new Set(
    lists.flatMap((rules) => rules.slice(front, rules.length - back).flatMap(({ path }) => path ?? [])),
  );
}

/** Patterns of which no path tells all. */
const named = (patterns: readonly string[]): string[] =>
  patterns.filter((pattern) => toldBy(pattern) !== "folder").sort();

/** A path for each way to be what a pattern is about, or not quite; one that begins anywhere is also below others. */
function beside(pattern: string, above: readonly string[]): string[] {
  const folder = folderOf(pattern);
  if (folder === undefined) return [];
  const before = pattern.startsWith("^") ? [] : [`/${ANY}`, ...above];
  return ["", ...before].flatMap((each) => pathsBeside(`${each}${folder}`));
}

/** All host names that a side publishes or guards, each in its one spelling; a wildcard stays one. */
export function hostnamesOf({ applications, ingress, records }: Situation): string[] {
  const names = [
    ...applications.flatMap(destinationsOf),
    ...ingress.flatMap(({ hostname }) => (isHidden(hostname) ? [] : (hostname ?? []))),
    ...records.map(({ name }) => name),
  ];
  return [...new Set(names.map(hostAt))];
}

/** A path for each folder that destinations name; a wildcard stands for any folder, and for each that others name. */
function representatives(all: readonly string[]): string[] {
  const paths = all.map((path) => path.replace(/^\//, ""));
  const folders = new Set(
    [ANY, ...paths.flatMap((path) => path.split("/"))].filter((f) => !/[*]|^$/.test(f)),
  );
  return paths.flatMap((path) => {
    const fillings = path.includes("*") ? [...folders] : [""];
    return fillings.map((folder) => `/${path.replaceAll("*", folder)}`.replace(/(.)\/$/, "$1"));
  });
}
