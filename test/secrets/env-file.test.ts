import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../packages/base/errors";
import { withTypeScript } from "../../packages/cli/sandboxed/workspace";
import { EnvFileSink } from "../../packages/cli/secrets/env-file";

const SECRET = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee";
const VALUES = { COMFYUI_URL: "https://comfyui.example.org", COMFYUI_ACCESS_TOKEN: `abc.access:${SECRET}` };
const LINES = `COMFYUI_URL=https://comfyui.example.org\nCOMFYUI_ACCESS_TOKEN=abc.access:${SECRET}\n`;
const NOBODY = 65534;

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "env-file-"));
  path = join(folder, ".env");
});

afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

const mode = (file: string) => statSync(file).mode & 0o777;
const sink = (options: { beforeReplace?: () => void | Promise<void> } = {}) =>
  new EnvFileSink({ path, ...options });

describe("writing", () => {
  test("makes a file that only its owner may read, whatever the umask, and nothing beside it", async () => {
    const old = process.umask(0);
    try {
      expect(await sink().write(VALUES)).toEqual({
        written: true,
        changed: Object.keys(VALUES),
        notices: [],
      });
    } finally {
      process.umask(old);
    }
    expect(readFileSync(path, "utf8").endsWith(LINES)).toBe(true);
    expect(mode(path)).toBe(0o600);
    expect(readdirSync(folder)).toEqual([".env"]);
  });

  test("leaves a current file untouched, down to its time and inode", async () => {
    writeFileSync(path, LINES, { mode: 0o600 });
    utimesSync(path, 1, 1);
    const before = statSync(path);
    expect(await sink().write(VALUES)).toEqual({ written: false, changed: [], notices: [] });
    expect(statSync(path)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  test("names the keys that changed", async () => {
    writeFileSync(path, LINES.replace(SECRET, "old"), { mode: 0o600 });
    expect((await sink().write(VALUES)).changed).toEqual(["COMFYUI_ACCESS_TOKEN"]);
    expect(readFileSync(path, "utf8")).toBe(LINES);
  });

  test("keeps every byte of foreign lines, a byte-order mark included", async () => {
    const foreign = Buffer.from("\uFEFF# Größe ✓\r\nA='x\r\ny'\r\n\r\n");
    writeFileSync(path, foreign, { mode: 0o600 });
    await sink().write(VALUES);
    const after = readFileSync(path);
    expect(after.subarray(0, foreign.length).equals(foreign)).toBe(true);
    expect(after.toString()).toContain(`\r\nCOMFYUI_URL=https://comfyui.example.org\r\n`);
  });

  test.each([["changed"], ["current"]])(
    "closes a %s file that others could read, and says so",
    async (state) => {
      writeFileSync(path, state === "current" ? LINES : "A=1\n");
      chmodSync(path, 0o644);
      const { notices } = await sink().write(VALUES);
      expect(mode(path)).toBe(0o600);
      expect(notices).toEqual([expect.stringContaining("could be read by other users")]);
    },
  );

  test("reports a key that stands in several lines", async () => {
    writeFileSync(path, `COMFYUI_URL=a\n${LINES}`, { mode: 0o600 });
    expect((await sink().write(VALUES)).notices).toEqual([
      expect.stringContaining("COMFYUI_URL stands on lines 1, 2"),
    ]);
  });

  test("leaves the file to its owner, also when root writes it", async () => {
    writeFileSync(path, "A=1\n", { mode: 0o600 });
    if (process.geteuid?.() === 0) chownSync(path, NOBODY, NOBODY);
    const { uid, gid } = statSync(path);
    await sink().write(VALUES);
    expect(statSync(path)).toMatchObject({ uid, gid });
    expect(mode(path)).toBe(0o600);
  });
});

describe("in a git work tree", () => {
  test("warns when git would commit the file, and not when it is ignored", async () => {
    git("init", "--quiet");
    writeFileSync(join(folder, ".gitignore"), ".env\n");
    expect((await sink().write(VALUES)).notices).toEqual([]);

    const other = new EnvFileSink({ path: join(folder, "secrets.txt") });
    const warning = [expect.stringMatching(/git does not ignore .*secrets\.txt/)];
    expect((await other.check(VALUES)).notices).toEqual(warning);
    expect((await other.write(VALUES)).notices).toEqual(warning);
  });

  test("warns when the file is tracked although it is ignored", async () => {
    writeFileSync(path, "A=1\n", { mode: 0o600 });
    git("init", "--quiet");
    git("add", ".env");
    writeFileSync(join(folder, ".gitignore"), ".env\n");
    expect((await sink().check(VALUES)).notices).toEqual([expect.stringContaining("git does not ignore")]);
  });
});

describe("checking", () => {
  test("says which keys are missing, stale and current, and changes nothing", async () => {
    expect(await sink().check(VALUES)).toEqual({
      status: "missing",
      keys: { COMFYUI_URL: "missing", COMFYUI_ACCESS_TOKEN: "missing" },
      notices: [],
    });
    expect(existsSync(path)).toBe(false);

    writeFileSync(path, "COMFYUI_URL=https://comfyui.example.org\nCOMFYUI_ACCESS_TOKEN=old\n", {
      mode: 0o600,
    });
    expect(await sink().check(VALUES)).toMatchObject({
      status: "stale",
      keys: { COMFYUI_URL: "current", COMFYUI_ACCESS_TOKEN: "stale" },
    });

    await sink().write(VALUES);
    expect((await sink().check(VALUES)).status).toBe("current");
  });

  test("notices that others can read the file, and leaves its mode", async () => {
    writeFileSync(path, LINES);
    chmodSync(path, 0o640);
    expect((await sink().check(VALUES)).notices).toEqual([
      expect.stringContaining("can be read by other users"),
    ]);
    expect(mode(path)).toBe(0o640);
  });
});

describe("another program changes the file during the write", () => {
  test("once: its change is kept and ours comes on top", async () => {
    writeFileSync(path, "A=1\n", { mode: 0o600 });
    let times = 0;
    await sink({
      beforeReplace: () => (times++ === 0 ? writeFileSync(path, "A=2\nNEW=3\n") : undefined),
    }).write(VALUES);
    expect(readFileSync(path, "utf8")).toMatch(/^A=2\nNEW=3\n/);
    expect(readFileSync(path, "utf8").endsWith(LINES)).toBe(true);
    expect(readdirSync(folder)).toEqual([".env"]);
  });

  test("by making it: it is not replaced", async () => {
    let times = 0;
    await sink({ beforeReplace: () => (times++ === 0 ? writeFileSync(path, "NEW=3\n") : undefined) }).write(
      VALUES,
    );
    expect(readFileSync(path, "utf8")).toMatch(/^NEW=3\n/);
  });

  test("again and again: the write is given up, and its file stays", async () => {
    let times = 0;
    const write = sink({ beforeReplace: () => writeFileSync(path, `A=${times++}\n`) }).write(VALUES);
    await expect(write).rejects.toThrow(/being changed by another program/);
    expect(readFileSync(path, "utf8")).toBe(`A=${times - 1}\n`);
    expect(readdirSync(folder)).toEqual([".env"]);
  });

  test("two writers of different keys both succeed", async () => {
    await Promise.all([
      sink({ beforeReplace: () => new Promise((resolve) => setTimeout(resolve, 20)) }).write({
        COMFYUI_URL: "https://a",
      }),
      sink().write({ TUNNEL_TOKEN: "t" }),
    ]);
    const text = readFileSync(path, "utf8");
    expect(text).toContain("COMFYUI_URL=https://a\n");
    expect(text).toContain("TUNNEL_TOKEN=t\n");
  });
});

describe("a write that fails", () => {
  test("leaves the old file and no copy of the secret", async () => {
    writeFileSync(path, "A=1\n", { mode: 0o600 });
    const write = sink({
      beforeReplace: () => {
        throw new Error("power cut");
      },
    }).write(VALUES);
    await expect(write).rejects.toThrow("power cut");
    expect(readFileSync(path, "utf8")).toBe("A=1\n");
    expect(readdirSync(folder)).toEqual([".env"]);
  });

  test("killed in the middle: the old file is whole, the half-made one is private, and the next write removes it", async () => {
    writeFileSync(path, "A=1\n", { mode: 0o600 });
    const script = require.resolve("./write-slowly.ts");
    const child = spawn(process.execPath, [...withTypeScript, script, path, SECRET], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    const [left = ""] = readdirSync(folder).filter((name) => name.endsWith(".tmp"));
    expect(left).toMatch(/^\.env\./);
    expect(mode(join(folder, left))).toBe(0o600);

    // While its writer lives, nobody else touches it; who comes after it waits, and goes on when it is gone.
    let isDone = false;
    const next = sink()
      .write({ COMFYUI_URL: "https://a" })
      .then(() => {
        isDone = true;
      });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(isDone).toBe(false);
    expect(readdirSync(folder)).toContain(left);

    child.kill("SIGKILL");
    await once(child, "exit");
    await next;
    expect(readFileSync(path, "utf8")).toMatch(/^A=1\n[\s\S]*\nCOMFYUI_URL=https:\/\/a\n$/);
    expect(readFileSync(path, "utf8")).not.toContain(SECRET);
    await sink().write(VALUES);
    expect(readdirSync(folder)).toEqual([".env"]);
  });

  test("removes a leftover of a process number that is in use again, after an hour", async () => {
    const left = join(folder, `.env..env.new-${process.pid}-x.tmp`);
    const other = join(folder, ".env.other.new-1-x.tmp");
    for (const file of [left, other]) writeFileSync(file, SECRET);
    await sink().write(VALUES);
    expect(existsSync(left)).toBe(true);
    utimesSync(left, 1, 1);
    await sink().write(VALUES);
    expect(existsSync(left)).toBe(false);
    expect(existsSync(other)).toBe(true);
  });
});

describe("refuses, with the path and what to do, and without a value or the file's content", () => {
  test.each<[string, RegExp, () => void]>([
    ["a folder in its place", /not a regular file but a folder/, () => mkdirSync(path)],
    ["a symbolic link", /ELOOP.*\n.*symbolic link/, () => symlinkSync(join(folder, "real"), path)],
    [
      "a named pipe",
      /not a regular file but a device or pipe/,
      () => execFileSync("sh", ["-c", 'mkfifo "$1"', "sh", path]),
    ],
    ["bytes that are no UTF-8", /not UTF-8 text/, () => writeFileSync(path, Buffer.from([0x41, 0x3d, 0xff]))],
    ["UTF-16", /NUL|not UTF-8/, () => writeFileSync(path, Buffer.from("A=hidden\n", "utf16le"))],
    [
      "an open quote",
      /\.env is left alone: the quote that opens on line 1/,
      () => writeFileSync(path, `A="hidden\n`),
    ],
    ["a huge file", /larger than 1024 KiB/, () => writeFileSync(path, "#".repeat(1024 * 1024 + 1))],
  ])("%s", async (_name, message, prepare) => {
    prepare();
    const before = statSync(folder).mtimeMs;
    for (const attempt of [sink().check(VALUES), sink().write(VALUES)]) {
      const error = await attempt.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(UserError);
      const text = String(error);
      expect(text).toMatch(message);
      expect(text).toContain(path);
      expect(text).not.toMatch(/hidden|5ec2e7/);
    }
    expect(statSync(folder).mtimeMs).toBe(before);
  });

  test("a folder that does not exist", async () => {
    const lost = new EnvFileSink({ path: join(folder, "no", ".env") });
    await expect(lost.write(VALUES)).rejects.toThrow(/folder .*no does not exist/);
  });

  test("a folder that may not be written to", async () => {
    writeFileSync(path, "A=1\n", { mode: 0o644 });
    chmodSync(folder, 0o555);
    const error = await asOrdinaryUser(() => sink().write(VALUES));
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toMatch(/could not be written \(EACCES\)\n {2}→ Change the permissions/);
    expect(readFileSync(path, "utf8")).toBe("A=1\n");
  });
});

/** Runs git in the folder, also when a hook of another repository runs the tests. */
function git(...args: string[]): void {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
  execFileSync("git", ["-C", folder, ...args], { env });
}

/** Permissions bind nobody who is root, so the call is made as somebody else then. */
async function asOrdinaryUser(call: () => Promise<unknown>): Promise<unknown> {
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(NOBODY);
  try {
    return await call().then(
      () => undefined,
      (error: unknown) => error,
    );
  } finally {
    if (root) process.seteuid?.(0);
  }
}
