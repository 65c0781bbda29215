import { execFile } from "node:child_process";
import {
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../../base/errors";
import { formatOf, isNoSource } from "./formats";
import type { AuditFile, NotRead } from "./types";

const run = promisify(execFile);

/** Folders of others' code and of what a build made: left out, except what git keeps in them. */
export const LEFT_OUT = [
  "node_modules",
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
];

/** What was read of a folder. */
export interface Collected {
  files: AuditFile[];
  skipped: NotRead[];
}

/**
 * Reads the texts of a folder. Which files count, git says: what it keeps, and what it would, so that `.gitignore` holds
 * as git means it; and `.env` files in any case, since they are where a script's address stands. Links are not followed.
 * @param maxBytes larger files are named, and not read
 * @throws {UserError} when the folder cannot be read, or git cannot be asked
 */
export async function collect(root: string, maxBytes: number): Promise<Collected> {
  try {
    readdirSync(root);
  } catch (error) {
    throw new UserError(
      `could not read the folder ${root} (${codeOf(error)})`,
      "Name a folder that exists and may be read.",
    );
  }
  const collected: Collected = { files: [], skipped: [] };
  const listed = await list(root);
  for (const path of [...listed.keys()].sort()) {
    read(root, path, listed.get(path) === true, maxBytes, collected);
  }
  return collected;
}

/** Paths below a folder, with whether git keeps them. A repository in it is asked for its own. */
async function list(root: string): Promise<Map<string, boolean>> {
  const empty = mkdtempSync(join(tmpdir(), "comfyui-audit-"));
  try {
    return await listIn(root, empty);
  } finally {
    rmSync(empty, { recursive: true, force: true });
  }
}

/** @param empty a folder for a repository without a commit, by which git lists what is in none */
async function listIn(root: string, empty: string): Promise<Map<string, boolean>> {
  const isIn = await git(root, ["rev-parse", "--is-inside-work-tree"]).catch(() => "");
  const place = isIn.trim() === "true" ? [] : await outside(root, empty);
  const listing = ["ls-files", "-z"];
  const tracked = paths(await git(root, [...place, ...listing]));
  const patterns = LEFT_OUT.map((name) => `--exclude=${name}/`);
  const others = paths(
    await git(root, [...place, ...listing, "--others", "--exclude-standard", ...patterns]),
  );
  const settings = [":(glob)**/.env", ":(glob)**/.env.*"];
  const hidden = ["--others", "--ignored", "--exclude-standard", ...patterns];
  const ignored = paths(await git(root, [...place, ...listing, ...hidden, "--", ...settings]));
  const environments = virtualEnvironments(others);
  const wanted = [...others, ...ignored.filter(isOwn)].filter(
    (path) => !environments.some((folder) => path.startsWith(folder)),
  );
  const found = new Map<string, boolean>(wanted.map((path) => [path, false]));
  for (const path of tracked) found.set(path, true);
  // A repository of its own, which git names and does not open.
  for (const path of [...found.keys()].filter((each) => isFolder(join(root, each)))) {
    found.delete(path);
    const folder = path.replace(/\/?$/, "/");
    for (const [inner, isKept] of await listIn(join(root, folder), empty))
      found.set(`${folder}${inner}`, isKept);
  }
  return found;
}

async function outside(root: string, empty: string): Promise<string[]> {
  await git(empty, ["init", "--quiet", "--bare", "."]).catch((error) => {
    throw new UserError(
      `git could not be asked for the files (${codeOf(error)})`,
      "Install git: it knows what to leave out.",
    );
  });
  return [`--git-dir=${empty}`, `--work-tree=${root}`];
}

function isOwn(path: string): boolean {
  return !path.split("/").some((name) => LEFT_OUT.includes(name));
}

/** Folders that Python's `venv` made, under whatever name. */
function virtualEnvironments(found: readonly string[]): string[] {
  return found.flatMap((path) => (path.endsWith("/pyvenv.cfg") ? [path.slice(0, -"pyvenv.cfg".length)] : []));
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function paths(output: string): string[] {
  return output.split("\0").filter((path) => path !== "");
}

async function git(folder: string, args: string[]): Promise<string> {
  // Inside a git hook, variables name another repository; here the folder decides.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
  // Whoever owns the folder: nothing of it is run, only its list is read.
  const safe = ["-c", "safe.directory=*", "-c", "core.fsmonitor=false"];
  const options = { env, maxBuffer: 256 * 1024 * 1024 };
  const { stdout } = await run("git", ["-C", folder, ...safe, ...args], options);
  return stdout;
}

/** How much of a file tells whether it is a text: as git tells binary files. */
const HEAD = 8000;
/** Of a text that nothing but its words is looked at. */
const LARGEST = 64 * 1024 * 1024;

function read(root: string, path: string, tracked: boolean, maxBytes: number, collected: Collected): void {
  const absolute = join(root, path);
  try {
    const stat = lstatSync(absolute, { throwIfNoEntry: false });
    if (!stat?.isFile() || isNoSource(path)) return;
    const head = headOf(absolute);
    const encoding = encodingOf(head);
    const format = formatOf(path, head.toString("utf8"));
    if (head.includes(0) && encoding === "utf-8") {
      // A picture or a model is no program; a program that is no text is one that nobody has read.
      if (format) collected.skipped.push({ path, code: "binary" });
    } else if (stat.size > (format ? maxBytes : LARGEST)) {
      collected.skipped.push({ path, code: "too-large" });
    } else {
      const text = new TextDecoder(encoding).decode(readFileSync(absolute));
      collected.files.push({ path, text, tracked });
    }
  } catch (error) {
    collected.skipped.push({ path, code: "unreadable", cause: codeOf(error) });
  }
}

function headOf(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(HEAD);
    return head.subarray(0, readSync(file, head, 0, HEAD, 0));
  } finally {
    closeSync(file);
  }
}

/** Windows' editors write PowerShell scripts in UTF-16. */
function encodingOf(bytes: Buffer): "utf-8" | "utf-16le" | "utf-16be" {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? "unknown");
}
