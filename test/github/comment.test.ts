import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writeMarker } from "../../packages/github/plain/marker";
import type { Review } from "../../packages/github/plain/review";
import { type StandIn, startGitHub } from "./github-stand-in";
import { accessOf, commit, goodReview } from "./reviews";
import { type Ended, runScript } from "./script-run";

const newer = "b".repeat(40);
const bot = { login: "github-actions[bot]" };
const key = "comfyui-access/prod";
let github: StandIn;

beforeEach(async () => {
  github = await startGitHub();
  github.state.head = commit;
});

afterEach(() => github.close());

/** Runs the comment's step; `review: null` hands nothing over. */
function comment(env: NodeJS.ProcessEnv = {}, review: Review | string | null = goodReview()): Promise<Ended> {
  const text = typeof review === "string" ? review : JSON.stringify(review);
  const labels = typeof review === "string" ? [] : (review?.access?.labels ?? []);
  return runScript(
    "comment",
    github.url,
    {
      MODE: "review",
      PULL_REQUEST: "7",
      STACK: key,
      COMMIT: commit,
      REVIEW_FILE: "review.json",
      AGREED: String(labels.includes("access-widens")),
      AGREED_NOT_JUDGED: String(labels.includes("access-not-judged")),
      JUDGES_AGREED: "false",
      JUDGES_FOUND: "[]",
      ...env,
    },
    review === null ? {} : { "review.json": text },
  );
}

const bodies = () => github.state.comments.map(({ body }) => body);
const writes = () => github.calls.filter((call) => !call.startsWith("GET"));

test("labels count as the event has them, whatever the review says of them", async () => {
  const ended = await comment({ AGREED: "false" });
  expect(ended.code).toBe(1);
  expect(bodies().join()).toContain(
    "The label `access-widens` agrees to what widens or goes elsewhere below.** It is missing.",
  );
});

describe("one comment", () => {
  test("is created with the verdict first, then who gains, tests, guardrails, counts and what is deleted", async () => {
    const ended = await comment();
    expect(ended.output).toContain("comment created");
    expect(ended.code).toBe(0);
    const [body = ""] = bodies();
    const order = [
      "<!-- comfyui-access review",
      "### 📝 Changes",
      "`comfyui-access/prod` at `aaaaaaaaaaaa`",
      "| ⚠️ | Access | **Access widens**",
      "| ✅ | Not judged | All that changes is judged |",
      "The label `access-widens` agrees to what widens or goes elsewhere below.",
      "#### Access\n",
      "+ second@datacrew.space: gain",
      "#### Access tests: 4 passed",
      "#### Guardrails: met",
      "#### Resources: 1 update, 1 delete, 20 unchanged",
      "- **delete** `old-route`",
      "<details>",
      "https://github.com/owner/name/actions/runs/500",
    ].map((part) => body.indexOf(part));
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(ended.summary).toContain("second@datacrew.space");
  });

  test("is updated in place by the next run, and left alone when it would be the same", async () => {
    await comment({ MODE: "running" });
    expect(bodies()[0]).toContain("is running");
    expect((await comment()).output).toContain("comment updated");
    expect((await comment()).output).toContain("comment identical");
    expect(bodies()).toHaveLength(1);
    expect(writes()).toEqual(["POST /issues/7/comments", "PATCH /issues/comments/1000"]);
  });

  test("is found behind more than 100 others", async () => {
    for (let id = 1; id <= 250; id++)
      github.state.comments.push({ id, body: "talk", user: { login: "somebody" } });
    const marker = writeMarker({ key, commit, run: 1, attempt: 1, state: "running" });
    github.state.comments.push({ id: 999, body: `${marker}\n`, user: bot });
    expect((await comment()).output).toContain("comment updated");
    expect(github.state.comments).toHaveLength(251);
  });

  test("is neither taken from another author nor from another stack", async () => {
    const marker = writeMarker({ key, commit, run: 1, attempt: 1, state: "running" });
    const other = writeMarker({ key: "comfyui-access/dev", commit, run: 1, attempt: 1, state: "running" });
    github.state.comments.push({ id: 11, body: `${marker}\n`, user: { login: "stranger" } });
    github.state.comments.push({ id: 12, body: `${other}\n`, user: bot });
    expect((await comment()).output).toContain("comment created");
    expect(bodies().slice(0, 2)).toEqual([`${marker}\n`, `${other}\n`]);
  });
});

