import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ensureEngine, isUsable, parseVersion } from "../../tools/engine";

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

function ensure() {
  return ensureEngine({
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

  test("a half-built engine is not taken for a whole one", async () => {
    await program("go", workingGo);
    const { binDir } = await ensure();
    await rm(join(binDir ?? "", "pulumi-language-nodejs"));
    await rm(join(bin, "go"));
    await expect(ensure()).rejects.toThrow(/neither/);
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
