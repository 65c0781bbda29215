import { isHidden } from "./hidden";
import type { Match } from "./types";

type Re2 = typeof import("re2js");

let re2: Re2 | undefined;
/** Undefined: not one of Go's expressions. */
const compiledBefore = new Map<string, InstanceType<Re2["RE2JS"]> | undefined>();

/**
 * The expressions of Go, as cloudflared has them: JavaScript's own mean something else in too many places, e.g. `(?i)`,
 * `\pL` and `\z`. Read when the first pattern is judged: most stacks have none.
 */
function compiled(pattern: string) {
  if (!compiledBefore.has(pattern)) compiledBefore.set(pattern, compile(pattern));
  return compiledBefore.get(pattern);
}

function compile(pattern: string) {
  re2 ??= require("re2js") as Re2;
  try {
    return re2.RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}

/** The patterns that take every path, as a rule without one does. */
const EVERY_PATH = new Set<unknown>(["", "/", "^/", ".*", "^/.*"]);

/** Whether cloudflared takes a text for the pattern of paths; with one that it does not, it keeps its rules of before. */
export const isPathPattern = (text: unknown): boolean =>
  EVERY_PATH.has(text) || (typeof text === "string" && compiled(text) !== undefined);

/** Whether it can be told what a pattern takes: it is one, and not for the update alone to tell. */
const canBeRead = (pattern: string): boolean => !isHidden(pattern) && isPathPattern(pattern);

/**
 * How paths are found that tell what a pattern takes: those of a folder, or none, so that it stands for itself. Undefined
 * where it cannot be told what it takes.
 */
export function toldBy(pattern: string): "folder" | "itself" | undefined {
  if (folderOf(pattern) !== undefined) return "folder";
  return canBeRead(pattern) ? "itself" : undefined;
}

/** Whether a rule without a pattern, or with this one, takes every path. */
export const takesEveryPath = (pattern: string | undefined): boolean =>
  pattern === undefined || EVERY_PATH.has(pattern);

/**
 * Does a tunnel rule with this pattern take requests for a path? It is looked for anywhere in the path, without its
 * query and with its percent signs read (ingress/rule.go). Unknown for a pattern that is none or cannot be read, and for a path that
 * Cloudflare may bring into another form on the way, where that makes a difference.
 * @param path from the first slash, with or without a query
 */
export function takesPath(pattern: string | undefined, path: string): Match {
  if (takesEveryPath(pattern)) return "yes";
  const expression = isHidden(pattern) ? undefined : compiled(pattern ?? "");
  if (expression === undefined) return "unknown";
  const forms = formsOf(path);
  // Bytes that are no text are matched as bytes.
  if (forms === undefined) return "unknown";
  const [first, ...others] = forms.map((form) => expression.matcher(form).find());
  if (others.some((other) => other !== first)) return "unknown";
  return first ? "yes" : "no";
}

/** A path as it comes, and as Cloudflare may make it of that: without dot segments and double slashes. */
function formsOf(path: string): string[] | undefined {
  const [bare = "/"] = path.split(/[?#]/);
  const plain = new URL(`http://host${bare}`).pathname.replaceAll(/\/{2,}/g, "/");
  try {
    return [...new Set([bare, plain].map(decodeURIComponent))];
  } catch {
    return undefined;
  }
}

/**
 * A pattern about a folder: from its start or anywhere, as it stands, to its end, or with all that follows. With a slash at
 * its end it is another folder's, so nothing but all that follows may come behind.
 */
const FOLDER = /^\^?((?:\/(?:[A-Za-z0-9_~-]|\\[.+])+)+)(?:\/?|\/?\.\*\$?|\(\/\.\*\)\?\$?|\(\/\|\$\)|\$)$/;
const ROOT = /^\^?\/(?:\.\*)?\$?$/;

/**
 * The folder that a pattern is about, where it is written so that a few kinds of paths tell all: the folder, what lies
 * below it, and what only begins like it, each with a line break in it or without. Undefined for any other pattern.
 */
export function folderOf(pattern: string): string | undefined {
  if (ROOT.test(pattern)) return "/";
  return FOLDER.exec(pattern)?.[1]?.replaceAll("\\", "");
}

/** Stands for a folder that nobody names, or what makes another one of a folder's name. */
export const ANY = "~any-other";
/** Go's `.` does not take it. */
const LINE_BREAK = "%0A";

/** A path of each kind that a folder tells apart. */
export const pathsBeside = (folder: string): string[] =>
  ["", `/${ANY}`, ANY, `/${ANY}${LINE_BREAK}`, `${ANY}${LINE_BREAK}`].map((end) =>
    `${folder}${end}`.replaceAll(/\/{2,}/g, "/"),
  );
