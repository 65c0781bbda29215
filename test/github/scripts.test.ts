import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { nextVersion } from "../../packages/cli/rotate/edit-config";
import { accessChangeOf } from "../../packages/github/access-change";
import { readEvents } from "../../packages/github/engine-events";
import { accessSection } from "../../packages/github/plain/access-section";
import type { Findings } from "../../packages/github/plain/findings";
import { missingLabels } from "../../packages/github/plain/review";
import { type StandIn, startGitHub } from "./github-stand-in";
import { commit, goodReview } from "./reviews";
import { runScript } from "./script-run";

const merge = "c".repeat(40);
const hash = "1".repeat(64);
let github: StandIn;

beforeEach(async () => {
  github = await startGitHub();
});

afterEach(() => github.close());

describe("the issue about what is live", () => {
  const clean: Findings = {
    version: 2,
    failure: [],
    drift: [],
    access: [],
    undeployed: [],
    unseen: ["secret of service token comfyui-api: passes"],
    expiring: [],
  };
  const issue = (findings: Findings | undefined) =>
    runScript(
      "issue",
      github.url,
      { STACK: "comfyui-access/prod", FINDINGS_FILE: "findings.json" },
      findings === undefined ? {} : { "findings.json": JSON.stringify(findings) },
    );

  test("is opened once, brought up to date, and closed when all is well", async () => {
    expect((await issue(clean)).code).toBe(0);
    expect(github.state.issues).toEqual([]);

    const drifted = await issue({ ...clean, drift: ["update policy comfyui: includes"] });
    expect(drifted.code).toBe(1);
    await issue({ ...clean, expiring: [{ name: "comfyui-api", expiresAt: "2030-01-01T00:00:00Z" }] });
    expect(github.state.issues).toHaveLength(1);
    expect(github.state.issues[0]?.labels).toEqual(["access-drift"]);
    expect(github.state.issues[0]?.body).toContain("`comfyui-api` ends at `2030-01-01T00:00:00Z`");
    expect(github.state.issues[0]?.body).not.toContain("update policy");

    await issue(clean);
    expect(github.state.issues[0]?.state).toBe("closed");
  });

  test("says when the schedule last ran, and that a check without a result is a failure", async () => {
    github.state.runs = [
      {
        id: 1,
        path: "",
        event: "schedule",
        head_sha: "",
        conclusion: "success",
        created_at: "2030-02-03T05:17:00Z",
      },
    ];
    const ended = await issue(undefined);
    expect(ended.code).toBe(1);
    expect(ended.summary).toContain("Could not be checked, so nothing is known of it");
    expect(ended.summary).toContain("Last scheduled run before this one: `2030-02-03T05:17:00Z`");
  });

  test("says who gains, and puts what cannot be seen apart from what somebody has to act on", async () => {
    await issue({
      ...clean,
      drift: ["policy a: include"],
      access: ["stranger → comfyui"],
      undeployed: ["update b"],
    });
    const body = github.state.issues[0]?.body ?? "";
    const order = [
      "Who gains and who loses",
      "stranger → comfyui",
      "policy a: include",
      "update b",
      "<details>",
      "passes",
    ];
    expect(order.map((text) => body.indexOf(text))).toEqual(
      order.map((text) => body.indexOf(text)).sort((a, b) => a - b),
    );
    expect(order.every((text) => body.includes(text))).toBe(true);
  });

  test("does not take findings of another version for findings", async () => {
    const ended = await issue({ ...clean, version: 1 as unknown as 2 });
    expect(ended.code).toBe(1);
    expect(ended.summary).toContain("The result is not of the agreed form: version is not 2");
  });

  test("is another one than somebody else's with the same first line", async () => {
    await issue({ ...clean, drift: ["x"] });
    const [ours] = github.state.issues;
    if (ours === undefined) throw new Error("no issue was opened");
    ours.user = { login: "stranger" };
    await issue({ ...clean, drift: ["x"] });
    expect(github.state.issues).toHaveLength(2);
  });
});

