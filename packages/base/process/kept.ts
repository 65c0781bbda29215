import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../errors";
import { cacheFolder } from "./cache-folder";

const run = promisify(execFile);

/** Before the random end of the name of a folder that something is being made in. */
const MAKING = ".making-";

/** How old such a folder is when nobody makes anything in it any more. */
const ABANDONED_AFTER_MS = 3_600_000;

/** Fills a folder; `place` is where it is going to be. */
type Make = (into: string, place: string) => Promise<void>;

/**
 * A tool from the user's cache, made when it is not there; its folder's name changes with everything that decides what is
 * in it.
 *
 * @param pins files that decide what is made
 * @param command what the folder is made for, as a path in it
 * @param make fills the folder
 * @param advice what to do where it cannot be made
 * @param cache default: `~/.cache/comfyui-access`
 * @returns the command's path
 * @throws {UserError} when it is not cached and cannot be made.
 */
export async function kept(
  name: string,
  pins: string[],
  command: string,
  make: Make,
  advice = "Check that Go 1.25 and Python 3.9 are on PATH, and that the Go module proxy, PyPI and npm can be reached.",
  cache = cacheFolder(),
): Promise<string> {
  const hash = createHash("sha256").update(`${process.platform}-${process.arch}`);
  for (const pin of pins) hash.update(await readFile(pin));
  const folder = join(cache, `${name}-${hash.digest("hex").slice(0, 12)}`);
  const path = join(folder, command);
  if (await exists(path)) return path;

  try {
    await mkdir(cache, { recursive: true });
    await removeAbandoned(cache);
    await makeIn(folder, command, make);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${name} could not be made in ${cache}: ${error instanceof Error ? error.message : String(error)}`,
      advice,
    );
  }
  return path;
}

/** Makes a folder beside its place and renames it into it, so that an interrupted attempt is never taken for a whole one. */
async function makeIn(folder: string, command: string, make: Make): Promise<void> {
  const work = await mkdtemp(`${folder}${MAKING}`);
  try {
    await make(work, folder);
    await rename(work, folder).catch(async (error: unknown) => {
      // Another process was faster: what it has put there is as good.
      if (!(await exists(join(folder, command)))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * A command of Python packages, in an environment of their own.
 *
 * @param requirements file of pip with the packages and their exact versions
 * @throws {UserError} when it is not cached and cannot be installed.
 */
export function keptPython(
  name: string,
  requirements: string,
  command: string,
  options: string[] = [],
): Promise<string> {
  return kept(name, [requirements], join("bin", command), async (into) => {
    const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...options];
    await run("python3", ["-m", "venv", into]);
    await run(join(into, "bin", "python3"), [...args, "--only-binary=:all:", "-r", requirements]);
  });
}

/** What to do where npm cannot fetch something. */
const NPM_ADVICE = "Make npm and its registry reachable: this is done once.";

const NPM_PINS = ["package.json", "package-lock.json"];

/** What decides which packages of npm a folder has. */
export const npmPins = (pins: string): string[] => NPM_PINS.map((file) => join(pins, file));

/**
 * Packages of npm, in a folder of their own: what nothing but one command needs is no dependency.
 *
 * @param pins folder with a package.json and its lock file
 * @returns the folder whose node_modules has them
 * @throws {UserError} when they are not cached and cannot be installed.
 */
export async function keptPackages(name: string, pins: string): Promise<string> {
  const make = (into: string): Promise<void> => installPackages(name, pins, into);
  return dirname(await kept(name, npmPins(pins), "node_modules", make, NPM_ADVICE));
}

/**
 * Installs packages of npm by a lock file, without running any script of theirs.
 *
 * @param pins folder with a package.json and its lock file
 * @throws {UserError} when npm cannot fetch them.
 */
export async function installPackages(name: string, pins: string, into: string): Promise<void> {
  for (const file of NPM_PINS) await copyFile(join(pins, file), join(into, file));
  const options = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
  await run("npm", ["ci", ...options], { cwd: into }).catch((error: { code?: unknown; stderr?: string }) => {
    throw new UserError(
      `npm cannot fetch ${name} (${error.code}): ${error.stderr?.trim().split("\n")[0]}`,
      NPM_ADVICE,
    );
  });
}

/** What attempts left behind that were killed: nobody else would ever remove it. */
async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.includes(MAKING)) continue;
    const path = join(cache, name);
    const age = Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    if (age > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
