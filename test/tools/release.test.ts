import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { released } from "../../tools/release";

const root = join(__dirname, "..", "..");
const CHANGELOG = "# Changelog\n\n## Unreleased\n\n- A new thing.\n\n## 0.1.0\n\n- The first.\n";
const { preversion, version } = (
  JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> }
).scripts;

describe("the changelog", () => {
  const next = { version: "0.2.0", date: "2027-01-31" };

  test("has what was unreleased under the version and its day, and room for what comes", () => {
    expect(released(CHANGELOG, next)).toBe(
      "# Changelog\n\n## Unreleased\n\n## 0.2.0 (2027-01-31)\n\n- A new thing.\n\n## 0.1.0\n\n- The first.\n",
    );
    expect(() => released(released(CHANGELOG, next), next)).toThrow("nothing under Unreleased");
  });

  test("has to say what is released", () => {
    for (const text of ["", "# Changelog\n\n## Unreleased\n", "# Changelog\n\n## 0.1.0\n\n- The first.\n"]) {
      expect(() => released(text, next)).toThrow("nothing under Unreleased");
    }
  });
});

describe("npm version", () => {
  let folder: string;
  const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, encoding: "utf8" }).trim();
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const release = (next: string) =>
    spawnSync("npm", ["version", next], {
      cwd: folder,
      encoding: "utf8",
      env: {
        ...process.env,
        GIT_CONFIG_GLOBAL: join(folder, ".git", "none"),
        GIT_CONFIG_SYSTEM: join(folder, ".git", "none"),
      },
    });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "comfyui-access-release-"));
    for (const name of [
      ".npmrc",
      "tools/release.ts",
      "tools/cached-transpiler.cjs",
      "tools/cached-typescript.cjs",
      "packages/base/errors.ts",
    ]) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      cpSync(join(root, name), join(folder, name));
    }
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    write(".gitignore", "node_modules\n");
    write("CHANGELOG.md", CHANGELOG);
    write(
      "package.json",
      JSON.stringify({
        name: "comfyui-access",
        version: "0.1.0",
        workspaces: ["client"],
        scripts: { preversion, version },
      }),
    );
    mkdirSync(join(folder, "client"));
    write("client/package.json", JSON.stringify({ name: "a-client", version: "0.1.0", license: "MIT" }));
    const packages = { "": { version: "0.1.0" }, client: { name: "a-client", version: "0.1.0" } };
    write("package-lock.json", JSON.stringify({ version: "0.1.0", lockfileVersion: 3, packages }));
    git("init", "--quiet", "--initial-branch=main");
    git("config", "user.name", "Somebody");
    git("config", "user.email", "somebody@example.org");
    git("add", ".");
    git("commit", "--quiet", "--message", "First");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("sets the version, moves the changelog, commits both and tags that", () => {
    const { status, stderr } = release("minor");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(JSON.parse(read("package.json"))).toMatchObject({ version: "0.2.0" });
    expect(JSON.parse(read("client/package.json"))).toEqual({
      name: "a-client",
      version: "0.2.0",
      license: "MIT",
    });
    const { packages } = JSON.parse(read("package-lock.json"));
    expect([packages[""].version, packages.client.version]).toEqual(["0.2.0", "0.2.0"]);
    expect(read("CHANGELOG.md")).toMatch(
      /^## Unreleased\n\n## 0\.2\.0 \(\d{4}-\d\d-\d\d\)\n\n- A new thing\.\n/m,
    );
    expect(git("log", "-1", "--format=%s", "v0.2.0")).toBe("Release 0.2.0");
    expect(git("rev-parse", "v0.2.0^{commit}")).toBe(git("rev-parse", "main"));
    expect(git("status", "--porcelain")).toBe("");
  });

  test.each<[string, RegExp, () => void]>([
    [
      "another branch than main",
      /this is next, and a release is made of main/,
      () => git("switch", "--quiet", "--create", "next"),
    ],
    ["a changed work tree", /not clean/, () => write("package.json", `${read("package.json")}\n`)],
    [
      "nothing to say",
      /nothing under Unreleased/,
      () => {
        write("CHANGELOG.md", released(CHANGELOG, { version: "0.1.1", date: "2027-01-31" }));
        git("commit", "--quiet", "--all", "--message", "Released");
      },
    ],
    ["a tag that is there", /the tag v0\.2\.0 is there already/, () => git("tag", "v0.2.0")],
  ])("refuses %s, and changes nothing", (_, words, spoil) => {
    spoil();
    const [files, log, tags] = [git("diff"), git("log", "--all", "--format=%H"), git("tag", "--list")];
    const { status, stderr, stdout } = release("minor");
    expect(stdout + stderr).toMatch(words);
    expect(status).not.toBe(0);
    expect([git("diff"), git("log", "--all", "--format=%H"), git("tag", "--list")]).toEqual([
      files,
      log,
      tags,
    ]);
  });
});
