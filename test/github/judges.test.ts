import { describe, expect, test } from "vitest";
import { lostTests } from "../../packages/github/lost-tests";
import { needsJudgesLabel, touchedJudges } from "../../packages/github/plain/judges";
import { sources } from "../support/imports";

/** What runs in a review and after an update, and decides there. */
const STARTS = [
  "packages/github/review.ts",
  "packages/github/judges.ts",
  "packages/github/applied.ts",
  "packages/github/plain/comment.ts",
  "packages/github/plain/approved.ts",
  "packages/github/plain/same-access.ts",
  "packages/github/plain/verified.ts",
  "packages/cli/commands/access-diff.ts",
  "packages/cli/commands/verify.ts",
  "policies/main.ts",
  "components/access-tests.ts",
];

const touches = (...names: string[]) => {
  const { touched, unknown } = touchedJudges(
    names.map((filename) => ({ filename })),
    names.length,
  );
  return needsJudgesLabel({ touched, unknown, lost: [], agreed: false });
};

test.each([
  ".github/workflows/deploy.yml",
  ".github/CODEOWNERS",
  "CODEOWNERS",
  "policies/rules/new.ts",
  "Policies/rules/new.ts",
  "packages/access/match.ts",
  "packages/cloudflare/kinds/index.ts",
  "packages/cli/access-diff/mask.ts",
  "packages/github/plain/render.ts",
  "package-lock.json",
  "tools/cached-typescript.cjs",
  "tsconfig.json",
  ".npmrc",
  "node_modules/yaml/index.js",
])("%s is a judge", (file) => {
  expect(touches(file)).toBe(true);
});

test.each([
  "README.md",
  "docs/security.md",
  "index.ts",
  "components/tunnel.ts",
  "Pulumi.prod.yaml",
  "test/x.test.ts",
])("%s is none", (file) => {
  expect(touches(file)).toBe(false);
});

test("all that the review, the guardrails and the access tests are made of is a judge", () => {
  const files = new Map(sources().map((source) => [source.file, source.files]));
  const found = new Set<string>();
  const add = (file: string) => {
    // The account that a fork is judged in stands in for Cloudflare, and what is declared is what is judged.
    const isJudged = file.startsWith("packages/sandbox/") || file.startsWith("components/");
    if (found.has(file) || (isJudged && !STARTS.includes(file))) return;
    found.add(file);
    for (const next of files.get(file) ?? []) add(next);
  };
  for (const start of STARTS) {
    expect(files.has(start), start).toBe(true);
    add(start);
  }
  expect(found.size).toBeGreaterThan(100);
  expect([...found].filter((file) => !touches(file))).toEqual([]);
});

describe("access tests of a stack file", () => {
  const file = (tests: string) => `config:\n  p:accessTests:\n${tests}`;
  const one = "    - { anyone: true, deny: ['*'] }\n";
  const other = "    - who: a@example.org\n      allow: [comfyui]\n";
  const lost = (before: string, after: string | undefined) => lostTests("Pulumi.x.yaml", before, after);

  test("that go are listed, one by one; other words for the same, another order and new ones are none", () => {
    const rewritten = "    - allow: [comfyui]\n      who: a@example.org\n    - {anyone: true, deny: ['*']}\n";
    expect(lost(file(one + other), file(rewritten + other))).toEqual([]);
    expect(lost(file(one + other), file(other))).toEqual(['Pulumi.x.yaml: {"anyone":true,"deny":["*"]}']);
    expect(lost(file(one + other), undefined)).toHaveLength(2);
    expect(lost(file(one), "config: {}\n")).toHaveLength(1);
    // A test in another place of the file is no test.
    expect(lost(file(one), `x: |\n  ${file(one)}`)).toHaveLength(1);
  });

  test("of a file that cannot be read are not told, which is an error", () => {
    expect(() => lost(file(one), "a: [")).toThrow();
    expect(() => lost(file(one), "config:\n  p:accessTests: 1\n")).toThrow("is no list");
  });
});
