import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const root = join(__dirname, "..", "..");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "older-node-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What came with Node.js 22 is not there. */
function inOlderNode(...args: string[]) {
  const older = join(folder, "older.cjs");
  writeFileSync(
    older,
    `const module_ = require("node:module");
     for (const name of ["enableCompileCache", "registerHooks"]) delete module_[name];`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--require", older, ...args], {
    cwd: root,
    encoding: "utf8",
  });
  return { status, text: stdout + stderr };
}

test("the program is translated in Node.js 20, which `pulumi` may find first", () => {
  const code = `
    const { create } = require("./tools/cached-transpiler.cjs");
    const { transpile } = create({ service: { config: { options: {} } }, directory: ${JSON.stringify(folder)} });
    console.log(transpile("export const answer: number = 42;", { fileName: "/program/index.ts" }).outputText);`;
  const { status, text } = inOlderNode("--eval", code);
  expect(text).toContain("exports.answer = 42");
  expect(status).toBe(0);
});

test("a command in a Node.js that is too old says so, and where a newer one is", () => {
  const { status, text } = inOlderNode(
    "--require",
    "./tools/cached-typescript.cjs",
    "packages/cli/main.ts",
    "--help",
  );
  expect(text).toMatch(/^\nerror: this is Node\.js .* needed\n {2}→ .*npm run cli -- ….*\n$/);
  expect(status).toBe(1);
});

test("a command without the packages says which command brings them", () => {
  mkdirSync(join(folder, "tools"));
  for (const name of ["cached-transpiler.cjs", "cached-typescript.cjs"])
    cpSync(join(root, "tools", name), join(folder, "tools", name));
  const args = ["--require", "./tools/cached-typescript.cjs", "packages/cli/main.ts"];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  expect(stderr).toBe("\nerror: the packages are not installed\n  → npm ci\n");
  expect(status).toBe(1);
  expect(existsSync(join(folder, "node_modules"))).toBe(false);
});
