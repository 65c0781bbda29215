import { describe, expect, test } from "vitest";
import { lostTests } from "../../packages/github/lost-tests";
import { needsJudgesLabel, touchedJudges } from "../../packages/github/plain/judges";

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
