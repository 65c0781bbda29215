import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ensureEngine, isUsable, parseVersion } from "../../packages/cli/engine/engine";
import { withTypeScript } from "../../packages/cli/sandboxed/workspace";

let dir: string;
let bin: string;
let lines: string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "engine-"));
  bin = join(dir, "bin");
  await mkdir(bin);
  lines = [];
});

afterEach(() => rm(dir, { recursive: true, force: true }));

async function program(name: string, script: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, name), 0o755);
}

function ensure(patienceMs?: number) {
  return ensureEngine({
    patienceMs,
    // /bin is there for the scripts' own shell commands.
    env: { PATH: `${bin}:/bin` },
    cacheDir: join(dir, "cache"),
    log: (line) => lines.push(line),
  });
}

/** A `go` that leaves an executable where it is told to, as the real one does. */
const workingGo = `while [ $# -gt 0 ]; do
  if [ "$1" = -o ]; then printf '#!/bin/sh\\n' > "$2"; chmod 755 "$2"; fi
  shift
done`;

describe("the engine that is used", () => {
  test("is the installed one, when it is new enough and has its Node.js host", async () => {
    await program("pulumi", "echo v3.260.1");
    await program("pulumi-language-nodejs", "");
    expect(await ensure()).toEqual({
      command: join(bin, "pulumi"),
      binDir: undefined,
      version: "3.260.1",
      origin: "installed",
    });
  });

  test("is built when the installed one is too old, and that is said", async () => {
    await program("pulumi", "echo v3.258.9");
    await program("pulumi-language-nodejs", "");
    await program("go", workingGo);
    expect((await ensure()).origin).toBe("built");
    expect(lines[0]).toContain("3.258.9, older than 3.259: not used");
  });

  test("is built when the installed one lacks its Node.js host", async () => {
    await program("pulumi", "echo v3.259.0");
    await program("go", workingGo);
    expect((await ensure()).origin).toBe("built");
    expect(lines[0]).toContain("no pulumi-language-nodejs");
  });

  test("is built once, then found again", async () => {
    await program("go", workingGo);
    const built = await ensure();
    expect(built.origin).toBe("built");
    await rm(join(bin, "go"));
    expect(await ensure()).toEqual({ ...built, origin: "cached" });
  });
});

describe("without an engine", () => {
  test("neither pulumi nor go: says how to install either", async () => {
    await expect(ensure()).rejects.toThrow(
      /neither `pulumi` \(3\.259 or newer\) nor `go`[\s\S]*pulumi\.com[\s\S]*go\.dev/,
    );
  });

  test("a failed build shows the compiler's words and leaves nothing that looks like an engine", async () => {
    await program("go", "echo 'dial tcp: lookup proxy: no such host' >&2; exit 1");
    await expect(ensure()).rejects.toThrow(/exit 1[\s\S]*no such host[\s\S]*Go module proxy/);
    expect(await readdir(join(dir, "cache"))).toEqual([]);
  });

  test("a full disk is named, and what to make room for", async () => {
    await program("go", "echo 'write /tmp/x.o: no space left on device' >&2; exit 1");
    await expect(ensure()).rejects.toThrow(/no space left on device[\s\S]*→ make room for about 3 GB/);
  });

  test("a cache that cannot be written is named, and where else it may be", async () => {
    await program("go", workingGo);
    await writeFile(join(dir, "cache"), "a file where the folder belongs");
    await expect(ensure()).rejects.toThrow(/could not keep a built engine in .*cache[\s\S]*XDG_CACHE_HOME/);
  });

  test("a go that does not start is named", async () => {
    await writeFile(join(bin, "go"), "#!/no/such/interpreter\n", { mode: 0o755 });
    await expect(ensure()).rejects.toThrow(/bin\/go does not start \(ENOENT\)[\s\S]*go\.dev/);
    expect(await readdir(join(dir, "cache"))).toEqual([]);
  });

  test("a pulumi that does not start, or is a folder, is not used", async () => {
    await writeFile(join(bin, "pulumi"), "#!/no/such/interpreter\n", { mode: 0o755 });
    await program("go", workingGo);
    expect((await ensure()).origin).toBe("built");
    expect(lines[0]).toContain("pulumi does not start (ENOENT): not used");
    await rm(join(bin, "pulumi"));
    await mkdir(join(bin, "pulumi"));
    expect((await ensure()).origin).toBe("cached");
  });

  test("a half-built engine is not taken for a whole one", async () => {
    await program("go", workingGo);
    const { binDir } = await ensure();
    await rm(join(binDir ?? "", "pulumi-language-nodejs"));
    await rm(join(bin, "go"));
    await expect(ensure()).rejects.toThrow(/neither/);
  });

  test.each([
    ["lacks the engine itself", (engine: string) => rm(engine)],
    ["is cut off", (engine: string) => writeFile(engine, "#!")],
    ["is empty", (engine: string) => writeFile(engine, "")],
    ["may not be run", (engine: string) => chmod(engine, 0o644)],
  ])("one that %s is built anew in its place", async (_, damage) => {
    await program("go", workingGo);
    const { command } = await ensure();
    await damage(command);
    expect((await ensure()).origin).toBe("built");
    expect((await ensure()).origin).toBe("cached");
  });

  test("one of an earlier version, which noted no sizes, is used", async () => {
    await program("go", workingGo);
    const { binDir } = await ensure();
    await rm(join(binDir ?? "", "sizes.json"));
    expect((await ensure()).origin).toBe("cached");
  });
});

