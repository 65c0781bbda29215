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
  const [first, ...others] = formsOf(path).map((form) => expression.matcher(form).find());
  if (others.some((other) => other !== first)) return "unknown";
  return first ? "yes" : "no";
}

/** A path as it comes, and as Cloudflare may make it of that: without dot segments and double slashes. */
function formsOf(path: string): string[] {
  const [bare = "/"] = path.split(/[?#]/);
  const plain = new URL(`http://host${bare}`).pathname.replaceAll(/\/{2,}/g, "/");
  return [...new Set([decoded(bare), decoded(plain)])];
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Letters that stand for themselves in a pattern, a folder's slashes among them. */
const PLAIN = /^\^?(\/(?:[A-Za-z0-9_~/-]|\\[.+])*)(?:\.\*|\(\/\.\*\)\?|\(\/\|\$\))?\$?$/;

/**
 * The folder that a pattern is about, where it is written so that three kinds of paths tell all: the folder, what lies
 * below it, and what only begins like it. Undefined for any other pattern.
 */
export function folderOf(pattern: string): string | undefined {
  const [, folder] = PLAIN.exec(pattern) ?? [];
  return folder === undefined ? undefined : folder.replaceAll("\\", "").replace(/(.)\/+$/, "$1");
}

/** Stands for a folder that nobody names, or what makes another one of a folder's name. */
export const ANY = "~any-other";

/** A path of each kind that a folder tells apart: the folder, what lies below it, and what only begins like it. */
export const pathsBeside = (folder: string): string[] =>
  ["", `/${ANY}`, ANY].map((end) => `${folder}${end}`.replaceAll(/\/{2,}/g, "/"));

/**
 * Places in a folder where a pattern takes requests. Where no folder tells what it takes, the folder stands for all of
 * it.
 */
export function takenIn(folder: string, pattern: string): { path: string; pattern?: string }[] {
  const about = folderOf(pattern);
  if (about === undefined) return [{ path: folder, pattern }];
  return [folder, ...pathsBeside(about), ...pathsBeside(`${folder}${about}`)]
    .filter((path) => takesPath(pattern, path) === "yes")
    .map((path) => ({ path }));
}
