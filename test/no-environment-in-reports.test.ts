import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { projectDir, withTypeScript } from "../packages/cli/sandboxed/workspace";

const SECRET = "5ec2e7-5ec2e7-5ec2e7";

const ENDS: Record<string, string> = {
  "by an error that nobody catches": 'throw new Error("x");',
  "out of memory": "const all = []; for (;;) all.push(new Array(1e5).fill(0).map((_, n) => ({ n })));",
  "after a signal":
    'process.on("SIGUSR2", () => {}); process.kill(process.pid, "SIGUSR2"); setTimeout(() => {}, 500);',
};

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "reports-"));
});

afterEach(() => rmSync(dir, { recursive: true }));

/** What a process that ends in a way leaves as reports, and what it says. */
function run(ending: string, { guarded }: { guarded: boolean }) {
  const file = join(dir, "program.ts");
  const guard = `import ${JSON.stringify(join(projectDir, "packages/base/process/no-environment-in-reports"))};\n`;
  writeFileSync(file, `${guarded ? guard : ""}${ENDS[ending]}\nexport {};\n`);
  const reports = ["--report-on-signal", "--report-uncaught-exception", "--report-on-fatalerror"];
  const { stderr } = spawnSync(
    process.execPath,
    ["--max-old-space-size=64", ...reports, "--report-directory", dir, ...withTypeScript, file],
    { cwd: projectDir, env: { ...process.env, CLOUDFLARE_API_TOKEN: SECRET }, encoding: "utf8" },
  );
  const names = readdirSync(dir).filter((name) => name.startsWith("report."));
  return { stderr, reports: names.map((name) => readFileSync(join(dir, name), "utf8")) };
}

describe.each(Object.keys(ENDS))("Node's report of a process that ends %s", (ending) => {
  test("has the environment's secrets by itself", () => {
    const { reports, stderr } = run(ending, { guarded: false });
    expect(reports.join()).toContain(SECRET);
    expect(stderr).not.toContain("reports are off");
  });

  test("is not written by a program of this project, which says so", () => {
    const { reports, stderr } = run(ending, { guarded: true });
    expect(reports).toEqual([]);
    expect(stderr).toContain("Node's reports are off here");
  });
});

test.each([
  "packages/cli/main.ts",
  // index.ts loads this first.
  "packages/base/process/program-process.ts",
  "policies/main.ts",
  "packages/provider/tunnel-ingress/main.ts",
  "packages/github/review.ts",
  "packages/github/drift.ts",
])("%s sees to that from its start", (file) => {
  const imports = readFileSync(join(projectDir, file), "utf8").match(/^import .*/gm) ?? [];
  expect(imports[0]).toContain("no-environment-in-reports");
});

test("index.ts begins with it", () => {
  const [first] = readFileSync(join(projectDir, "index.ts"), "utf8").split("\n");
  expect(first).toBe('import "./packages/base/process/program-process";');
});
