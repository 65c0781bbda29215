import { execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { projectDir } from "../../src/sandboxed/workspace";
import { type StandIn, startGitHub } from "../github/github-stand-in";
import { EngineRig } from "./support";

const run = promisify(execFile);

interface Step {
  name: string;
  uses?: string;
  run?: string;
  env?: Record<string, string>;
}

let scratch: string;
let clone: string;
let commit: string;
let github: StandIn;
let summary: string;

async function git(...args: string[]): Promise<string> {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
  return (await run("git", [...identity, ...args], { cwd: clone })).stdout.trim();
}

/** What `${{ … }}` stands for in these workflows; an expression that is not listed here fails the test. */
function expressions(labels: string[]): Record<string, string> {
  return {
    "github.event.pull_request.head.sha": commit,
    "github.event.pull_request.number": "7",
    "contains(github.event.pull_request.labels.*.name, 'access-widens')": String(
      labels.includes("access-widens"),
    ),
    "!github.event.repository.private": "false",
    "github.token": "stand-in-token",
    "github.sha": commit,
  };
}

/** The steps of one job that run a script; what an action does, the test has done. */
async function stepsOf(workflow: string, job: string): Promise<Step[]> {
  const text = await readFile(join(clone, ".github", "workflows", workflow), "utf8");
  const file = parse(text) as {
    env: Record<string, string>;
    jobs: Record<string, { env?: object; steps: Step[] }>;
  };
  const own = file.jobs[job];
  if (own === undefined) throw new Error(`${workflow} has no job ${job}`);
  return own.steps
    .filter((step) => step.run !== undefined && step.name !== "Install packages")
    .map((step) => ({ ...step, env: { ...file.env, ...own.env, ...step.env } }));
}

/** Runs a step as the runner does: its script from a file, by a shell that ends at the first error. */
async function runStep(step: Step, env: NodeJS.ProcessEnv, labels: string[] = []) {
  const known = expressions(labels);
  const own = Object.entries(step.env ?? {}).flatMap(([name, value]) => {
    // Credentials and addresses of accounts are the environment's own, here the sandbox's.
    if (/\$\{\{ (secrets|vars)\./.test(value)) return [];
    const said = value.replace(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => {
      if (known[expression] === undefined) throw new Error(`${expression} is not known to this test`);
      return known[expression];
    });
    return [[name, name === "STACK" ? said.replace(/prod$/, "dev") : said] as const];
  });
  const script = join(scratch, "step.sh");
  await writeFile(script, step.run ?? "");
  const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", script], {
    cwd: clone,
    env: { ...env, ...Object.fromEntries(own) },
    timeout: 240_000,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, output };
}

/** A runner's environment: nothing of the user's but where programs are, and no credential. */
function runnerEnvironment(): NodeJS.ProcessEnv {
  return {
    PATH: [join(projectDir, "node_modules", "node", "bin"), process.env["PATH"]].join(delimiter),
    HOME: process.env["HOME"],
    GITHUB_API_URL: github.url,
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_REPOSITORY: "owner/name",
    GITHUB_RUN_ID: "500",
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_STEP_SUMMARY: summary,
  };
}

/** Changes the stack's config in the clone and commits it: what a pull request would be. */
async function propose(change: (yaml: string) => string): Promise<void> {
  const file = join(clone, "Pulumi.dev.yaml");
  await git("reset", "--quiet", "--hard", "base");
  await writeFile(file, change(await readFile(file, "utf8")));
  await git("commit", "--quiet", "--all", "--message", "A change");
  commit = await git("rev-parse", "HEAD");
  github.state.head = commit;
  github.state.comments = [];
  await writeFile(summary, "");
}

const oneMore = (yaml: string) =>
  yaml.replace("emails: [artist@datacrew.space]", "emails: [artist@datacrew.space, second@datacrew.space]");

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "comfyui-access-workflows-"));
  clone = join(scratch, "clone");
  summary = join(scratch, "summary");
  github = await startGitHub();
  await run("git", ["clone", "--quiet", projectDir, clone]);
  await symlink(join(projectDir, "node_modules"), join(clone, "node_modules"));
  await git("tag", "base");
});

afterAll(async () => {
  await github.close();
  await rm(scratch, { recursive: true, force: true });
});

