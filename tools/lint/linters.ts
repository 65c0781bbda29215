import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { kept, keptPython } from "../../packages/base/process/kept";

const run = promisify(execFile);

/**
 * Finds actionlint, or builds it from its Go module at the version that `actionlint/go.mod` pins.
 *
 * @returns the command's path
 * @throws {UserError} when it is not cached and cannot be built.
 */
export function ensureActionlint(): Promise<string> {
  const dir = join(__dirname, "actionlint");
  return kept("actionlint", [join(dir, "go.mod"), join(dir, "go.sum")], "actionlint", async (into) => {
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
  return keptPython("zizmor", requirements, "zizmor", ["--require-hashes", "--no-deps"]);
}

/**
 * Finds ruff and mypy, or installs them from PyPI into an environment of their own.
 *
 * @returns the path of the Python that has them
 * @throws {UserError} when they are not cached and cannot be installed.
 */
export function ensurePythonLinters(): Promise<string> {
  const requirements = join(__dirname, "python", "requirements.txt");
  return keptPython("python-linters", requirements, "python3", ["--no-deps"]);
}