describe("what was approved", () => {
  const reviewed = (
    id: number,
    path = ".github/workflows/pull-request.yml",
    conclusion: string | null = "success",
  ) => {
    return { id, path, event: "pull_request", head_sha: commit, conclusion, created_at: "" };
  };
  const find = () => runScript("approved", github.url, { COMMIT: merge });

  test("is the newest review of the pull request that the commit came from", async () => {
    github.state.merged = [{ number: 7, merged_at: "2030", head: { sha: commit }, base: { ref: "main" } }];
    github.state.runs = [reviewed(3), reviewed(5), reviewed(9, ".github/workflows/check.yml")];
    expect((await find()).outputs).toBe(`pull=7\nhead=${commit}\nrun=5\n`);
  });

  test("is missing for a commit without a pull request, and for one without a successful review", async () => {
    expect((await find()).output).toContain("without a pull request");
    github.state.merged = [{ number: 7, merged_at: "2030", head: { sha: commit }, base: { ref: "main" } }];
    const ended = await find();
    expect(ended.code).toBe(1);
    expect(ended.output).toContain("no successful review of pull request #7");
  });

  test.each(["failure", "cancelled", null])(
    "is not what an older run said, when the newest of the same commit ended as %s",
    async (conclusion) => {
      github.state.merged = [{ number: 7, merged_at: "2030", head: { sha: commit }, base: { ref: "main" } }];
      github.state.runs = [reviewed(3), reviewed(5, undefined, conclusion)];
      const ended = await find();
      expect(ended.code).toBe(1);
      expect(ended.outputs).toBe("");
      expect(ended.output).toContain(`the newest ended as ${conclusion ?? "not yet"}`);
    },
  );

  const compare = (now: object, approved: object = {}) =>
    runScript(
      "same-access",
      github.url,
      { APPROVED_COMMIT: commit, APPROVED_FILE: "approved.json", REVIEW_FILE: "review.json" },
      {
        "approved.json": JSON.stringify({ ...goodReview(), ...approved }),
        "review.json": JSON.stringify({ ...goodReview(), commit: merge, ...now }),
      },
    );

  test("is applied when access changes in the same way, whatever else is new", async () => {
    expect((await compare({ counts: { update: 2 } })).code).toBe(0);
  });

  const access = goodReview().access;
  test.each([
    [
      "another change of access",
      { access: { ...access, hash: "2".repeat(64) } },
      {},
      "in another way than was approved",
    ],
    [
      "no hash",
      { access: { ...access, hash: undefined } },
      { access: { ...access, hash: undefined } },
      "in another way",
    ],
    ["a blocked review", { accessTests: { passed: 0, failures: ["x"] } }, {}, "is blocked"],
    ["a config that is older than a rotation", { lowered: ["comfyui-api"] }, {}, "is blocked"],
    ["a failed preview", { completed: false }, {}, "is failed"],
    ["the approval of another commit", {}, { commit: merge }, "about another commit"],
    ["the approval of another stack", {}, { stack: "dev" }, "about another stack"],
  ])("stops at %s", async (_, now, approved, words) => {
    const ended = await compare(now, approved);
    expect(ended.code).toBe(1);
    expect(ended.output).toContain(words);
  });
});

