import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runCommand } from "citty";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { auditCommand } from "../../packages/cli/commands/audit";
import { cpuTime } from "../support/cpu-time";

const REMOTE = 'import requests\nrequests.get("https://comfyui.datacrew.space/system_stats")\n';
const LOCAL = 'import requests\nrequests.get("http://localhost:8188/system_stats")\n';
const SECRET = "d".repeat(64);
const TOKEN = `${"a1".repeat(16)}.access:${SECRET}`;

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "audit-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function put(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

function git(...args: string[]): void {
  execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.org", ...args]);
}

/** Runs the command on the folder. */
async function run(...args: string[]): Promise<{ code: unknown; output: string }> {
  const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    const rawArgs = [folder, "--hostname", "comfyui.datacrew.space", ...args];
    const { result } = await runCommand(auditCommand, { rawArgs });
    return { code: result, output: written.mock.calls.map(([text]) => String(text)).join("") };
  } finally {
    written.mockRestore();
  }
}

async function paths(...args: string[]): Promise<string[]> {
  const { output } = await run("--json", ...args);
  return JSON.parse(output).findings.map((finding: { path: string }) => finding.path);
}

test("exits 0 when every use is local, and 3 when one goes through the internet without the token", async () => {
  put("local.py", LOCAL);
  expect((await run("--json")).code).toBe(0);
  put("remote.py", REMOTE);
  expect((await run("--json")).code).toBe(3);
});

test("exits 3 for a use that has to be checked only with --strict", async () => {
  put(
    "unknown.py",
    'import requests\ndef stats(comfy_url):\n    return requests.get(f"{comfy_url}/system_stats")\n',
  );
  expect((await run("--json")).code).toBe(0);
  expect((await run("--json", "--strict")).code).toBe(3);
});

test("writes a report that names each use, its line and what to do, and leaves itself out the next time", async () => {
  put("remote.py", REMOTE);
  const output = join(folder, "comfyui-api-audit.md");
  const first = await run("--output", output);
  expect(first.output).toContain("1 to change");
  const report = readFileSync(output, "utf8");
  expect(report).toContain("| `remote.py:2` | HTTP `/system_stats` (requests) | `comfyui.datacrew.space` |");
  expect(report).toContain('`requests.get("https://comfyui.datacrew.space/system_stats")`');
  expect(report).toContain("Send CF-Access-Client-Id and CF-Access-Client-Secret");
  await run("--output", output);
  expect(readFileSync(output, "utf8")).toBe(report);
});

test("leaves out what is ignored, foreign, too large or binary, and does not follow links", async () => {
  for (const path of [
    "node_modules/a/index.py",
    "venv2/pyvenv.cfg",
    "venv2/lib/a.py",
    "dist/a.py",
    "tmp/a.py",
    "b.gen.py",
  ]) {
    put(path, REMOTE);
  }
  put(".gitignore", "tmp/\n*.gen.py\n!kept.gen.py\n");
  put("kept.gen.py", REMOTE);
  put("large.py", `${REMOTE}#${"x".repeat(2000)}`);
  put("binary.py", Buffer.concat([Buffer.from([0, 1, 2]), Buffer.from(REMOTE)]));
  put("deep/er/script.py", REMOTE);
  symlinkSync(folder, join(folder, "deep", "loop"));
  expect(await paths("--max-bytes", "1000")).toEqual(["deep/er/script.py", "kept.gen.py"]);
});

test("reads what git keeps although it is ignored, and .env files in any case", async () => {
  put("ignored/kept.py", REMOTE);
  git("init", "-q");
  git("add", ".");
  put(".gitignore", "ignored/\n.env\n");
  put("ignored/other.py", REMOTE);
  put(".env", "COMFYUI_URL=https://comfyui.datacrew.space\n");
  expect(await paths()).toEqual([".env", "ignored/kept.py"]);
});

test("warns of a token's secret, as a failure only where git keeps it, and never prints it", async () => {
  put(".env", `COMFYUI_URL=http://localhost:8188\nCOMFYUI_ACCESS_TOKEN=${TOKEN}\n`);
  git("init", "-q");
  const apart = await run("--output", "-");
  expect(apart.code).toBe(0);
  expect(apart.output).toContain("not in git");
  git("add", ".env");
  const kept = await run("--output", "-");
  expect(kept.code).toBe(3);
  expect(kept.output).toContain("**kept by git**");
  expect(apart.output + kept.output).not.toContain(SECRET);
});

/** What the command says it has not read. */
async function unread(...args: string[]): Promise<{ code: unknown; skipped: object[] }> {
  const { code, output } = await run("--json", ...args);
  return { code, skipped: JSON.parse(output).skipped };
}

