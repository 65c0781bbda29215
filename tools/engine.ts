import { type SpawnOptions, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import {
  access,
  constants,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { homedir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { UserError } from "../src/errors";
import { guardChild } from "../src/signals";
import { type LockPatience, takeLock } from "./build-lock";
import { printedVersion } from "./engine-version";

/** The engine this project is written and measured against; the CLI module is pinned to it. */
const engineVersion = "3.259.0";

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
  /** How long another command's build is believed. Default: as long as it shows signs of life. */
  patience?: LockPatience;
}

const modulesDir = join(__dirname, "engine");

/**
 * What is built, from which module. The Node.js host is the last one released inside the SDK module:
 * newer ones cannot be had from the Go module proxy.
 */
const programs = [
  {
    name: "pulumi",
    module: "cli",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    // Without it the CLI takes itself for a development build and prints an empty version.
    ldflags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${engineVersion}`,
  },
  {
    name: "pulumi-language-nodejs",
    module: "nodejs-host",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    ldflags: "-s -w",
  },
] as const;

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
  const cacheDir = options.cacheDir ?? join(defaultCacheDir(env), "engine");
  const installed = await installedEngine(env, log, join(cacheDir, "installed.json"));
  if (installed) return installed;

  const binDir = join(cacheDir, await buildKey());
  const command = join(binDir, "pulumi");
  const cached: Engine = { command, binDir, version: engineVersion, origin: "cached" };
  if (await isWhole(binDir)) return cached;
  const built = await buildEngine({ binDir, cacheDir, env, log, patience: options.patience });
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

interface Build {
  binDir: string;
  cacheDir: string;
  env: NodeJS.ProcessEnv;
  log: (line: string) => void;
  patience?: LockPatience;
}

/** @returns false when another command has built it meanwhile. */
async function buildEngine({ binDir, cacheDir, env, log, patience }: Build): Promise<boolean> {
  const go = await which("go", env);
  if (go === undefined) {
    throw new UserError(
      `found neither \`pulumi\` (${oldestUsable.join(".")} or newer) nor \`go\` on PATH`,
      "install Pulumi (https://www.pulumi.com/docs/install/), or Go 1.25.11 or newer (https://go.dev/dl/) and run this again: the engine is then built once, in about 4 minutes",
    );
  }
  // Two builds at once would take twice as long each.
  const lock = await inCache(cacheDir, async () => {
    await mkdir(cacheDir, { recursive: true });
    return takeLock(`${binDir}.lock`, {
      done: () => isWhole(binDir),
      waiting: (holder, ms) =>
        log(`${holder} is building the engine: waiting for it, ${Math.round(ms / 1000)} s`),
      patience,
    });
  });
  if (lock === undefined) return false;
  try {
    if (await isWhole(binDir)) return false;
    await buildInto(binDir, cacheDir, (workDir) => buildAll(go, workDir, env, log));
    return true;
  } finally {
    await lock.release();
  }
}

async function buildAll(
  go: string,
  workDir: string,
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<void> {
  for (const program of programs) await buildProgram(go, program, workDir, env, log);
}

/** Built beside its place and renamed into it: an interrupted build is never taken for a whole one. */
async function buildInto(
  binDir: string,
  cacheDir: string,
  build: (workDir: string) => Promise<void>,
): Promise<void> {
  const prefix = `${basename(binDir)}.building-`;
  const workDir = await inCache(cacheDir, async () => {
    for (const name of await readdir(cacheDir)) {
      // Of builds that were killed: with the lock, there is no other. Those without the engine's name are of earlier versions.
      if (name.startsWith(prefix) || name.startsWith("building-"))
        await rm(join(cacheDir, name), { recursive: true, force: true });
    }
    return mkdtemp(join(cacheDir, prefix));
  });
  const forget = () => rmSync(workDir, { recursive: true, force: true });
  process.once("exit", forget);
  try {
    await build(workDir);
    await inCache(cacheDir, async () => {
      await writeFile(join(workDir, SIZES), JSON.stringify(await sizesIn(workDir)));
      // What is there is not whole, or it would have been used.
      await rm(binDir, { recursive: true, force: true });
      await rename(workDir, binDir);
    });
  } finally {
    process.off("exit", forget);
    await rm(workDir, { recursive: true, force: true });
  }
}

/** @throws {UserError} when the folder of built engines cannot be read or written. */
async function inCache<T>(cacheDir: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UserError(
      `could not keep a built engine in ${cacheDir} (${code})`,
      code === "ENOSPC" || code === "EDQUOT"
        ? "make room for about 500 MB there, or name another folder for caches: XDG_CACHE_HOME=…"
        : "let this user write it, or name another folder for caches: XDG_CACHE_HOME=…",
    );
  }
}

/** Size of each program as it was built. */
const SIZES = "sizes.json";

async function sizesIn(dir: string): Promise<Record<string, number>> {
  const sizes = programs.map(async ({ name }) => [name, (await stat(join(dir, name))).size] as const);
  return Object.fromEntries(await Promise.all(sizes));
}

/** Whether every program is there, and as long as it was built. */
async function isWhole(dir: string): Promise<boolean> {
  try {
    const sizes = await sizesIn(dir);
    for (const { name } of programs) {
      if (!(await isExecutable(join(dir, name))) || sizes[name] === 0) return false;
    }
    const built = await readFile(join(dir, SIZES), "utf8").catch(() => undefined);
    // Earlier versions did not note the sizes.
    return built === undefined || isDeepStrictEqual(JSON.parse(built), sizes);
  } catch {
    return false;
  }
}

async function buildProgram(
  go: string,
  program: (typeof programs)[number],
  outDir: string,
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<void> {
  const started = Date.now();
  let compiled = 0;
  let downloaded = 0;
  const say = () => {
    const seconds = Math.round((Date.now() - started) / 1000);
    const downloads = downloaded > 0 ? `${downloaded} modules fetched, ` : "";
    log(`building ${program.name} with Go: ${downloads}${compiled} packages compiled, ${seconds} s`);
  };
  log(
    `building ${program.name} ${program.name === "pulumi" ? `v${engineVersion} ` : ""}from its Go module (once; then it is cached)`,
  );
  const ticker = setInterval(say, 10_000);
  const done = await run(
    go,
    [
      "build",
      "-v",
      "-trimpath",
      "-ldflags",
      program.ldflags,
      "-o",
      join(outDir, program.name),
      program.package,
    ],
    {
      cwd: join(modulesDir, program.module),
      // A user's go.work or vendoring flags must not change what is built; VCS stamping fails in a bare checkout.
      env: { ...env, GOWORK: "off", GOFLAGS: "-mod=readonly -buildvcs=false", CGO_ENABLED: "0" },
      onLine: (line) => {
        if (line.startsWith("go: downloading ")) downloaded += 1;
        else if (/^[\w./~-]+$/.test(line)) compiled += 1;
      },
    },
  )
    .catch((error: NodeJS.ErrnoException) => {
      throw new UserError(`${go} does not start (${error.code})`, "install Go anew: https://go.dev/dl/");
    })
    .finally(() => clearInterval(ticker));
  if (done.code !== 0) {
    const full = /no space left on device|disk quota exceeded/i.test(done.stderr);
    const last = done.stderr.trim().split("\n").slice(-5).join("\n    ");
    throw new UserError(
      `building ${program.name} with ${go} failed (exit ${done.code}):\n    ${last}`,
      full
        ? "make room for about 3 GB in Go's folders (go env GOCACHE GOMODCACHE GOTMPDIR) and in the cache, then run this again"
        : "check that the Go module proxy can be reached and that `go version` is 1.25.11 or newer, or install Pulumi: https://www.pulumi.com/docs/install/",
    );
  }
  say();
}

/** Changes with everything that decides what a build contains. */
async function buildKey(): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(programs));
  for (const { module } of programs) {
    for (const file of ["go.mod", "go.sum"]) hash.update(await readFile(join(modulesDir, module, file)));
  }
  return `${engineVersion}-${process.platform}-${process.arch}-${hash.digest("hex").slice(0, 12)}`;
}

function defaultCacheDir(env: NodeJS.ProcessEnv): string {
  return join(env["XDG_CACHE_HOME"] || join(env["HOME"] || homedir(), ".cache"), "comfyui-access");
}

async function which(command: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env["PATH"] ?? "").split(delimiter)) {
    if (folder !== "" && (await isExecutable(join(folder, command)))) return join(folder, command);
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function run(
  command: string,
  args: string[],
  options: SpawnOptions & { onLine?: (line: string) => void },
): Promise<Finished> {
  const { onLine, ...spawnOptions } = options;
  return new Promise((resolve, reject) => {
    const child = guardChild(spawn(command, args, { ...spawnOptions, stdio: ["ignore", "pipe", "pipe"] }));
    let stdout = "";
    let stderr = "";
    let unfinished = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
      const lines = (unfinished + chunk).split("\n");
      unfinished = lines.pop() ?? "";
      for (const line of lines) onLine?.(line);
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
