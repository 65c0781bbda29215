import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Account } from "../../packages/cli/adopt/account";
import type { Plan } from "../../packages/cli/adopt/plan";
import { adviceHere, proofText, toText } from "../../packages/cli/adopt/render";
import { LIVED_IN } from "../../packages/sandbox/account/lived-in";
import { choices, edited, HOSTNAME, MINIMAL, planOf, readSeed, tabled } from "./account";

let account: Account;
beforeAll(async () => {
  account = await readSeed();
});

const shown = (plan: Plan) =>
  toText(plan, "sandbox, stack dev", {
    accountId: plan.config.accountId,
    project: "comfyui-access",
    stack: "dev",
  });

test("the table of the account that people have lived in", async () => {
  const raw = { ...MINIMAL, alerts: { emails: ["ops@datacrew.space"] } };
  const text = shown(tabled(planOf(account, { raw, choices: choices([], { convertInline: false }) })));
  await expect(text).toMatchFileSnapshot(join(__dirname, "../expected/adopt.txt"));
  expect(text.split("\n").filter((line) => line.length > 100)).toEqual([]);
});

test.each([
  [true, "npm run cli -- rotate --sandbox --stack live"],
  [false, "npm run cli -- rotate --stack live"],
])("advice is about the stack where it is: in the sandbox %s", (sandboxed, command) => {
  const plan = adviceHere(planOf(account, { stack: "live" }), { stack: "live", sandboxed });
  const advice = plan.unreadable.map(({ next }) => next);
  expect(advice).toContainEqual(expect.stringMatching(new RegExp(`${command}$`)));
});

test("a state that speaks of another account is mended with the sandbox's own commands", () => {
  const plan = planOf(account, { stack: "live" });
  const remedy = "Then `pulumi refresh --stack live` takes them out of the state.";
  const [decision] = adviceHere(
    { ...plan, decisions: [{ what: "w", why: "y", remedy }] },
    { stack: "live", sandboxed: true },
  ).decisions;
  expect(decision?.remedy).toMatch(/`npm run sandbox:up -- --stack live -- --refresh`/);
});

describe("in 100 columns", () => {
  test("long lists are broken, and what is left alone says why", () => {
    let other = edited(account, "applications", LIVED_IN.application, (app) => {
      const include = Array.from({ length: 12 }, (_, n) => ({
        email: { email: `person-${n}@datacrew.space` },
      }));
      const [people, ...rest] = app["policies"] as Record<string, unknown>[];
      const block = {
        id: "b",
        name: "no contractors",
        decision: "deny",
        reusable: false,
        include: [],
        precedence: 3,
      };
      return { ...app, policies: [{ ...people, include }, ...rest, block] };
    });
    other = edited(other, "records", LIVED_IN.record, (record) => ({
      ...record,
      content: "pages.example.net",
    }));
    const applications = [{ hostname: HOSTNAME, allow: { emails: ["artist@datacrew.space"] } }];
    const text = shown(planOf(other, { raw: { ...MINIMAL, applications } }));
    expect(text).toMatch(/made reusable; detached from the application: whom it kept out\s+may get in/);
    expect(text).toMatch(/→ Remove it there, or take it with --take dns:/);
    expect(text.split("\n").filter((line) => line.length > 100)).toEqual([]);
  });
});

test("a plan of which the engine was not asked says so", () => {
  const text = shown(planOf(account));
  expect(text).toMatch(
    /What the next up changes\n {2}to be seen when what is to be decided first is decided\n/,
  );
});

test("the proof in two lines", () => {
  expect(proofText({ mismatches: [], updates: 5, fields: 12, creates: 2 }, "prod")).toBe(
    "Proved by a preview: 5 objects updated in 12 fields, 2 created, 0 replaced, 0 deleted, field by\nfield as in the table. Next: up of stack prod.\n",
  );
  expect(proofText({ mismatches: [], updates: 0, fields: 0, creates: 0 }, "prod")).toMatch(
    /nothing to change/,
  );
});