describe("a rotation", () => {
  const yaml =
    "config:\n  # Kept.\n  p:serviceTokens:\n    - name: comfyui-api\n      duration: 8760h\n    - name: other\n";
  const until = new Date("2030-01-08T00:00:00Z");

  test("raises one token's version and keeps all else", () => {
    const once = nextVersion(yaml, "p", "comfyui-api", until);
    expect(once).toContain("# Kept.");
    expect(parse(nextVersion(once, "p", "comfyui-api", until))).toEqual({
      config: {
        "p:serviceTokens": [
          {
            name: "comfyui-api",
            duration: "8760h",
            version: 102,
            previousExpiresAt: "2030-01-08T00:00:00Z",
            rotation: { version: 102 },
          },
          { name: "other" },
        ],
      },
    });
    expect(() => nextVersion(yaml, "p", "nobody", until)).toThrow("lists no service token nobody");
  });

  test("is proposed as a pull request from a branch of its own", async () => {
    const env = { FILE: "Pulumi.prod.yaml", TOKEN: "comfyui-api" };
    const ended = await runScript("propose", github.url, env, { "Pulumi.prod.yaml": "new: config\n" });
    expect(ended.code, ended.output).toBe(0);
    expect(github.state.files).toEqual({ "rotate/comfyui-api-500:Pulumi.prod.yaml": "new: config\n" });
    expect(github.state.branches["rotate/comfyui-api-500"]).toBe(github.state.branches["main"]);
    expect(github.state.pulls).toEqual([
      expect.objectContaining({
        title: "Rotate the service token comfyui-api",
        head: { ref: "rotate/comfyui-api-500" },
      }),
    ]);
  });

  test("is not proposed again while a pull request for it is open", async () => {
    const env = { FILE: "Pulumi.prod.yaml", TOKEN: "comfyui-api" };
    const files = { "Pulumi.prod.yaml": "new: config\n" };
    await runScript("propose", github.url, env, files);
    const again = await runScript("propose", github.url, { ...env, GITHUB_RUN_ID: "501" }, files);
    expect(again.code, again.output).toBe(0);
    expect(again.output).toContain("proposed already");
    expect(github.state.pulls).toHaveLength(1);
    expect(Object.keys(github.state.branches)).not.toContain("rotate/comfyui-api-501");
  });
});

describe("what a review takes from the other commands", () => {
  test("events: policies, failing access tests, changed properties by name; no value of any", () => {
    const urn = "urn:pulumi:prod::p::cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy::comfyui";
    const metadata = {
      op: "update",
      urn,
      type: "t",
      detailedDiff: { includes: {} },
      old: { inputs: "hidden" },
    };
    // Words decide nothing: what failed stands in the findings.
    const message = "2 problems\n  accessTests[2].allow[0]: a\n";
    const failed = (where: string, found: string) => ({
      code: "access-test-failed",
      severity: "error" as const,
      where,
      data: { test: 1, found },
    });
    const findings = [
      failed("accessTests[1].allow[0]", "a"),
      failed("accessTests[1].deny[0]", "b"),
      { ...failed("applications[0].hostname", "c"), code: "dns-taken" },
    ];
    const stdout = [
      { preludeEvent: { config: { "other:accessTests": "[{}]", "p:accessTests": "[{},{},{}]" } } },
      {
        policyEvent: {
          resourceUrn: urn,
          message: "everyone",
          policyName: "no-everyone",
          enforcementLevel: "mandatory",
        },
      },
      { diagnosticEvent: { severity: "error", message } },
      { diagnosticEvent: { severity: "debug", message: "noise" } },
      { resourcePreEvent: { metadata } },
      { resourcePreEvent: { metadata: { ...metadata, op: "same" } } },
      { summaryEvent: { resourceChanges: { update: 1, same: 1 } } },
    ]
      .map((event) => JSON.stringify(event))
      .join("\n");
    const planned = readEvents(stdout, 255, "p", findings);
    expect(planned).toMatchObject({
      completed: false,
      accessTests: { passed: 2, failures: ["accessTests[1].allow[0]: a", "accessTests[1].deny[0]: b"] },
      guardrails: [{ rule: "no-everyone", level: "mandatory", resource: "comfyui", message: "everyone" }],
      counts: { update: 1, same: 1 },
      steps: [{ op: "update", type: "t", name: "comfyui", properties: ["includes"] }],
    });
    expect(JSON.stringify(planned)).not.toMatch(/hidden|noise/);
    expect(readEvents(stdout, 0, "p").completed).toBe(true);
  });

  test.each<[string, string[], object | undefined, object]>([
    ["lower", ["comfyui-api"], { clientSecretVersion: 3 }, { clientSecretVersion: 2 }],
    ["left out again", ["comfyui-api"], { clientSecretVersion: 2 }, {}],
    ["raised", [], {}, { clientSecretVersion: 2 }],
    ["the same", [], { clientSecretVersion: 2 }, { clientSecretVersion: 2, duration: "24h" }],
    ["a new token's", [], undefined, { clientSecretVersion: 1 }],
  ])("events: a version that is %s lowers %j", (_, lowered, old, next) => {
    const type = "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken";
    const metadata = {
      op: old === undefined ? "create" : "update",
      urn: `urn:pulumi:prod::p::${type}::comfyui-api`,
      type,
      ...(old === undefined ? {} : { old: { inputs: old } }),
      new: { inputs: next },
    };
    expect(readEvents(JSON.stringify({ resourcePreEvent: { metadata } }), 0, "p").lowered).toEqual(lowered);
  });

  test("the access diff: each line with the sign of its heading", () => {
    const entry = { hostname: "comfyui.datacrew.space", paths: [], when: [], by: "login", on: [], may: [] };
    const diff = {
      verdict: "widened",
      hash,
      entries: [
        { ...entry, kind: "gain", who: "second@datacrew.space", session: { after: "endless" } },
        { ...entry, kind: "loss", who: "first@datacrew.space", session: { before: 3600 } },
      ],
      facts: [],
      undecided: [],
    };
    const change = accessChangeOf(JSON.stringify(diff), []);
    expect(change).toMatchObject({ hash, labels: [], sections: { access: { verdict: "wider" } } });
    expect(missingLabels(change)).toEqual(["access-widens"]);
    expect(change.sections.access.lines).toEqual([
      "@@ Gains access @@",
      expect.stringMatching(/^\+ second@datacrew\.space .* for ever/),
      "@@ Loses access @@",
      expect.stringMatching(/^- first@datacrew\.space .*1h/),
    ]);
    expect(missingLabels(accessChangeOf(JSON.stringify(diff), ["access-widens"]))).toEqual([]);
  });

  test("the access diff: a name with a line break forges no line of its own", () => {
    const fact = { kind: "origin", effect: "moves", about: "x", detail: "x" };
    const diff = {
      verdict: "widened",
      hash,
      entries: [],
      facts: [{ ...fact, text: "x leads to a\n+ nobody@example.org → y" }],
      undecided: [{ code: "kind", bears: ["access"], text: "not judged: Ruleset x\n@@ Loses access @@" }],
    };
    const change = accessChangeOf(JSON.stringify(diff), []);
    expect(missingLabels(change)).toEqual(["access-widens", "access-not-judged"]);
    const body = accessSection({ ...goodReview(), access: change });
    expect(body).not.toMatch(/^\+ nobody/m);
    expect(body).not.toMatch(/^@@ Loses/m);
    expect(body).toMatch(/^! x leads to a \+ nobody/m);
  });
});

