import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, copyFile, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../errors";
import { cacheFolder } from "./cache-folder";

const run = promisify(execFile);

/**
 * A tool from the user's cache, made when it is not there; its folder's name changes with everything that decides what is
 * in it.
 *
 * @param pins files that decide what is made
 * @param command what the folder is made for, as a path in it
 * @param make fills the folder
 * @param advice what to do where it cannot be made
 * @returns the command's path
 * @throws {UserError} when it is not cached and cannot be made.
 */
export async function kept(
  name: string,
  pins: string[],
  command: string,
  make: (into: string) => Promise<void>,
  advice = "Check that Go 1.25 and Python 3.9 are on PATH, and that the Go module proxy, PyPI and npm can be reached.",
): Promise<string> {
  const hash = createHash("sha256").update(`${process.platform}-${process.arch}`);
  for (const pin of pins) hash.update(await readFile(pin));
  const cache = cacheFolder();
  const folder = join(cache, `${name}-${hash.digest("hex").slice(0, 12)}`);
  const path = join(folder, command);
  if (await exists(path)) return path;

  await mkdir(cache, { recursive: true });
  // Made beside its place and renamed into it, so that an interrupted attempt is never taken for a whole one.
  const work = await mkdtemp(`${folder}-`);
  try {
    await make(work);
    await rename(work, folder).catch(async (error: unknown) => {
      if (!(await exists(path))) throw error;
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${name} could not be made: ${error instanceof Error ? error.message : String(error)}`,
      advice,
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return path;
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

/**
 * Packages of npm, in a folder of their own: what nothing but one command needs is no dependency.
 *
 * @param pins folder with a package.json and its lock file
 * @returns the folder whose node_modules has them
 * @throws {UserError} when they are not cached and cannot be installed.
 */
export async function keptPackages(name: string, pins: string): Promise<string> {
  const make = (into: string): Promise<void> => installPackages(name, pins, into);
  const files = NPM_PINS.map((file) => join(pins, file));
  return dirname(await kept(name, files, "node_modules", make, NPM_ADVICE));
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

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
