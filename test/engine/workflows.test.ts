import { cp, mkdir, readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { announceSandbox, type RunningSandbox } from "../../packages/cli/sandboxed/workspace";
import type { Findings } from "../../packages/github/plain/findings";
import { EngineRig } from "./support";
import { type Code, type Context, WorkflowClone } from "./workflow-clone";

let clone: WorkflowClone;

const withPeople =
  (...emails: string[]) =>
  (yaml: string) =>
    yaml.replace("emails: [artist@datacrew.space]", `emails: [${emails.join(", ")}]`);
const oneMore = withPeople("artist@datacrew.space", "second@datacrew.space");

/** The job's environment where it may use the account: the sandbox's credentials, and a runner's own settings. */
function environment(rig: EngineRig, as: "up" | "preview"): NodeJS.ProcessEnv {
  const { env } = rig.session.target(as);
  return { ...env, ...clone.environment(), PATH: env["PATH"] };
}

/** `verify` and `drift` look for a sandbox where a user has one: in the folder of the clone. */
async function announce(rig: EngineRig, change: Partial<RunningSandbox["tokens"]> = {}): Promise<void> {
  await rm(join(clone.dir, ".sandbox"), { recursive: true, force: true });
  await symlink(rig.dir, join(clone.dir, ".sandbox"));
  const { workspace, url, access } = rig.session;
  const tokens = { ...rig.session.tokens, ...change };
  access?.connectAll();
  await announceSandbox(workspace, { pid: process.pid, url, tokens, network: access?.network ?? {} });
}

/** The jobs of a review one after the other, the artifact handed from one to the next. */
async function review(rig: EngineRig, labels: string[] = []) {
  for (const step of (await clone.job("pull-request.yml", "preview")).steps) {
    const ended = await clone.runStep(step, environment(rig, "preview"), { labels });
    expect(ended.code, ended.output).toBe(0);
  }
  const judges = await lookForJudges();
  return comment("pull-request.yml", { labels, needs: { judges } });
}

/** The job that compares the access tests, by the code that is merged into. */
async function lookForJudges() {
  const [compare] = (await clone.job("pull-request.yml", "judges")).steps;
  if (compare === undefined) throw new Error("the job judges has no step");
  const ended = await clone.runStep(compare, clone.environment());
  expect(ended.code, ended.output).toBe(0);
  return { outputs: ended.outputs };
}

/** The job that writes the comment, with what the one before left. */
async function comment(workflow: string, context: Context) {
  await handOver("handed-over");
  const [write] = (await clone.job(workflow, "comment")).steps;
  if (write === undefined) throw new Error("the job comment has no step");
  const ended = await clone.runStep(write, clone.environment(), context);
  return { ...ended, body: clone.github.state.comments.map(({ body }) => body).join("\n----\n") };
}

/** The artifact, from the job that made it to a folder of the one that takes it. */
async function handOver(folder: string): Promise<void> {
  await mkdir(join(clone.dir, folder), { recursive: true });
  await cp(join(clone.dir, "review.json"), join(clone.dir, folder, "review.json"));
}

beforeAll(async () => {
  clone = await WorkflowClone.open();
});

afterAll(() => clone?.close());

describe("a pull request from a fork", () => {
  test("is reviewed in the sandbox by the job's own steps, without any credential", async () => {
    await clone.propose(oneMore);
    const outcomes: [string, number | null][] = [];
    let output = "";
    for (const step of (await clone.job("pull-request.yml", "fork")).steps) {
      const ended = await clone.runStep(step, clone.environment());
      outcomes.push([step.name, ended.code]);
      output += ended.output;
    }
    expect(outcomes, output).toEqual([
      ["Apply what is there to the sandbox", 0],
      ["Preview, with guardrails and the access diff", 0],
      ["Write the run's page", 1],
    ]);
    const page = await readFile(clone.summary, "utf8");
    expect(page).toContain("From a fork");
    expect(page).toContain("access widens without the label `access-widens`");
    expect(page).toMatch(/^\+ .*second@datacrew\.space/m);
    expect(page).toContain("#### Guardrails: met");
    expect(clone.github.calls).toEqual([]);
  });
});

describe("a pull request from a branch", () => {
  let rig: EngineRig;

  beforeAll(async () => {
    rig = await EngineRig.open({ access: true });
    await rig.config();
    const up = await rig.up();
    expect(up.code, up.stdout + up.stderr).toBe(0);
    await announce(rig);
  });

  afterAll(() => rig?.close());

  test("gets a comment that says who gains, and is blocked until the label says that this is meant", async () => {
    await clone.propose(oneMore);
    const blocked = await review(rig);
    expect(blocked.code, blocked.output).toBe(1);
    expect(blocked.body).toContain("⛔ Blocked: access widens without the label `access-widens`");
    expect(blocked.body).toMatch(/^\+ .*second@datacrew\.space/m);
    const agreed = await review(rig, ["access-widens"]);
    expect(agreed.code, agreed.output).toBe(0);
    expect(agreed.body).toContain("### 📝 Changes");
    expect(agreed.body).toContain("#### Resources: 1 update");
    expect(agreed.body).toContain("#### Access tests: 4 passed");
    expect(clone.github.state.comments).toHaveLength(1);
  });

  test("is blocked by a failing access test, which the comment names", async () => {
    await clone.propose((yaml) =>
      yaml.replace("- who: stranger@example.org\n      deny:", "- who: stranger@example.org\n      allow:"),
    );
    const { code, body } = await review(rig);
    expect(code).toBe(1);
    expect(body).toContain("1 access test fails");
    expect(body).toContain("it changes what judges it without the label `judges-change`");
    expect(body).toContain(
      'access test removed or changed: `Pulumi.dev.yaml: {"who":"stranger@example.org","deny":["comfyui"]}`',
    );
    expect(body).toContain("stranger@example.org at comfyui: expected allow, got refused");
  });

  test("says so when nothing changes", async () => {
    await clone.propose((yaml) => `${yaml}# A comment.\n`);
    const { code, body, output } = await review(rig);
    expect(code, output).toBe(0);
    expect(body).toContain("### ✅ No changes");
  });

  test("is followed by a schedule that finds what was changed by hand, and a token that is not accepted", async () => {
    await clone.propose((yaml) => `${yaml}# A comment.\n`);
    const [compare] = (await clone.job("drift.yml", "check")).steps;
    if (compare === undefined) throw new Error("the job check has no step");
    const check = async () => {
      const ended = await clone.runStep(
        { ...compare, env: { ...compare.env, MASK: "true" } },
        environment(rig, "preview"),
      );
      expect(ended.code, ended.output).toBe(0);
      return JSON.parse(await readFile(join(clone.dir, "findings.json"), "utf8")) as Findings;
    };
    const { unseen, ...sound } = await check();
    expect(sound).toEqual({ version: 2, failure: [], drift: [], access: [], undeployed: [], expiring: [] });
    expect(unseen).toContainEqual(expect.stringMatching(/^as expected: secret of service token comfyui-api/));

    const records = "/zones/fedcba9876543210fedcba9876543210/dns_records";
    const [record] = await rig.api<{ id: string; name: string }[]>(
      "GET",
      `${records}?name=comfyui.datacrew.space`,
    );
    await rig.api("PATCH", `${records}/${record?.id}`, { proxied: false });
    const changed = await check();
    expect(changed.drift).toEqual(["DNS record comfyui.datacrew.space: proxied: true → not set"]);
    expect(changed.access).toContainEqual(expect.stringMatching(/comfyui\.datacrew\.space is not proxied/));
    expect(changed.access.join("\n")).toMatch(/person-[a-z0-9]{8}/);
    expect(JSON.stringify(changed)).not.toContain("artist@");

    await announce(rig, { preview: "not-a-token" });
    const refused = await check();
    expect(refused.failure.length).toBeGreaterThan(0);
    expect(JSON.stringify(refused)).not.toContain("not-a-token");
  });

  test("is blocked when its config is older than the last rotation, which would set the token back", async () => {
    await announce(rig);
    await rig.config((settings) => {
      const [token = {}] = settings["serviceTokens"] as Record<string, unknown>[];
      const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
      Object.assign(token, { version: 2, previousExpiresAt: tomorrow });
    });
    expect((await rig.up()).code).toBe(0);
    await clone.propose((yaml) => `${yaml}# A comment.\n`);
    const { code, body, output } = await review(rig);
    expect(code, output).toBe(1);
    expect(body).toContain("⛔ Blocked: the config is older than the last rotation of `comfyui-api`");
  });
});

describe("a merged pull request", () => {
  let rig: EngineRig;

  beforeAll(async () => {
    rig = await EngineRig.open({ access: true });
    await rig.config();
    const up = await rig.up();
    expect(up.code, up.stdout + up.stderr).toBe(0);
    await announce(rig);
  });

  afterAll(() => rig?.close());

  /** Reviews and approves what is proposed, and merges it. */
  async function approve(change: (yaml: string) => string, code?: Code): Promise<void> {
    await clone.propose(change, code);
    const reviewed = await review(rig, ["access-widens"]);
    expect(reviewed.code, reviewed.output).toBe(0);
    await handOver("approved");
    await clone.merge();
  }

  async function deploy() {
    await rm(join(clone.dir, "review.json"));
    const { outcomes, output, steps, outputs } = await clone.runJob(
      "deploy.yml",
      "up",
      environment(rig, "up"),
    );
    const needs = { up: { outputs } };
    const { if: when = "" } = await clone.job("deploy.yml", "comment");
    expect(clone.evaluate(when, { needs })).toBe(true);
    const { body } = await comment("deploy.yml", { needs });
    return { outcomes, output, steps, body };
  }

  /** Who the account lets in, by the API. */
  async function allowed(): Promise<string> {
    const path = "/accounts/0123456789abcdef0123456789abcdef/access/policies";
    return JSON.stringify(await rig.api("GET", path));
  }

  test("is applied when it changes access as it was approved, and the comment says so", async () => {
    await approve(oneMore);
    expect(await allowed()).not.toContain("second@datacrew.space");
    const { outcomes, output, steps, body } = await deploy();
    expect(outcomes, output).toEqual([
      ["Find what was approved", 0],
      ["Keep the state as it is", 0],
      ["Review once more, on main", 0],
      ["Compare with what was approved", 0],
      ["Apply", 0],
      ["Compare what was applied with what was approved", 0],
      ["Try who gets in", 0],
    ]);
    expect(steps["approved"]?.outputs["run"]).toBe("41");
    expect(await allowed()).toContain("second@datacrew.space");
    expect(body).toContain("### 🚀 Applied");
    expect(body).toMatch(/^\+ .*second@datacrew\.space/m);
    expect(clone.github.state.comments).toHaveLength(1);
  });

  test("is not applied after something else was deployed in between, and the comment says why", async () => {
    await approve(withPeople("artist@datacrew.space", "third@datacrew.space"));
    await rig.config();
    const between = await rig.up();
    expect(between.code, between.stdout + between.stderr).toBe(0);
    const before = (await rig.writes()).length;
    const { outcomes, output, body } = await deploy();
    expect(outcomes, output).toEqual([
      ["Find what was approved", 0],
      ["Keep the state as it is", 0],
      ["Review once more, on main", 0],
      ["Compare with what was approved", 1],
    ]);
    expect(await rig.writes()).toHaveLength(before);
    expect(await allowed()).not.toContain("third@datacrew.space");
    expect(body).toContain("### ⛔ Blocked");
    expect(body).toContain("main would not change access as it was approved");
    expect(clone.github.state.comments).toHaveLength(1);
  });

  test("is caught where the program grants in the update what its preview did not show, with a way back", async () => {
    const hidden = {
      file: "components/access-policy.ts",
      from: "emailRules(name, args.emails, args.emailDomains)",
      to:
        'emailRules(name, require("@pulumi/pulumi").runtime.isDryRun() ? args.emails : ' +
        '[...args.emails, "hidden@datacrew.space"], args.emailDomains)',
    };
    await approve((yaml) => `${yaml}# A comment.\n`, hidden);
    const { outcomes, output, body } = await deploy();
    expect(outcomes.at(-1), output).toEqual(["Compare what was applied with what was approved", 1]);
    expect(output).toMatch(/^\+ .*hidden@datacrew\.space/m);
    expect(await allowed()).toContain("hidden@datacrew.space");
    expect(body).toContain("### 🚨 Applied, and access changed otherwise than was approved");
    const page = await readFile(clone.summary, "utf8");
    expect(page).toContain("Changed, and nobody approved it");
    expect(page).toMatch(/^\+ .*hidden@datacrew\.space/m);
    expect(page).toContain("pulumi up --stack dev --policy-pack policies/run");
    // The way back: the program of before, on the state as it is now.
    await rig.config();
    const back = await rig.up();
    expect(back.code, back.stdout + back.stderr).toBe(0);
    expect(await allowed()).not.toContain("hidden@datacrew.space");
  });
});

describe("a rotation", () => {
  test("is proposed as a pull request that raises the token's version, notes that it did, and changes nothing else", async () => {
    await clone.git("reset", "--quiet", "--hard", "base");
    const file = join(clone.dir, "Pulumi.prod.yaml");
    const before = parse(await readFile(file, "utf8")) as { config: Record<string, object[]> };
    const inputs = { token: "comfyui-api", days: "7" };
    for (const name of ["bump", "propose"]) {
      for (const step of (await clone.job("rotate.yml", name)).steps) {
        const ended = await clone.runStep(step, clone.environment(), { inputs });
        expect(ended.code, ended.output).toBe(0);
      }
    }
    const tokens = "comfyui-access:serviceTokens";
    const [token] = before.config[tokens] ?? [];
    const until = expect.stringMatching(/^20.*Z$/);
    const next = { ...token, version: 101, previousExpiresAt: until, rotation: { version: 101 } };
    const { files, pulls } = clone.github.state;
    expect(parse(files["rotate/comfyui-api-500:Pulumi.prod.yaml"] ?? "")).toEqual({
      config: { ...before.config, [tokens]: [next] },
    });
    expect(pulls.map(({ head }) => head.ref)).toEqual(["rotate/comfyui-api-500"]);
  });
});
