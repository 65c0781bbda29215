import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensurePythonLinters } from "../../tools/lint/linters";

const run = promisify(execFile);
const root = join(__dirname, "..", "..");
const settings = join(root, "packages/client/python/pyproject.toml");
/** Programs of somebody's, as they are: these have no types. */
const UNTYPED = ["test/conformance/conformance.py", "test/utils/example_script.py"];

let python: string;
let files: string[];
let scratch: string;

beforeAll(async () => {
  python = await ensurePythonLinters();
  const { stdout } = await run("git", ["ls-files", "*.py", ":!test/audit/samples"], { cwd: root });
  files = stdout.trim().split("\n");
  scratch = await mkdtemp(join(tmpdir(), "python-lint-"));
}, 240_000);
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** What a check says; empty when it finds nothing. */
async function said(args: string[]): Promise<string> {
  const found = (error: { stdout: string; stderr: string }) => error.stdout + error.stderr;
  return run(python, ["-m", ...args], { cwd: root }).then(() => "", found);
}
const style = (paths: string[]) => said(["ruff", "check", "--no-cache", "--config", settings, ...paths]);
const format = (paths: string[]) =>
  said(["ruff", "format", "--check", "--no-cache", "--config", settings, ...paths]);
const types = (paths: string[]) =>
  said(["mypy", "--config-file", settings, "--cache-dir", join(scratch, "cache"), ...paths]);

describe("the project's Python", () => {
  test("has the client in it", () => {
    expect(files).toContain("packages/client/python/comfyui_api_client.py");
    expect(files).toEqual(expect.arrayContaining(UNTYPED));
  });

  test("has nothing that ruff finds", async () => {
    expect(await style(files)).toBe("");
    expect(await format(files)).toBe("");
  });

  test("has nothing that mypy finds", async () => {
    expect(await types(files.filter((file) => !UNTYPED.includes(file)))).toBe("");
  });

  test("would show a mistake of each sort", async () => {
    const wrong = join(scratch, "wrong.py");
    await writeFile(wrong, "import os\n\n\ndef one(text: str) -> int:\n  return text\n");
    expect(await style([wrong])).toContain("F401");
    expect(await format([wrong])).toMatch(/would be reformatted/i);
    expect(await types([wrong])).toContain("[return-value]");
  });
});