describe("a pull request from a fork", () => {
  test("is reviewed in the sandbox by the job's own steps, without any credential", async () => {
    await propose(oneMore);
    const outcomes: [string, number | null][] = [];
    let output = "";
    for (const step of await stepsOf("pull-request.yml", "fork")) {
      const ended = await runStep(step, runnerEnvironment());
      outcomes.push([step.name, ended.code]);
      output += ended.output;
    }
    expect(outcomes, output).toEqual([
      ["Apply what is there to the sandbox", 0],
      ["Preview, with guardrails and the access diff", 0],
      ["Write the run's page", 1],
    ]);
    const page = await readFile(summary, "utf8");
    expect(page).toContain("From a fork");
    expect(page).toContain("access widens without the agreed label");
    expect(page).toMatch(/^\+ .*second@datacrew\.space/m);
    expect(page).toContain("#### Guardrails: met");
    expect(github.calls).toEqual([]);
  });
});

describe("a pull request from a branch", () => {
  let rig: EngineRig;

  beforeAll(async () => {
    rig = await EngineRig.open();
    await rig.config();
    const up = await rig.up();
    expect(up.code, up.stdout + up.stderr).toBe(0);
  });

  afterAll(() => rig?.close());

  /** The jobs one after the other, the artifact handed from one to the next. */
  async function review(labels: string[] = []) {
    const target = rig.session.target("preview");
    const env = { ...target.env, ...runnerEnvironment(), PATH: target.env["PATH"] };
    for (const step of await stepsOf("pull-request.yml", "preview")) {
      const ended = await runStep(step, env, labels);
      expect(ended.code, ended.output).toBe(0);
    }
    await mkdir(join(clone, "handed-over"), { recursive: true });
    await cp(join(clone, "review.json"), join(clone, "handed-over", "review.json"));
    const [write] = await stepsOf("pull-request.yml", "comment");
    if (write === undefined) throw new Error("the job comment has no step");
    const ended = await runStep(write, runnerEnvironment(), labels);
    return { ...ended, body: github.state.comments.map(({ body }) => body).join("\n----\n") };
  }

  test("gets a comment that says who gains, and is blocked until the label says that this is meant", async () => {
    await propose(oneMore);
    const blocked = await review();
    expect(blocked.code, blocked.output).toBe(1);
    expect(blocked.body).toContain("⛔ Blocked: access widens without the agreed label");
    expect(blocked.body).toMatch(/^\+ .*second@datacrew\.space/m);
    const agreed = await review(["access-widens"]);
    expect(agreed.code, agreed.output).toBe(0);
    expect(agreed.body).toContain("### 📝 Changes");
    expect(agreed.body).toContain("#### Resources: 1 update");
    expect(agreed.body).toContain("#### Access tests: 4 passed");
    expect(github.state.comments).toHaveLength(1);
  });

  test("is blocked by a failing access test, which the comment names", async () => {
    await propose((yaml) =>
      yaml.replace("- who: stranger@example.org\n      deny:", "- who: stranger@example.org\n      allow:"),
    );
    const { code, body } = await review();
    expect(code).toBe(1);
    expect(body).toContain("1 access test fails");
    expect(body).toContain("stranger@example.org at comfyui: expected allow, got refused");
  });

  test("says so when nothing changes", async () => {
    await propose((yaml) => `${yaml}# A comment.\n`);
    const { code, body, output } = await review();
    expect(code, output).toBe(0);
    expect(body).toContain("### ✅ No changes");
  });

  test("is followed by a schedule that finds what was changed by hand, and a token that is not accepted", async () => {
    await propose((yaml) => `${yaml}# A comment.\n`);
    const target = rig.session.target("preview");
    const env = { ...target.env, ...runnerEnvironment(), PATH: target.env["PATH"] };
    const [compare] = await stepsOf("drift.yml", "check");
    if (compare === undefined) throw new Error("the job check has no step");
    const check = async (change: NodeJS.ProcessEnv = {}) => {
      const ended = await runStep(compare, { ...env, ...change });
      expect(ended.code, ended.output).toBe(0);
      return JSON.parse(await readFile(join(clone, "findings.json"), "utf8")) as Record<string, unknown[]>;
    };
    expect(await check()).toEqual({ version: 1, failure: [], drift: [], expiring: [] });

    const records = "/zones/fedcba9876543210fedcba9876543210/dns_records";
    const [record] = await rig.api<{ id: string; name: string }[]>(
      "GET",
      `${records}?name=comfyui.datacrew.space`,
    );
    await rig.api("PATCH", `${records}/${record?.id}`, { proxied: false });
    expect((await check())["drift"]).toEqual([
      expect.stringMatching(/^update .*DnsRecord comfyui: .*proxied/),
    ]);

    const refused = await check({ CLOUDFLARE_API_TOKEN: "not-a-token" });
    expect(refused["failure"]?.length).toBeGreaterThan(0);
    expect(JSON.stringify(refused)).not.toContain("not-a-token");
  });
});