describe("two commands that need the engine", () => {
  /** Notes each run, and takes its time. */
  const slowGo = (seconds: number) => `echo run >> ${dir}/runs; sleep ${seconds}\n${workingGo}`;
  const runs = async () => (await readFile(join(dir, "runs"), "utf8")).trim().split("\n").length;

  /** A command of its own that needs the engine, once it has begun to build. */
  async function builder(): Promise<ChildProcess> {
    const script = `require(${JSON.stringify(resolve("packages/base/process/signals.ts"))}).endInOrder();
    require(${JSON.stringify(resolve("packages/cli/engine/engine.ts"))}).ensureEngine({
      env: { PATH: ${JSON.stringify(`${bin}:/bin`)} }, cacheDir: ${JSON.stringify(join(dir, "cache"))},
    });`;
    await writeFile(join(dir, "builder.cjs"), script);
    const child = spawn(process.execPath, [...withTypeScript, join(dir, "builder.cjs")], {
      stdio: "inherit",
    });
    while (!existsSync(join(dir, "runs"))) await sleep(20);
    return child;
  }

  test("build it once: the others wait, and say so", async () => {
    await program("go", slowGo(0.4));
    const origins = (await Promise.all([ensure(), ensure(), ensure()])).map(({ origin }) => origin);
    expect(origins.sort()).toEqual(["built", "cached", "cached"]);
    expect(await runs()).toBe(2);
    expect(lines).toContain(`process ${process.pid} is building the engine: waiting for it, 0 s`);
    expect((await readdir(join(dir, "cache"))).length).toBe(1);
  });

  test("each try by themselves when the first fails", async () => {
    await program("go", `echo run >> ${dir}/runs; sleep 0.1; echo broken >&2; exit 1`);
    const ends = await Promise.allSettled([ensure(), ensure()]);
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await runs()).toBe(2);
    expect(await readdir(join(dir, "cache"))).toEqual([]);
  });

  test("go on when the one that built was killed, and clear away what it left", async () => {
    await program("go", slowGo(1.5));
    const child = await builder();
    child.kill("SIGKILL");
    await once(child, "close");
    expect((await readdir(join(dir, "cache"))).length).toBe(2);
    await program("go", workingGo);
    await mkdir(join(dir, "cache", "building-a1b2c3"));
    expect((await ensure()).origin).toBe("built");
    expect((await readdir(join(dir, "cache"))).length).toBe(1);
  });

  test("leave nothing behind when they are told to end", async () => {
    await program("go", `trap 'exit 1' INT; ${slowGo(1.5)}`);
    const child = await builder();
    child.kill("SIGTERM");
    expect(await once(child, "close")).toEqual([143, null]);
    expect(await readdir(join(dir, "cache"))).toEqual([]);
  });

  test.each([
    ["by a process that is no more", JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() })],
    ["by one whose number another process has by now", JSON.stringify({ pid: 1, start: "1" })],
  ])("go on when the lock was left behind %s", async (_, text) => {
    await program("go", workingGo);
    const { binDir } = await ensure();
    await rm(binDir ?? "", { recursive: true });
    await writeFile(`${binDir}.lock`, text);
    expect((await ensure()).origin).toBe("built");
    expect(await readdir(join(dir, "cache"))).toEqual([basename(binDir ?? "")]);
  });

  test("wait for one on another machine, and say what to delete should it be no more", async () => {
    await program("go", workingGo);
    const { binDir = "" } = await ensure();
    await rename(binDir, `${binDir}.kept`);
    const since = "2026-01-01T00:00:00Z";
    await writeFile(`${binDir}.lock`, JSON.stringify({ pid: 1, host: "another.example.org", since }));
    await expect(ensure(100)).rejects.toThrow(
      /process 1 on another\.example\.org has been building the engine since 2026[\s\S]*no more, delete \/.*\.lock/,
    );
    expect(lines.at(-1)).toMatch(/process 1 on another\.example\.org is building the engine: waiting/);
    const waiting = ensure();
    await sleep(100);
    await rename(`${binDir}.kept`, binDir);
    expect((await waiting).origin).toBe("cached");
  });
});

describe("versions", () => {
  test.each([
    ["v3.259.0", [3, 259, 0]],
    ["3.300.12-alpha.1\n", [3, 300, 12]],
    ["", undefined],
    ["pulumi", undefined],
  ])("%j", (text, expected) => {
    expect(parseVersion(text)).toEqual(expected);
  });

  test("a new major version is not assumed to work", () => {
    expect(isUsable([4, 0, 0])).toBe(false);
    expect(isUsable([3, 259, 0])).toBe(true);
  });
});
