import { describe, expect, test } from "vitest";
import { guardrailChanges } from "../../packages/github/guardrails-config";
import { type PackageFiles, packageChanges } from "../../packages/github/package-files";
import { type ChangedFile, needsJudgesLabel, touchedJudges } from "../../packages/github/plain/judges";
import { lostTests, newAcceptances } from "../../packages/github/stack-file";
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

const touchesBy = (...files: ChangedFile[]) =>
  needsJudgesLabel({ ...touchedJudges(files, files.length), found: [], agreed: false });
const touches = (filename: string) => touchesBy({ filename, status: "modified" });

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

test("a test of this project's that goes is one; another name of it, or one more, is none", () => {
  const test = { filename: "test/a/x.test.ts", status: "removed" };
  expect(touchesBy(test)).toBe(true);
  expect(touchesBy({ ...test, status: "added" })).toBe(false);
  const moved = { status: "renamed", previous_filename: test.filename };
  expect(touchesBy({ ...moved, filename: "test/b/y.test.ts" })).toBe(false);
  expect(touchesBy({ ...moved, filename: "test/a/x.txt" })).toBe(true);
});

test("packages are one, unless somebody looked and found nothing but versions", () => {
  const changed = ["package.json", "package-lock.json"].map((filename) => ({ filename, status: "modified" }));
  const before = { filename: "old.json", status: "renamed", previous_filename: "package.json" };
  expect(touchedJudges(changed, 2, [])).toMatchObject({
    touched: [],
    versions: ["package-lock.json", "package.json"],
  });
  expect(touchedJudges([before], 1, [])).toMatchObject({ touched: [], versions: ["package.json"] });
  for (const found of [undefined, [{ kind: "packages", line: "x" } as const]]) {
    expect(touchedJudges(changed, 2, found)).toMatchObject({
      touched: [{ files: ["package-lock.json", "package.json"] }],
      versions: [],
    });
  }
  const other = { filename: "npm-shrinkwrap.json", status: "added" };
  expect(touchedJudges([other], 1, []).touched).toHaveLength(1);
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

test("a difference that drift is no longer to report is listed, and one that it reports again is not", () => {
  const file = (...items: object[]) => JSON.stringify({ config: { "p:driftAccepted": items } });
  const [one, other] = [
    { resource: "a", finding: "name" },
    { resource: "b", finding: "name" },
  ];
  expect(newAcceptances("Pulumi.x.yaml", file(one), file(other, one))).toEqual([
    `Pulumi.x.yaml: ${JSON.stringify(other)}`,
  ]);
  expect(newAcceptances("Pulumi.x.yaml", file(one), file())).toEqual([]);
  expect(newAcceptances("Pulumi.x.yaml", undefined, file(one))).toHaveLength(1);
});

describe("the guardrails' config", () => {
  const one = { resource: "a", reason: "r", expires: "2030-01-01" };
  const changes = (before: object | undefined, after: object | undefined) =>
    guardrailChanges("rules.json", before && JSON.stringify(before), after && JSON.stringify(after));

  test("tells each exception that comes or holds longer, and none that goes", () => {
    const longer = { ...one, expires: "2030-06-01" };
    const withOnes = (...exceptions: object[]) => ({ "dns-proxied": { exceptions } });
    const line = (each: object) => `rules.json: dns-proxied.exceptions: ${JSON.stringify(each)}`;
    expect(changes(undefined, withOnes(one, longer))).toEqual([line(one), line(longer)]);
    expect(changes(withOnes(one), withOnes(longer))).toEqual([line(longer)]);
    expect(changes(withOnes(one, longer), withOnes(longer))).toEqual([]);
    expect(changes(withOnes(one), undefined)).toEqual([]);
  });

  test("tells each limit that is another, and what is named in one", () => {
    expect(changes({ "session-duration": { max: "8h" } }, { "session-duration": { max: "720h" } })).toEqual([
      'rules.json: session-duration.max: "720h" instead of "8h"',
    ]);
    expect(changes({}, { "secret-readers": { domains: ["x.example"] } })).toHaveLength(1);
    expect(
      changes({ "token-protected": { stacks: ["prod", "a"] } }, { "token-protected": { stacks: ["a"] } }),
    ).toEqual(['rules.json: token-protected.stacks without "prod"']);
  });

  test("is not what another JSON file is", () => {
    expect(changes({}, { scripts: { max: 1 }, "a-b": { c: 1 }, "c-d": [1] })).toEqual([]);
    expect(guardrailChanges("x.json", undefined, "{")).toEqual([]);
  });
});

/** As npm says it. */
const REGISTRY = "https://packages.example.com/";

describe("packages", () => {
  const yaml = { version: "2.9.1", integrity: "sha512-A" };
  const base = {
    manifest: {
      name: "p",
      scripts: { test: "vitest" },
      dependencies: { yaml: "2.9.1" } as Record<string, string>,
      devDependencies: {} as Record<string, string>,
    },
    lock: {
      name: "p",
      packages: { "": { dependencies: { yaml: "2.9.1" } }, "node_modules/yaml": yaml } as Record<
        string,
        object
      >,
    },
  };
  const files = ({ manifest, lock }: typeof base): PackageFiles => ({
    manifest: JSON.stringify(manifest),
    lock: JSON.stringify(lock),
  });
  const changed = (edit: (next: typeof base & { manifest: Record<string, unknown> }) => void) => {
    const next = structuredClone(base) as Parameters<typeof edit>[0];
    edit(next);
    return packageChanges(files(base), files(next), REGISTRY);
  };

  test("that come, and newer versions of others, are nothing else", () => {
    const found = changed(({ manifest, lock }) => {
      manifest.dependencies["yaml"] = "2.10.0";
      manifest.devDependencies["zod"] = "4.0.0";
      lock.packages["node_modules/yaml"] = { version: "2.10.0", integrity: "sha512-B" };
      const resolved = `${REGISTRY}@a/b/-/b-1.0.0.tgz`;
      lock.packages["node_modules/zod"] = { version: "4.0.0", integrity: "sha512-C", dev: true };
      lock.packages["node_modules/zod/node_modules/@a/b"] = {
        version: "1.0.0",
        integrity: "sha512-D",
        resolved,
      };
    });
    expect(found).toEqual([]);
  });

  test("may come from where those of before came", () => {
    const at = (host: string, version: string) => ({
      version,
      integrity: `sha512-${version}`,
      resolved: `https://${host}/npm/yaml/-/yaml-${version}.tgz`,
    });
    const lock = (entry: object) => ({
      ...base,
      lock: { name: "p", packages: { "node_modules/yaml": entry } },
    });
    const there = files(lock(at("npm.example.org", "2.9.1")));
    const next = (host: string) => files(lock(at(host, "2.9.2")));
    expect(packageChanges(there, next("npm.example.org"), REGISTRY)).toEqual([]);
    expect(packageChanges(there, next("npm.example.net"), REGISTRY)).toHaveLength(1);
  });

  test.each<[string, Parameters<typeof changed>[0], RegExp]>([
    [
      "a script",
      ({ manifest }) => Object.assign(manifest.scripts, { postinstall: "x" }),
      /scripts\.postinstall is "x"/,
    ],
    ["overrides", ({ manifest }) => Object.assign(manifest, { overrides: { a: "1.0.0" } }), /overrides\.a/],
    ["workspaces", ({ manifest }) => Object.assign(manifest, { workspaces: ["x"] }), /workspaces/],
    ["engines", ({ manifest }) => Object.assign(manifest, { engines: { node: "1" } }), /engines\.node/],
    ["one that goes", ({ manifest }) => delete manifest.dependencies["yaml"], /yaml is taken out/],
    [
      "an older one",
      ({ manifest }) => Object.assign(manifest.dependencies, { yaml: "2.8.9" }),
      /older than "2\.9\.1"/,
    ],
    [
      "another's name",
      ({ manifest }) => Object.assign(manifest.dependencies, { yaml: "npm:x@9.0.0" }),
      /npm:x/,
    ],
    [
      "a repository",
      ({ manifest }) => Object.assign(manifest.dependencies, { a: "github:a/b" }),
      /github:a\/b/,
    ],
    ["a range", ({ manifest }) => Object.assign(manifest.dependencies, { yaml: "*" }), /no version/],
    [
      "another host",
      ({ lock }) => place(lock, { resolved: "https://npm.example.net/zod/-/zod-4.0.0.tgz" }),
      /npm\.example\.net/,
    ],
    [
      "a repository in the lock file",
      ({ lock }) => place(lock, { resolved: "git+ssh://git@github.com/a/zod.git#1" }),
      /git\+ssh/,
    ],
    [
      "a package in another's place",
      ({ lock }) => place(lock, { resolved: `${REGISTRY}x/-/x-4.0.0.tgz` }),
      /comes from/,
    ],
    ["another name in the lock file", ({ lock }) => place(lock, { name: "x" }), /another package/],
    ["a folder", ({ lock }) => place(lock, { link: true, resolved: "tools/zod" }), /tools\/zod/],
    ["no checksum", ({ lock }) => place(lock, { integrity: undefined }), /no checksum/],
    [
      "another checksum of the same version",
      ({ lock }) => Object.assign(lock.packages, { "node_modules/yaml": { ...yaml, integrity: "sha512-X" } }),
      /another checksum/,
    ],
    [
      "a place outside",
      ({ lock }) => Object.assign(lock.packages, { "node_modules/../packages/cli": yaml }),
      /not of a registry/,
    ],
    [
      "another form of the lock file",
      ({ lock }) => Object.assign(lock, { lockfileVersion: 1 }),
      /lockfileVersion/,
    ],
  ])("%s is named", (_, edit, line) => {
    const found = changed(edit);
    expect(found.join("\n")).toMatch(line);
    expect(found).toHaveLength(1);
  });

  const place = (lock: typeof base.lock, entry: object) =>
    Object.assign(lock.packages, {
      "node_modules/zod": { version: "4.0.0", integrity: "sha512-C", ...entry },
    });

  test("of which a file goes or comes are named, and one that cannot be read is an error", () => {
    const { manifest, lock } = files(base);
    expect(packageChanges({ manifest, lock }, { manifest, lock: undefined }, REGISTRY)).toEqual([
      "package-lock.json: the file is gone",
    ]);
    expect(() => packageChanges({ manifest, lock }, { manifest: "{", lock }, REGISTRY)).toThrow();
  });
});