describe("states", () => {
  const blocked: [string, (review: Review) => void, string][] = [
    [
      "widening without the label",
      (r) => {
        if (r.access) r.access.labels = [];
      },
      "access widens without the label `access-widens`",
    ],
    [
      "traffic that goes elsewhere, by the label for what is not judged",
      (r) => {
        const traffic = { verdict: "moves" as const, lines: ["! comfyui.datacrew.space leads elsewhere"] };
        r.access = { ...accessOf({ traffic }), labels: ["access-not-judged"] };
      },
      "requests go elsewhere without the label `access-widens`",
    ],
    [
      "what is not judged, by the label for what widens",
      (r) => {
        const notJudged = { verdict: "undecided" as const, lines: ["! not judged: Ruleset skip"] };
        if (r.access) r.access.sections = { ...r.access.sections, notJudged };
      },
      "something is not judged without the label `access-not-judged`",
    ],
    [
      "a failed access test",
      (r) => {
        r.accessTests.failures = ["accessTests[1]: expected deny"];
      },
      "1 access test fails",
    ],
    [
      "a guardrail that is not met",
      (r) => {
        r.guardrails = [
          { rule: "no-everyone", level: "mandatory", resource: "comfyui", message: "everyone" },
        ];
      },
      "1 guardrail is not met",
    ],
  ];
  test.each(blocked)("%s blocks, and the step fails", async (_, breaking, reason) => {
    const review = goodReview();
    breaking(review);
    const ended = await comment({}, review);
    expect(bodies()[0]).toContain(`### ⛔ Blocked: ${reason}`);
    expect(ended.code).toBe(1);
  });

  test("an advisory guardrail is shown and does not block", async () => {
    const review = goodReview();
    review.guardrails = [{ rule: "alerts", level: "advisory", resource: "tunnel", message: "no alert" }];
    expect((await comment({}, review)).code).toBe(0);
    expect(bodies()[0]).toContain("advisory `alerts` on `tunnel`: `no alert`");
  });

  test("a preview that broke off, one without an access diff, and one that handed nothing over have failed", async () => {
    const broken = { ...goodReview(), completed: false, diagnostics: ["error: 401 Unauthorized"] };
    const blind = { ...goodReview(), access: undefined };
    for (const review of [broken, blind, null, "no JSON", JSON.stringify({ ...goodReview(), extra: 1 })]) {
      github.state.comments = [];
      const ended = await comment({}, review);
      expect(bodies()[0]).toContain("### ❌ The preview failed");
      expect(ended.code).toBe(1);
    }
  });

  test("nothing changes", async () => {
    const review = goodReview();
    await comment({}, { ...review, access: accessOf(), steps: [], counts: { same: 22 } });
    expect(bodies()[0]).toContain("### ✅ No changes");
    expect(bodies()[0]).toContain("Nobody gains or loses access");
  });

  test.each([
    ["applied", "🚀 Applied"],
    ["apply-failed", "🔥 Applying failed"],
    ["applied-otherwise", "### 🚨 Applied, and access changed otherwise than was approved"],
    ["not-verified", "### 🔥 Applied, and not everybody gets what is declared"],
    ["not-as-approved", "would not change access as it was approved"],
    ["not-applied", "nothing was applied"],
  ])("after the merge: %s, though the branch has moved on", async (mode, text) => {
    github.state.head = newer;
    await comment({ MODE: mode });
    expect(bodies()[0]).toContain(text);
  });

  test("a fork's goes to the run's page, without a token and without a call", async () => {
    const ended = await comment({ MODE: "fork", GITHUB_TOKEN: "", PULL_REQUEST: "" });
    expect(ended.code).toBe(0);
    expect(ended.summary).toContain("From a fork");
    expect(ended.summary).toContain("second@datacrew.space");
    expect(github.calls).toEqual([]);
  });

  test("a review of another commit or stack is not shown", async () => {
    for (const other of [{ commit: newer }, { stack: "dev" }]) {
      github.state.comments = [];
      await comment({}, { ...goodReview(), ...other });
      expect(bodies()[0]).toContain("about another commit or stack");
      expect(bodies()[0]).not.toContain("second@datacrew.space");
    }
  });
});

