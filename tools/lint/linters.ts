import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../../packages/base/errors";

const run = promisify(execFile);

/**
 * Finds actionlint, or builds it from its Go module at the version that `actionlint/go.mod` pins.
 *
 * @returns the command's path
 * @throws {UserError} when it is not cached and cannot be built.
 */
export function ensureActionlint(): Promise<string> {
  const dir = join(__dirname, "actionlint");
  return ensure("actionlint", [join(dir, "go.mod"), join(dir, "go.sum")], "actionlint", async (into) => {
    const command = "github.com/rhysd/actionlint/cmd/actionlint";
    await run("go", ["build", "-trimpath", "-o", join(into, "actionlint"), command], {
      cwd: dir,
      env: { ...process.env, GOWORK: "off", GOFLAGS: "-mod=readonly -buildvcs=false", CGO_ENABLED: "0" },
    });
  });
}

/**
 * Finds zizmor, or installs its wheel from PyPI, by version and hash, into an environment of its own.
 *
 * @returns the command's path
 * @throws {UserError} when it is not cached and cannot be installed.
 */
export function ensureZizmor(): Promise<string> {
  const requirements = join(__dirname, "zizmor", "requirements.txt");
  return ensure("zizmor", [requirements], join("bin", "zizmor"), async (into) => {
    const args = ["-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary=:all:", "--no-deps"];
    await run("python3", ["-m", "venv", into]);
    await run(join(into, "bin", "python3"), [...args, "--disable-pip-version-check", "-r", requirements]);
  });
}

/** A tool from the user's cache; its folder's name changes with everything that decides what is in it. */
async function ensure(
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
      "Check that Go 1.25 and Python 3.9 are on PATH, and that the Go module proxy and PyPI can be reached.",
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return path;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