describe("what verify found after a deployment", () => {
  const row = (result: string) => ({
    id: `comfyui/${result}/page`,
    result,
    got: "the origin does not answer",
  });
  const verified = (exit: number, results: string[] | undefined) =>
    runScript(
      "verified",
      github.url,
      { REPORT_FILE: "verified.json", VERIFY_EXIT: `${exit}` },
      { "verified.json": results === undefined ? "" : JSON.stringify({ rows: results.map(row) }) },
    );

  test("is a warning with the number of rows where some are not decided, and the deployment stands", async () => {
    const ended = await verified(3, ["passed", "undecided", "person", "undecided"]);
    expect(ended.code, ended.output).toBe(0);
    expect(ended.output).toMatch(/^::warning::2 of 3 /m);
    expect(ended.summary).toContain("comfyui/undecided/page");
  });

  test.each([
    [0, ["passed"]],
    [4, ["passed", "person"]],
  ])("with exit code %i is no finding", async (exit, results) => {
    const ended = await verified(exit, results);
    expect(ended.code, ended.output).toBe(0);
    expect(ended.output).not.toContain("::");
  });

  test.each([
    ["a row that is not as declared", 1, ["failed", "undecided"]],
    ["nothing that could be tried", 1, ["person"]],
    ["such a row, whatever the code", 3, ["failed"]],
    ["no report", 3, undefined],
    ["wrong use", 2, undefined],
  ])("fails the deployment: %s", async (_, exit, results) => {
    const ended = await verified(exit, results);
    expect(ended.code).toBe(1);
    expect(ended.output).toMatch(/^::error::/m);
  });
});
