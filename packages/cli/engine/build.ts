import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { UserError } from "../../base/errors";
import { waitForLock } from "../../base/process/lock-file";
import { engineVersion, isWhole, modulesDir, noteSizes, programs } from "./programs";
import { run } from "./run-program";

/** Longer than any build takes, in milliseconds. */
const PATIENCE_MS = 60 * 60_000;

/** What to build, and how. */
export interface Build {
  /** The `go` command. */
  go: string;
  /** Folder for the programs. */
  binDir: string;
  /** Folder that it is in. */
  cacheDir: string;
  env: NodeJS.ProcessEnv;
  log: (line: string) => void;
  /** How long another command's build is waited for, in milliseconds. Default: an hour. */
  patienceMs?: number;
}

/**
 * Builds the engine from its Go modules, or waits for another command that does.
 * @returns false when another command has built it meanwhile.
 * @throws {UserError} when the build fails, or its folder cannot be written.
 */
export async function buildEngine({ go, binDir, cacheDir, env, log, patienceMs }: Build): Promise<boolean> {
  // Two builds at once would take twice as long each.
  const lock = await inCache(cacheDir, async () => {
    await mkdir(cacheDir, { recursive: true });
    return waitForLock(`${binDir}.lock`, {
      patienceMs: patienceMs ?? PATIENCE_MS,
      does: "has been building the engine",
      remedy: "Look whether it still does, or end it, and run the command again.",
      instead: async () => ((await isWhole(binDir)) ? ("built" as const) : undefined),
      waiting: (holder, seconds) => log(`${holder} is building the engine: waiting for it, ${seconds} s`),
    });
  });
  if (lock === "built") return false;
  try {
    if (await isWhole(binDir)) return false;
    await buildInto(binDir, cacheDir, (workDir) => buildAll(go, workDir, env, log));
    return true;
  } finally {
    lock.release();
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
      await noteSizes(workDir);
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
