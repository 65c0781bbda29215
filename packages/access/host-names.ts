import { globMatches } from "./glob";
import { plainHost } from "./host-pattern";

/** Host names by what asks for them, maybe with wildcards. */
export interface HostPatterns {
  /** Of Access destinations: a `*` stands anywhere in a label, and stays within it. */
  destinations: readonly string[];
  /** Of DNS records and of tunnel rules: a `*` stands first, and spans levels. */
  spanning: readonly string[];
}

/** Stands for a label that nobody names, and alone for a host name that nobody names. */
export const OTHER_NAME = "any-other";

/** More names than this are not gone through: what stands in one label multiplies with what stands in the others. */
const MOST_NAMES = 2_000;

/** A pattern label by label, the last one first. */
interface Pattern {
  labels: readonly string[];
  /** Whether it covers names with more labels before these, and no other. */
  isOpen: boolean;
}

/**
 * A host name of each kind that patterns tell apart: every one without a wildcard, and for the wildcards, on each level
 * that they reach, names that other patterns cover too and names that none does. Undefined where there are too many.
 */
export function namesApart({ destinations, spanning }: HostPatterns): string[] | undefined {
  const named = [...destinations, ...spanning].map(plainHost).filter((host) => !host.includes("*"));
  const patterns = [
    ...destinations.map((host): Pattern => ({ labels: labelsOf(host), isOpen: false })),
    ...spanning.flatMap(spanningPatterns),
  ];
  // Without a wildcard no name covers another.
  if (named.length === destinations.length + spanning.length) return [...new Set(named)];
  const kinds = new Map<string, string>();
  for (const name of named) kinds.set(kindOf(name.split(".").reverse(), patterns), name);
  const isDone = walk([], patterns, { patterns, kinds, left: MOST_NAMES });
  return isDone ? [...new Set([...named, ...kinds.values()])] : undefined;
}

const labelsOf = (host: string): string[] => plainHost(host).split(".").reverse();

function spanningPatterns(host: string): Pattern[] {
  const labels = labelsOf(host);
  const [last = "", ...others] = labels.toReversed();
  if (last === "*") return [{ labels: others.reverse(), isOpen: true }];
  return [{ labels, isOpen: false }, ...(last.startsWith("*") ? [{ labels, isOpen: true }] : [])];
}

interface Walk {
  patterns: readonly Pattern[];
  /** A name for each set of patterns that cover it. */
  kinds: Map<string, string>;
  left: number;
}

/** Goes on from the end of names to every label before it that makes a difference. Returns false when it is too long. */
function walk(end: readonly string[], alive: readonly Pattern[], all: Walk): boolean {
  const next = alive.flatMap(({ labels }) => labels[end.length] ?? []);
  return labelsApart(next).every((label) => {
    all.left -= 1;
    if (all.left < 0) return false;
    const name = [...end, label];
    const fitting = alive.filter((pattern) => mayCover(pattern, name));
    const covering = fitting.filter((pattern) => covers(pattern, name));
    const kind = covering.length === 0 ? undefined : kindOf(name, all.patterns);
    if (kind !== undefined && !all.kinds.has(kind)) all.kinds.set(kind, name.toReversed().join("."));
    // With a label more another pattern covers it, or one less does.
    const goesOn =
      fitting.some((pattern) => pattern.labels.length >= name.length && !covering.includes(pattern)) ||
      (covering.some(({ isOpen }) => isOpen) && covering.some(({ isOpen }) => !isOpen));
    return !goesOn || walk(name, fitting, all);
  });
}

const kindOf = (name: readonly string[], patterns: readonly Pattern[]): string =>
  patterns.map((pattern) => (mayCover(pattern, name) && covers(pattern, name) ? "1" : "0")).join("");

/** Whether a pattern covers a name, or one that ends like it. */
const mayCover = ({ labels, isOpen }: Pattern, name: readonly string[]): boolean =>
  (isOpen || labels.length >= name.length) &&
  name.every((label, at) => at >= labels.length || globMatches(labels[at] ?? "", label));

const covers = ({ labels, isOpen }: Pattern, { length }: readonly string[]): boolean =>
  isOpen ? length > labels.length : length === labels.length;

/** Labels of each kind that patterns of one label tell apart: one that nobody names first. */
function labelsApart(patterns: readonly string[]): string[] {
  const globs = patterns.filter((each) => each.includes("*")).map((each) => each.split("*"));
  const starts = [...new Set(["", ...globs.map((parts) => parts[0] ?? "")])];
  const ends = [...new Set(["", ...globs.map((parts) => parts.at(-1) ?? "")])];
  const other = `${apartFrom(starts.map((start) => start.at(0)))}${OTHER_NAME}${apartFrom(ends.map((end) => end.at(-1)))}`;
  const joined = starts.flatMap((start) => ends.flatMap((end) => joins(start, other, end)));
  // Of more than one wildcard in a label, which Cloudflare does not take, one filling each.
  const filled = globs.filter(({ length }) => length > 2).map((parts) => parts.join(OTHER_NAME));
  const literal = patterns.filter((each) => !each.includes("*"));
  return [...new Set([...joined, ...filled, ...literal])].filter((label) => label !== "");
}

/** A sign with which none of the patterns begins, or ends; empty where none is needed. */
function apartFrom(taken: readonly (string | undefined)[]): string {
  const signs = taken.filter((sign) => sign !== undefined);
  return signs.length === 0
    ? ""
    : ([..."0123456789abcdefghijklmnopqrstuvwxyz"].find((sign) => !signs.includes(sign)) ?? "");
}

/** Labels that begin and end in one way each: with something between, and with each part that may be of both. */
function joins(start: string, between: string, end: string): string[] {
  const shared = Array.from({ length: Math.min(start.length, end.length) + 1 }, (_, length) => length);
  const short = shared.filter((length) => start.endsWith(end.slice(0, length)));
  return [`${start}${between}${end}`, ...short.map((length) => start + end.slice(length))];
}
