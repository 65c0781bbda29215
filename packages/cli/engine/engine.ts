import { join } from "node:path";
import { UserError } from "../../base/errors";
import { cacheFolder } from "../../base/process/cache-folder";
import { buildEngine } from "./build";
import { buildKey, engineVersion, isWhole } from "./programs";
import { run, which } from "./run-program";
import { printedVersion } from "./version";

/** The oldest `pulumi` on PATH that is used instead of a build. */
const oldestUsable = [3, 259] as const;

/** A Pulumi engine ready to run. */
export interface Engine {
  /** Absolute path of the `pulumi` command. */
  command: string;
  /** Folder to put first on PATH, so that the engine finds its Node.js host; undefined for an installed one. */
  binDir: string | undefined;
  /** Its version, without a leading `v`. */
  version: string;
  /** Where it came from. */
  origin: "installed" | "cached" | "built";
}

/** Where {@link ensureEngine} looks and builds; each default is the user's own environment. */
export interface EngineOptions {
  /** Called with one line of progress at a time. Default: nothing is said. */
  log?: (line: string) => void;
  /** Environment to search and build in. Default: `process.env`. */
  env?: NodeJS.ProcessEnv;
  /** Folder that keeps built engines. Default: `comfyui-access/engine` in the user's cache folder. */
  cacheDir?: string;
  /** How long another command's build is waited for, in milliseconds. Default: an hour. */
  patienceMs?: number;
}

/**
 * Finds a Pulumi engine, or builds one from its Go modules.
 *
 * In this order: `pulumi` on PATH (3.259 or newer, with its Node.js host), a cached build, a new build.
 *
 * @throws {UserError} when there is neither a usable `pulumi` nor a `go` command, or when the build fails.
 */
export async function ensureEngine(options: EngineOptions = {}): Promise<Engine> {
  const env = options.env ?? process.env;
  const log = options.log ?? (() => {});
  const cacheDir = options.cacheDir ?? join(cacheFolder(env), "engine");
  const installed = await installedEngine(env, log, join(cacheDir, "installed.json"));
  if (installed) return installed;

  const binDir = join(cacheDir, await buildKey());
  const command = join(binDir, "pulumi");
  const cached: Engine = { command, binDir, version: engineVersion, origin: "cached" };
  if (await isWhole(binDir)) return cached;
  const go = await which("go", env);
  if (go === undefined) {
    throw new UserError(
      `found neither \`pulumi\` (${oldestUsable.join(".")} or newer) nor \`go\` on PATH`,
      "install Pulumi (https://www.pulumi.com/docs/install/), or Go 1.25.11 or newer (https://go.dev/dl/) and run this again: the engine is then built once, in about 4 minutes",
    );
  }
  const built = await buildEngine({ go, binDir, cacheDir, env, log, patienceMs: options.patienceMs });
  return built ? { ...cached, origin: "built" } : cached;
}

async function installedEngine(
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
  memory: string,
): Promise<Engine | undefined> {
  const command = await which("pulumi", env);
  if (command === undefined) return undefined;
  const call = { env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" }, timeout: 30_000 };
  const ask = async () => (await run(command, ["version"], call)).stdout;
  const printed = await printedVersion(command, memory, ask).catch((error: NodeJS.ErrnoException) => error);
  if (printed instanceof Error) {
    log(`${command} does not start (${printed.code}): not used`);
    return undefined;
  }
  const version = parseVersion(printed);
  if (version === undefined || !isUsable(version)) {
    log(
      `${command} is ${version?.join(".") ?? "of an unknown version"}, older than ${oldestUsable.join(".")}: not used`,
    );
    return undefined;
  }
  if ((await which("pulumi-language-nodejs", env)) === undefined) {
    log(`${command} has no pulumi-language-nodejs beside it on PATH: not used`);
    return undefined;
  }
  return { command, binDir: undefined, version: version.join("."), origin: "installed" };
}

/** `v3.259.0`, `3.260.1-alpha.x` → its numbers; undefined when the text is not a version. */
export function parseVersion(text: string): [number, number, number] | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text.trim());
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined;
}

/** Whether a `pulumi` of this version has all that the program and its policies need. */
export function isUsable([major, minor]: readonly [number, number, number]): boolean {
  return major === oldestUsable[0] && minor >= oldestUsable[1];
}
