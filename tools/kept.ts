import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, copyFile, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../packages/base/errors";

const run = promisify(execFile);

/**
 * A tool from the user's cache, made when it is not there; its folder's name changes with everything that decides what is
 * in it.
 *
 * @param pins files that decide what is made
 * @param command what the folder is made for, as a path in it
 * @param make fills the folder
 * @returns the command's path
 * @throws {UserError} when it is not cached and cannot be made.
 */
export async function kept(
  name: string,
  pins: string[],
  command: string,
  make: (into: string) => Promise<void>,
): Promise<string> {
  const hash = createHash("sha256").update(`${process.platform}-${process.arch}`);
  for (const pin of pins) hash.update(await readFile(pin));
  const cache = process.env["XDG_CACHE_HOME"] || join(process.env["HOME"] || homedir(), ".cache");
  const folder = join(cache, "comfyui-access", `${name}-${hash.digest("hex").slice(0, 12)}`);
  const path = join(folder, command);
  if (await exists(path)) return path;

  await mkdir(join(cache, "comfyui-access"), { recursive: true });
  // Made beside its place and renamed into it, so that an interrupted attempt is never taken for a whole one.
  const work = await mkdtemp(`${folder}-`);
  try {
    await make(work);
    await rename(work, folder).catch(async (error: unknown) => {
      if (!(await exists(path))) throw error;
    });
  } catch (error) {
    throw new UserError(
      `${name} could not be made: ${error instanceof Error ? error.message : String(error)}`,
      "Check that Go 1.25 and Python 3.9 are on PATH, and that the Go module proxy, PyPI and npm can be reached.",
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

/**
 * Packages of npm, in a folder of their own.
 *
 * @param pins folder with a package.json and its lock file
 * @returns the folder whose node_modules has them
 * @throws {UserError} when they are not cached and cannot be installed.
 */
export async function keptPackages(name: string, pins: string): Promise<string> {
  const files = ["package.json", "package-lock.json"];
  const found = await kept(
    name,
    files.map((file) => join(pins, file)),
    "node_modules",
    async (into) => {
      for (const file of files) await copyFile(join(pins, file), join(into, file));
      const options = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
      await run("npm", ["ci", ...options], { cwd: into });
    },
  );
  return dirname(found);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
