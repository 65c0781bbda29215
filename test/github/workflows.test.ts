import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { projectDir } from "../../packages/cli/sandboxed/workspace";
import { ensureActionlint, ensureZizmor } from "../../tools/lint/linters";

const run = promisify(execFile);
const folder = join(projectDir, ".github", "workflows");

interface Job {
  environment?: unknown;
  permissions?: Record<string, string>;
  "timeout-minutes"?: number;
  steps: { name?: string; uses?: string; run?: string; env?: Record<string, string> }[];
}
interface Workflow {
  permissions?: unknown;
  concurrency?: { "cancel-in-progress"?: boolean; queue?: string };
  jobs: Record<string, Job>;
}

let scratch: string;
let workflows: Record<string, Workflow>;

/** Ends with the linter's words when it finds something. */
async function lint(command: string, args: string[], cwd: string): Promise<string> {
  return run(command, args, { cwd }).then(
    () => "",
    (error: { stdout: string; stderr: string; message: string }) =>
      error.stdout + error.stderr || error.message,
  );
}

const zizmor = [
  "--persona=auditor",
  "--offline",
  "--no-progress",
  "--no-ignores",
  "--strict-collection",
  "--quiet",
];

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "comfyui-access-lint-"));
  const files = await readdir(folder);
  const read = async (name: string) =>
    [name, parse(await readFile(join(folder, name), "utf8")) as Workflow] as const;
  workflows = Object.fromEntries(await Promise.all(files.map(read)));
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

describe("linters", () => {
  test("actionlint finds nothing", { timeout: 300_000 }, async () => {
    expect(await lint(await ensureActionlint(), ["-no-color"], projectDir)).toBe("");
  });

  test("zizmor finds nothing at its strictest, exceptions not counted", { timeout: 300_000 }, async () => {
    expect(await lint(await ensureZizmor(), [...zizmor, ".github"], projectDir)).toBe("");
  });

  test("both find what is planted", { timeout: 300_000 }, async () => {
    await cp(folder, join(scratch, ".github", "workflows"), { recursive: true });
    const file = join(scratch, ".github", "workflows", "rotate.yml");
    const text = await readFile(file, "utf8");
    await writeFile(
      file,
      text.replace('--token "$TOKEN"', `--token \${{ inputs.token }}`).replace("needs: bump", "needs: bumb"),
    );
    expect(await lint(await ensureActionlint(), ["-no-color", file], scratch)).toContain('job "bumb"');
    expect(await lint(await ensureZizmor(), [...zizmor, scratch], scratch)).toContain("template-injection");
  });
});

describe("what the linters do not ask for", () => {
  const jobs = () =>
    Object.entries(workflows).flatMap(([file, { jobs }]) =>
      Object.entries(jobs).map(([name, job]) => ({ where: `${file} ${name}`, job })),
    );

  test("no job has a permission that it does not list, and each ends by itself", () => {
    for (const [file, { permissions }] of Object.entries(workflows)) expect(permissions, file).toEqual({});
    for (const { where, job } of jobs()) {
      expect(job.permissions, where).toBeDefined();
      expect(job["timeout-minutes"], where).toBeGreaterThan(0);
    }
  });

  test("a job that may write to GitHub installs nothing and holds no credential", () => {
    const writing = jobs().filter(({ job }) =>
      Object.entries(job.permissions ?? {}).some(([scope, may]) => may === "write" && scope !== "id-token"),
    );
    expect(writing.map(({ where }) => where).sort()).toEqual([
      "deploy.yml comment",
      "drift.yml issue",
      "pull-request.yml announce",
      "pull-request.yml comment",
      "rotate.yml propose",
    ]);
    for (const { where, job } of writing) {
      expect(job.environment, where).toBeUndefined();
      for (const step of job.steps) {
        expect(step.uses ?? "actions/", where).toMatch(/^actions\//);
        expect(step.run ?? "node packages/github/plain/", where).toMatch(/^node packages\/github\/plain\//);
        expect(JSON.stringify(step), where).not.toContain("secrets.");
      }
    }
  });

  test("what every change must pass is said once, in .ci/run", () => {
    const commands = workflows["check.yml"]?.jobs["check"]?.steps.flatMap(({ run }) => run ?? []);
    expect(commands).toEqual([".ci/run"]);
  });

  test("a fork's job names no secret, no variable and no environment", () => {
    const fork = workflows["pull-request.yml"]?.jobs["fork"];
    expect(fork?.permissions).toEqual({ contents: "read" });
    expect(fork?.environment).toBeUndefined();
    expect(JSON.stringify(fork)).not.toMatch(/secrets\.|vars\.|github\.token/);
  });

  test("who judges the judges runs the code that is merged into, and so does whoever compares access tests", () => {
    for (const name of ["judges", "comment", "announce", "fork-judges"]) {
      const [checkout] = workflows["pull-request.yml"]?.jobs[name]?.steps ?? [];
      expect(checkout, name).toMatchObject({
        with: { ref: `\${{ github.event.pull_request.base.sha }}` },
      });
    }
  });

  test("an update waits for the one before, is never cancelled, and needs the environment's approval", () => {
    const deploy = workflows["deploy.yml"];
    expect(deploy?.concurrency).toMatchObject({ "cancel-in-progress": false, queue: "max" });
    expect(deploy?.jobs["up"]?.environment).toBe("production");
    const names = deploy?.jobs["up"]?.steps.map(({ name }) => name) ?? [];
    expect(names.indexOf("Compare with what was approved")).toBe(names.indexOf("Apply") - 1);
  });
});