describe("what the pull request does to its judges", () => {
  const test1 = 'Pulumi.prod.yaml: {"anyone":true,"deny":["*"]}';

  test("stands above everything else, blocks, and is agreed to by a label of its own", async () => {
    github.state.changed = [
      { filename: "policies/rules/index.ts", status: "modified" },
      { filename: "notes/old.ts", status: "renamed", previous_filename: "packages/access/match.ts" },
      { filename: "README.md", status: "modified" },
    ];
    const lost = { JUDGES_FOUND: JSON.stringify([{ kind: "access-test", line: test1 }]) };
    const ended = await comment(lost);
    expect(ended.code).toBe(1);
    const [body = ""] = bodies();
    expect(body).toContain("### ⛔ Blocked: it changes what judges it without the label `judges-change`");
    const order = [
      "#### ⚖️ This changes what judges it",
      test1,
      "`policies/rules/index.ts`",
      "`packages/access/match.ts`",
      "It is missing.",
      "second@datacrew.space",
    ].map((part) => body.indexOf(part));
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(body).not.toContain("README.md");

    const agreed = await comment({ ...lost, JUDGES_AGREED: "true" });
    expect(agreed.code, agreed.output).toBe(0);
    expect(bodies()[0]).toContain("### 📝 Changes");
    expect(bodies()[0]).toContain("The label `judges-change` agrees to that.");
  });

  test.each<[string, NodeJS.ProcessEnv, () => void, string]>([
    [
      "more files than GitHub lists",
      {},
      () => {
        github.state.changed = Array.from({ length: 3001 }, (_, n) => ({
          filename: `docs/${n}.md`,
          status: "added",
        }));
      },
      "3001 files are changed, and GitHub lists 3000 of them",
    ],
    ["access tests that nobody compared", { JUDGES_FOUND: "" }, () => {}, "which access tests are removed"],
    ["a result that is none", { JUDGES_FOUND: "{}" }, () => {}, "which access tests are removed"],
    [
      "a finding of another kind",
      { JUDGES_FOUND: '[{"kind":"other","line":"x"}]' },
      () => {},
      "which access tests are removed",
    ],
    [
      "more findings than are listed",
      { JUDGES_FOUND: JSON.stringify(Array.from({ length: 200 }, () => ({ kind: "accepted", line: "x" }))) },
      () => {},
      "what more is removed or loosened",
    ],
    [
      "files of another commit",
      {},
      () => {
        github.state.head = newer;
      },
      "which files this commit changes",
    ],
  ])("%s: cannot be told, which is never taken for fine", async (_, env, happens, words) => {
    happens();
    const ended = await comment(env);
    expect(ended.code).toBe(1);
    expect(ended.summary).toContain(words);
    expect(ended.summary).toContain("without the label `judges-change`");
  });

  test("other versions of packages ask for no label, and the comment says what runs with them", async () => {
    github.state.changed = [{ filename: "package-lock.json", status: "modified" }];
    const ended = await comment();
    expect(ended.code, ended.output).toBe(0);
    const note = "The packages that the review itself runs with change: `package-lock.json`.";
    expect(bodies()[0]).toContain(note);
    expect(bodies()[0]).not.toContain("judges-change");
    const found = { kind: "packages", line: 'package.json: scripts.test is "true"' };
    const other = await comment({ JUDGES_FOUND: JSON.stringify([found]) });
    expect(other.code).toBe(1);
    expect(bodies()[0]).not.toContain(note);
    expect(bodies()[0]).toContain(`packages: \`${found.line}\``);
    expect(bodies()[0]).toContain("how code is loaded: `package-lock.json`");
  });

  test("a fork's stands on the run's page, and fails the check", async () => {
    const fork = { MODE: "fork-judges", REVIEW_FILE: "" };
    expect((await comment(fork, null)).code).toBe(0);
    github.state.changed = [{ filename: ".github/workflows/deploy.yml", status: "modified" }];
    const ended = await comment(fork, null);
    expect(ended.code).toBe(1);
    expect(ended.summary).toContain("`.github/workflows/deploy.yml`");
    expect(writes()).toEqual([]);
  });
});

