import { execFile } from "node:child_process";
import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors";
import { formatOf } from "./audit";
import { type Ignore, isIgnored, parseGitignore } from "./gitignore";
import type { AuditFile, AuditReport } from "./types";

/** Folders of others' code and of what a build made. */
const LEFT_OUT = new Set([
  "node_modules",
  ".git",
  ".hg",
  ".svn",
  ".venv",
  "venv",
  "site-packages",
  "__pycache__",
  ".tox",
  ".mypy_cache",
  ".next",
  ".nuxt",
  "dist",
  "build",
  "out",
  "target",
  "vendor",
  "coverage",
  ".cache",
  ".pulumi",
]);

/** What was read of a folder. */
export interface Collected {
  files: AuditFile[];
  skipped: AuditReport["skipped"];
}

/**
 * Reads the files of a folder that the audit knows how to read. Links are not followed, so that a loop cannot hold
 * it; what a .gitignore leaves out is left out, except files that git has all the same, and `.env` files: they are
 * where a script's address stands.
 * @param maxBytes larger files are named as skipped, and not read
 * @throws {UserError} when the folder cannot be read
 */
export async function collect(root: string, maxBytes: number): Promise<Collected> {
  const tracked = await trackedFiles(root);
  const collected: Collected = { files: [], skipped: [] };
  try {
    readdirSync(root);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(
      `could not read the folder ${root} (${code})`,
      "Name a folder that exists and may be read.",
    );
  }
  walk("", [], false, { root, maxBytes, tracked, collected });
  return collected;
}

interface Walk {
  root: string;
  maxBytes: number;
  tracked: ReadonlySet<string>;
  collected: Collected;
}

interface Scope {
  /** Folder of the .gitignore, empty or with a slash at its end. */
  base: string;
  ignore: Ignore;
}

/** @param inside the folder itself is left out, and read for what git keeps in it */
function walk(folder: string, above: Scope[], inside: boolean, context: Walk): void {
  const entries = entriesOf(join(context.root, folder), folder, context);
  const scopes = [...above, ...scopeOf(folder, entries, context)];
  for (const entry of entries) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory()) {
      if (LEFT_OUT.has(entry.name) || isVirtualenv(join(context.root, path))) continue;
      const out = inside || leftOut(path, true, scopes);
      if (!out || hasTracked(path, context)) walk(`${path}/`, scopes, out, context);
    } else if (entry.isFile() && formatOf(entry.name) !== undefined) {
      const wanted =
        context.tracked.has(path) ||
        /^\.env(\.|$)/.test(entry.name) ||
        !(inside || leftOut(path, false, scopes));
      if (wanted) read(path, context);
    }
  }
}

function entriesOf(path: string, folder: string, { collected }: Walk): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch (error) {
    collected.skipped.push({
      path: folder,
      reason: `could not be read (${(error as NodeJS.ErrnoException).code})`,
    });
    return [];
  }
}

function scopeOf(folder: string, entries: Dirent[], { root }: Walk): Scope[] {
  if (!entries.some((entry) => entry.name === ".gitignore" && entry.isFile())) return [];
  return [{ base: folder, ignore: parseGitignore(readFileSync(join(root, folder, ".gitignore"), "utf8")) }];
}

/** The nearest .gitignore that speaks of a path decides. */
function leftOut(path: string, directory: boolean, scopes: Scope[]): boolean {
  for (const { base, ignore } of scopes.toReversed()) {
    const verdict = isIgnored(ignore, path.slice(base.length), directory);
    if (verdict !== undefined) return verdict;
  }
  return false;
}

function hasTracked(folder: string, { tracked }: Walk): boolean {
  return [...tracked].some((path) => path.startsWith(`${folder}/`));
}

function isVirtualenv(path: string): boolean {
  return statSync(join(path, "pyvenv.cfg"), { throwIfNoEntry: false }) !== undefined;
}

function read(path: string, { root, maxBytes, tracked, collected }: Walk): void {
  try {
    const absolute = join(root, path);
    const { size } = statSync(absolute);
    if (size > maxBytes) {
      collected.skipped.push({ path, reason: `larger than ${maxBytes} bytes` });
      return;
    }
    const bytes = readFileSync(absolute);
    // As git tells binary files from text.
    if (bytes.subarray(0, 8000).includes(0)) return;
    collected.files.push({ path, text: bytes.toString("utf8"), tracked: tracked.has(path) });
  } catch (error) {
    collected.skipped.push({ path, reason: `could not be read (${(error as NodeJS.ErrnoException).code})` });
  }
}

/** Paths that git keeps, below the folder; none without git or outside a work tree. */
function trackedFiles(root: string): Promise<ReadonlySet<string>> {
  return new Promise((resolve) => {
    // Inside a git hook, variables name another repository; here the folder decides.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
    const options = { env, maxBuffer: 256 * 1024 * 1024 };
    execFile("git", ["-C", root, "ls-files", "-z"], options, (error, stdout) => {
      resolve(new Set(error ? [] : stdout.split("\0").filter((path) => path !== "")));
    });
  });
}
