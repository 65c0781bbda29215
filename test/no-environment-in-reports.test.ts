import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projectDir } from "../src/sandboxed/workspace";

const SECRET = "5ec2e7-5ec2e7-5ec2e7";

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "reports-"));
});

afterAll(() => rmSync(dir, { recursive: true }));

/** Node's diagnostic report of a process that has loaded a module. */
function reportOf(module: string): string {
  const file = `${module.replaceAll("/", "-")}.json`;
  const script = `require(${JSON.stringify(join(projectDir, module))}); process.report.writeReport(${JSON.stringify(file)});`;
  execFileSync(process.execPath, ["--require", "tsx/cjs", "--report-directory", dir, "-e", script], {
    cwd: projectDir,
    env: { ...process.env, CLOUDFLARE_API_TOKEN: SECRET },
    stdio: "pipe",
  });
  return readFileSync(join(dir, file), "utf8");
}

describe("Node's diagnostic report", () => {
  test("has the environment's secrets by itself", () => {
    expect(reportOf("src/nearest")).toContain(SECRET);
  });

  test("has none of the environment in a process that said so, and is a report none the less", () => {
    const text = reportOf("src/no-environment-in-reports");
    expect(text).not.toContain(SECRET);
    expect(JSON.parse(text)).toMatchObject({
      header: { trigger: "API" },
      javascriptStack: expect.anything(),
    });
    expect(readdirSync(dir)).toHaveLength(2);
  });

  test.each([
    "src/cli/main.ts",
    "index.ts",
    "policies/main.ts",
    "plugins/tunnel-ingress/main.ts",
    "tools/github/review.ts",
    "tools/github/drift.ts",
  ])("is so in %s, from its start", (file) => {
    const imports = readFileSync(join(projectDir, file), "utf8").match(/^import .*/gm) ?? [];
    const first = imports.slice(0, 3).join("\n");
    expect(first).toContain("no-environment-in-reports");
  });
});