test.each([
  ["Main.kt", 'client.get("https://comfyui.datacrew.space/queue")\n', "unknown-language"],
  ["ask", "http :8188/object_info\n", "unknown-language"],
  ["broken.py", 'import requests\nrequests.get("https://comfyui.datacrew.space/queue\n', "syntax"],
  ["broken.json", '{ "nodes": [ "http://localhost:8188/prompt ', "syntax"],
  [
    "cell.ipynb",
    '{"cells":[{"cell_type":"code","source":"GET(\\"http://a:8188/queue\\")"}],"metadata":{"language_info":{"name":"R"}}}',
    "unknown-language",
  ],
  ["page.md", '```kotlin\nget("https://comfyui.datacrew.space/queue")\n```\n', "unknown-language"],
])("exits 4 and names %s, which it cannot read", async (path, content, why) => {
  put(path, content);
  expect(await unread()).toEqual({ code: 4, skipped: [expect.objectContaining({ path, code: why })] });
  expect((await run("--output", "-")).output).toContain(`| \`${path}\` |`);
});

test("exits 4 for a script that is too large, or no text under a script's name, and 0 for a picture", async () => {
  put("picture.png", Buffer.from([0x89, 0, 1, 2]));
  put("notes.dat", "nothing of interest\n".repeat(200));
  expect(await unread("--max-bytes", "1000")).toEqual({ code: 0, skipped: [] });
  put("large.py", `${LOCAL}#${"x".repeat(2000)}`);
  put("binary.sh", Buffer.from([0, 1, 2]));
  expect(await unread("--max-bytes", "1000")).toEqual({
    code: 4,
    skipped: [
      { path: "binary.sh", code: "binary", reason: "not a text" },
      { path: "large.py", code: "too-large", reason: "too large, see `--max-bytes`" },
    ],
  });
});

test("something to change comes before something not read", async () => {
  put("Main.kt", 'get("https://comfyui.datacrew.space/queue")\n');
  put("remote.py", REMOTE);
  expect((await unread()).code).toBe(3);
});

test("takes a line that the grammar does not know for read where nothing in it matters", async () => {
  put("odd.py", `${LOCAL}print "comfy"\nif True\n`);
  expect(await unread()).toEqual({ code: 0, skipped: [] });
});

test.each([
  ["#!/usr/bin/env python3", REMOTE],
  ["#!/bin/bash -e", "curl https://comfyui.datacrew.space/queue\n"],
  ["#!/usr/bin/env -S node --no-warnings", 'fetch("https://comfyui.datacrew.space/queue");\n'],
  ["#! /usr/bin/pwsh", "irm https://comfyui.datacrew.space/queue\n"],
  ["#!/usr/bin/env ruby3.3", 'Net::HTTP.get(URI("https://comfyui.datacrew.space/queue"))\n'],
])("reads a script without extension by its first line, %s", async (first, rest) => {
  put("run", `${first}\n${rest}`);
  expect((await run("--json")).code).toBe(3);
});

test("reads a script that an editor wrote in UTF-16", async () => {
  put("run.ps1", Buffer.from("\ufeffirm https://comfyui.datacrew.space/queue\n", "utf16le"));
  expect(await paths()).toEqual(["run.ps1"]);
});

test("asks git for each repository below the folder, by its own rules", async () => {
  put("one/.gitignore", "left.py\n");
  put("one/left.py", REMOTE);
  put("one/dist/kept.py", REMOTE);
  execFileSync("git", ["-C", join(folder, "one"), "init", "-q"]);
  execFileSync("git", ["-C", join(folder, "one"), "add", "dist"]);
  put("two/left.py", REMOTE);
  expect(await paths()).toEqual(["one/dist/kept.py", "two/left.py"]);
});

test("says which languages it knows", async () => {
  put("remote.py", REMOTE);
  const languages = [
    "Python",
    "JavaScript",
    "TypeScript",
    "shell",
    "PowerShell",
    "Go",
    "Rust",
    "Java",
    "C#",
    "PHP",
    "Ruby",
  ];
  expect(JSON.parse((await run("--json")).output).languages).toEqual(languages);
  expect((await run("--output", "-")).output).toContain(`Programs in ${languages.join(", ")};`);
});

test.each([
  [["--hostname", "https://a.example.org"], "--hostname is"],
  [["--max-bytes", "much"], "--max-bytes is"],
])("refuses %j", async (args, message) => {
  await expect(run(...args)).rejects.toThrow(message);
});

test("says which folder it cannot read", async () => {
  const rawArgs = [join(folder, "missing"), "--json"];
  await expect(runCommand(auditCommand, { rawArgs })).rejects.toThrow(/could not read the folder .*missing/);
});

test("reads 5,000 files in less than 20 seconds of computing", async () => {
  const big = readFileSync(join(__dirname, "samples/python/remote.py"), "utf8");
  for (let index = 0; index < 5000; index++)
    put(`d${index % 50}/f${index}.py`, index % 5 === 0 ? big : LOCAL);
  const start = cpuTime();
  const { output } = await run("--json");
  expect(cpuTime() - start).toBeLessThan(20_000);
  expect(JSON.parse(output).findings).toHaveLength(1000 * 5 + 4000);
});
