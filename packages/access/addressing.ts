import { placesOf as destinationsOf, hostAt, readPlace } from ".";
import { destinationCovers, ruleCovers } from "./host-pattern";
import { ANY, folderOf, pathsBeside, toldBy } from "./path-pattern";
import type { Place } from "./site";
import type { Situation } from "./situation";

/**
 * Every place that any of the situations tells apart from others: host names, and in each the folders of destinations and
 * the paths of tunnel rules. A pattern of which no folder tells all stands for itself, in each of them.
 */
export function placesOf(situations: readonly Situation[]): Place[] {
  const hostnames = new Set(situations.flatMap(hostnamesOf).map(concrete));
  return [...hostnames].sort().flatMap((hostname) => placesAt(situations, hostname));
}

/** The places of one host name. */
export function placesAt(situations: readonly Situation[], hostname: string): Place[] {
  const uris = situations.flatMap(({ applications }) =>
    applications.flatMap((application) => destinationsOf(application).map(readPlace)),
  );
  const paths = uris.filter(({ host }) => destinationCovers(host, hostname)).map(({ path }) => path);
  const patterns = [...new Set(situations.flatMap((each) => patternsAt(each, hostname)))];
  const folders = representatives([...paths, ...patterns.flatMap((pattern) => folderOf(pattern) ?? [])]);
  const all = [...new Set(["/", ...folders, ...patterns.flatMap((each) => beside(each, folders))])].sort();
  return [
    ...all.map((path) => ({ hostname, path, apart: true as const })),
    ...named(patterns).flatMap((pattern) =>
      all.map((path) => ({ hostname, path, pattern, apart: true as const })),
    ),
  ];
}

/** Patterns of tunnel rules at a host name. */
const patternsAt = ({ ingress }: Situation, hostname: string): string[] =>
  ingress.flatMap(({ hostname: host, path }) =>
    path === undefined || !ruleCovers(host, hostname) ? [] : [path],
  );

/** Patterns of which no path tells all. */
const named = (patterns: readonly string[]): string[] =>
  patterns.filter((pattern) => toldBy(pattern) !== "folder").sort();

/** A path for each way to be what a pattern is about, or not quite; one that begins anywhere is also below others. */
function beside(pattern: string, folders: readonly string[]): string[] {
  const folder = folderOf(pattern);
  if (folder === undefined) return [];
  const above = pattern.startsWith("^") ? [] : [`/${ANY}`, ...folders];
  return ["", ...above].flatMap((each) => pathsBeside(`${each}${folder}`));
}

/**
 * Patterns of which no path tells all, and that do not stand behind the same rules on both sides: one sentence each. What
 * else they take now cannot be told. Of one that cannot be read nor can what stands behind it.
 */
export function undecidedPatterns(before: Situation, after: Situation): string[] {
  const [then, now] = [patternKeys(before), patternKeys(after)];
  const differing = [...then, ...now].filter(([key]) => !(then.has(key) && now.has(key)));
  return [...new Set(differing.map(([, sentence]) => sentence))].sort();
}

function patternKeys({ ingress }: Situation): Map<string, string> {
  const keys = new Map<string, string>();
  for (const [index, { hostname, path }] of ingress.entries()) {
    const told = path === undefined ? "folder" : toldBy(path);
    if (told === "folder") continue;
    const before = ingress.slice(0, index + 1).filter((rule) => meet(rule.hostname, hostname));
    const key = JSON.stringify(
      told === undefined ? [index, ingress] : before.map((rule) => [rule.hostname, rule.path]),
    );
    keys.set(key, `not judged: path ${path} of the tunnel's rule for ${hostname ?? "every host name"}`);
  }
  return keys;
}

/** Whether two host names of rules may take the same request. */
const meet = (one: string | undefined, other: string | undefined): boolean =>
  ruleCovers(one, other ?? "") || ruleCovers(other, one ?? "");

/** All host names that a side publishes or guards, each in its one spelling; a wildcard stays one. */
export function hostnamesOf({ applications, ingress, records }: Situation): string[] {
  const names = [
    ...applications.flatMap(destinationsOf),
    ...ingress.flatMap(({ hostname }) => hostname ?? []),
    ...records.map(({ name }) => name),
  ];
  return [...new Set(names.map(hostAt))];
}

/** A host name that a wildcard covers, and that nobody names. */
const concrete = (hostname: string): string => hostname.replaceAll("*", "any-other");

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