describe("races", () => {
  const standing = (of: string, run: number) =>
    github.state.comments.push({
      id: 900,
      body: `${writeMarker({ key, commit: of, run, attempt: 1, state: "running" })}\n`,
      user: bot,
    });

  test("a result for an older commit leaves the newest one's comment alone, whichever run is later", async () => {
    github.state.head = newer;
    for (const run of [499, 501]) {
      github.state.comments = [];
      standing(newer, run);
      expect((await comment()).output).toContain("comment left");
    }
    expect(writes()).toEqual([]);
  });

  test("and says that it is out of date where the newest has none yet", async () => {
    github.state.head = newer;
    await comment();
    expect(bodies()[0]).toContain("### 🕰️ Out of date");
    expect(bodies()[0]).toContain("the newest commit is `bbbbbbbbbbbb`");
  });

  test("the newest commit's result replaces an older one's, even of a later run", async () => {
    standing(newer, 501);
    expect((await comment()).output).toContain("comment updated");
  });

  test("of two runs for one commit the later one stands", async () => {
    standing(commit, 501);
    expect((await comment()).output).toContain("comment left");
    expect((await comment({ GITHUB_RUN_ID: "502" })).output).toContain("comment updated");
  });
});

describe("GitHub's refusals", () => {
  test("a token that may only read: the run's page has the text, and the step succeeds", async () => {
    github.state.readOnly = true;
    const ended = await comment();
    expect(ended.output).toContain("::notice::");
    expect(ended.summary).toContain("second@datacrew.space");
    expect(ended.code).toBe(0);
  });

  test("a body that is too long for it: the least that can be said takes its place", async () => {
    github.state.maxBody = 600;
    const ended = await comment();
    expect(ended.output).toContain("comment shortened");
    // The check says so too, and both mean the same.
    expect(ended.code).toBe(0);
    expect(bodies()[0]).toContain("### 📝 Changes");
    expect(bodies()[0]).toContain("too long for a comment");
  });

  test("a server error is tried again, and a comment whose answer was lost is not made twice", async () => {
    github.state.failures = [502];
    expect((await comment()).output).toContain("comment created");
    github.state.comments = [];
    // Files, comments and the pull request are read first; the fifth call makes the comment.
    let calls = 0;
    github.state.before = () => {
      calls += 1;
      if (calls === 5) github.state.failures = ["lost"];
    };
    expect((await comment()).code).toBe(0);
    expect(bodies()).toHaveLength(1);
  });

  test("a wrong token ends the step and shows up nowhere", async () => {
    const ended = await comment({ GITHUB_TOKEN: "wrong-token-of-somebody" });
    expect(ended.code).toBe(1);
    expect(ended.output).toContain("::error::GET /repos/owner/name/pulls/7/files: HTTP 401");
    expect(ended.output + ended.summary).not.toContain("wrong-token-of-somebody");
  });
});
