import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { placesAt } from "../../packages/access/addressing";
import { explain } from "../../packages/access/explain";
import { folderOf, isPathPattern, takesPath } from "../../packages/access/path-pattern";
import type { Situation } from "../../packages/access/situation";
import { judgeAccessTests } from "../../packages/access/tests/judge";
import { accessDiff } from "../../packages/cli/access-diff/access-diff";
import { cpuTime } from "../support/cpu-time";
import { holds } from "../support/properties";

describe("a pattern of paths is an expression of Go's", () => {
  test.each<[pattern: string | undefined, path: string, takes: string]>([
    [undefined, "/anything", "yes"],
    ["/", "/", "yes"],
    ["^/api", "/api/v1", "yes"],
    ["^/api", "/x/api", "no"],
    ["/api", "/x/api", "yes"],
    ["^/api$", "/api?x=/other", "yes"],
    ["^/(?i)API", "/api", "yes"],
    ["^/\\pL+$", "/caf%C3%A9", "yes"],
    ["^/[[:alpha:]]+\\z", "/abc", "yes"],
    ["^/[[:alpha:]]+\\z", "/abc1", "no"],
    ["\\Q.png\\E$", "/a.png", "yes"],
    ["\\Q.png\\E$", "/apng", "no"],
    ["^/.$", "/%F0%9F%98%80", "yes"],
    ["^/admin", "/%61dmin", "yes"],
    // Cloudflare may make another path of it on the way.
    ["^/api", "/x/../api", "unknown"],
    ["^/api", "//api", "unknown"],
    // Bytes that are no text.
    ["/admin", "/%61dmin/%FF", "unknown"],
    ["^/other", "/x/../api", "no"],
  ])("%s at %s: %s", (pattern, path, takes) => {
    expect(takesPath(pattern, path)).toBe(takes);
  });

  test.each(["^/api(?=x)", "(?<!x)api", "(a)\\1", "a{1001}", "\\Z", "\\h", "\\u0041", "("])(
    "and %s is none",
    (pattern) => {
      expect(isPathPattern(pattern)).toBe(false);
      expect(takesPath(pattern, "/api")).toBe("unknown");
    },
  );

  test("one that only the update tells is unknown", () => {
    expect(takesPath("04da6b54-80e4-46f7-96ec-b56ff0331ba9", "/api")).toBe("unknown");
  });
});

describe("the folder of a pattern", () => {
  test.each([
    ["^/api", "/api"],
    ["^/api/", "/api"],
    ["/api.*", "/api"],
    ["^/api(/.*)?$", "/api"],
    ["^/api/v1\\.2$", "/api/v1.2"],
    ["^/api(/|$)", "/api"],
    ["^/api/[0-9]+", undefined],
    ["\\.png$", undefined],
    ["^/a|^/b", undefined],
    ["^/api.*$", "/api"],
    ["^/.*$", "/"],
    // What comes behind the slash tells more kinds of paths apart than are asked.
    ["^/api/$", undefined],
    ["^/api/(/|$)", undefined],
    ["^/api/(/.*)?$", undefined],
    ["^/a//b", undefined],
    ["//", undefined],
  ])("%s: %s", (pattern, folder) => {
    expect(folderOf(pattern)).toBe(folder);
  });

  test("tells all paths: each of them fares as one of the places that are compared", () => {
    const folder = fc.constantFrom("/a", "/b", "/a/b", "/ab");
    const pattern = fc
      .tuple(
        fc.constantFrom("^", ""),
        folder,
        fc.constantFrom("", "/", ".*", ".*$", "/.*", "/.*$", "(/.*)?", "(/.*)?$", "$", "(/|$)"),
      )
      .map((parts) => parts.join(""));
    const asked = fc
      .array(fc.oneof(folder, fc.constantFrom("/x", "c", "%0A", "/", "")), { minLength: 1, maxLength: 3 })
      .map((parts) => `/${parts.join("")}`.replaceAll(/\/{2,}/g, "/"));
    holds(
      fc.property(fc.array(pattern, { minLength: 1, maxLength: 3 }), asked, (patterns, path) => {
        const side = (paths: string[]) => ({
          ...SITUATION,
          ingress: paths.map((each) => ({ ...RULE, path: each })),
        });
        const firstOf = (paths: string[], at: string) => paths.find((each) => takesPath(each, at) !== "no");
        const fares = (at: string) => patterns.map((each) => takesPath(each, at)).join();
        // In one order, each rule has a path of its own wherever it takes any.
        const alone = placesAt([side(patterns)], HOST).map((place) => firstOf(patterns, place.path));
        expect(alone).toContain(firstOf(patterns, path));
        // In another, so has each pair of what takes it in the one and in the other.
        const turned = placesAt([side(patterns), side(patterns.toReversed())], HOST);
        const first = firstOf(patterns, path);
        const last = firstOf(patterns.toReversed(), path);
        const pairs = turned.map((place) =>
          [firstOf(patterns, place.path), firstOf(patterns.toReversed(), place.path)].join(),
        );
        expect(pairs).toContain([first, last].join());
        if (patterns.length < 3) expect(turned.map((place) => fares(place.path))).toContain(fares(path));
      }),
    );
  });
});

const HOST = "comfyui.datacrew.space";
const RULE = { hostname: HOST, service: "http://localhost:8188", jwtRequired: true, audTags: ["aud"] };
const BYPASS = {
  id: "p",
  name: "all",
  decision: "bypass" as const,
  include: [{ everyone: {} }],
  require: [],
  exclude: [],
};
/** Access lets everybody pass; what keeps them out is the connector's check alone. */
const SITUATION: Situation = {
  applications: [
    {
      id: "app",
      name: "comfyui",
      aud: "aud",
      destinations: [{ type: "public", uri: HOST }],
      policies: [BYPASS],
      allowedIdps: [],
      serviceAuth401: false,
      preflightBypass: false,
    },
  ],
  tokens: [],
  identityProviders: [],
  ingress: [RULE],
  hostnames: [HOST],
  records: [{ name: HOST, proxied: true, target: "house.cfargotunnel.com" }],
  tunnelId: "house",
  notJudged: [],
};
const withRule = (path: string, more: object = {}): Situation => ({
  ...SITUATION,
  ingress: [{ ...RULE, path, service: "http://localhost:9", jwtRequired: false, ...more }, RULE],
});

describe("a tunnel rule for some paths", () => {
  const NOW = new Date(0);
  const TESTS = [{ anyone: true, allow: [], deny: ["comfyui"] }];
  const asked = (state: Situation, path: string) =>
    explain(state, { hostname: HOST, path, caller: { nobody: true } }, NOW).verdict;

  test("decides at its paths, and at no other", () => {
    const state = withRule("^/api/[0-9]+$");
    expect(asked(state, "/")).toBe("refused");
    expect(asked(state, "/api/7")).toBe("granted");
    expect(asked(state, "/api/seven")).toBe("refused");
    expect(asked(state, "/x/../api/7")).toBe("undecided");
  });

  test.each(["^/api", "\\.png$"])("%s is one of the places that an access test means", (path) => {
    const results = judgeAccessTests(withRule(path), TESTS, NOW);
    expect(results.map(({ place, got, passed }) => ({ place, got, passed }))).toEqual([
      { place: "comfyui", got: "refused by the connector", passed: true },
      { place: `comfyui (paths like ${path})`, got: "allowed", passed: false },
    ]);
    expect(judgeAccessTests(withRule(path, { jwtRequired: true }), TESTS, NOW)).toHaveLength(2);
  });

  test.each([
    ["^/api", ["/api and below", "/api* and below"]],
    ["^/api/", ["/api/* and below"]],
    ["/api$", ["/*/api and below", "/api and below", "/api/api and below"]],
  ])("%s is told by the access diff at its paths", (path, paths) => {
    const diff = accessDiff(withRule(path, { jwtRequired: true }), withRule(path));
    expect(diff.verdict).toBe("widened");
    expect(diff.entries.map(({ kind, who }) => `${kind} ${who}`)).toEqual([
      "gain anyone, without logging in",
    ]);
    expect([...(diff.entries[0]?.paths ?? [])].sort()).toEqual(expect.arrayContaining(paths));
    expect(diff.facts.map(({ text }) => text)).toEqual([
      `the connector no longer checks Access's JWT for ${HOST} (paths like ${path}): whoever gets past Access is at the origin`,
    ]);
  });

  test("of which no folder tells all stands for itself, and a new one is not decided", () => {
    const pattern = "\\.png$";
    const opened = accessDiff(withRule(pattern, { jwtRequired: true }), withRule(pattern));
    expect(opened.verdict).toBe("widened");
    expect(opened.entries.map(({ paths }) => paths)).toEqual([[`paths like ${pattern}`]]);
    const added = accessDiff(SITUATION, withRule(pattern));
    expect(added.verdict).toBe("not decided");
    expect(added.undecided.map(({ text }) => text)).toEqual([
      `not judged: path ${pattern} of the tunnel's rule for ${HOST}`,
    ]);
    expect(accessDiff(SITUATION, withRule("^/api")).verdict).toBe("widened");
  });

  test("hashes tell which paths a change is about", () => {
    const hashOf = (path: string) => accessDiff(withRule(path, { jwtRequired: true }), withRule(path)).hash;
    expect(hashOf("^/api")).not.toBe(hashOf("^/other"));
  });
});

describe("rules that stand behind others", () => {
  const NOW = new Date(0);
  const rules = (...ingress: [path: string | undefined, isChecked: boolean][]): Situation => ({
    ...SITUATION,
    ingress: ingress.map(([path, jwtRequired]) => ({
      ...RULE,
      ...(path === undefined ? {} : { path }),
      jwtRequired,
    })),
  });
  /** Everything without a dot: it takes every path that anybody would try. */
  const NO_DOT = "^/[^.]*$";
  const HIDDEN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

  test.each<[what: string, before: Situation, after: Situation, verdict: string]>([
    [
      "no longer checks behind a pattern without a folder",
      rules([NO_DOT, true], [undefined, true]),
      rules([NO_DOT, true], [undefined, false]),
      "widened",
    ],
    [
      "no longer checks in a folder behind it",
      rules([NO_DOT, true], ["^/api", true], [undefined, true]),
      rules([NO_DOT, true], ["^/api", false], [undefined, true]),
      "widened",
    ],
    [
      "no longer checks at another such pattern behind it",
      rules([NO_DOT, true], ["\\.png$", true], [undefined, true]),
      rules([NO_DOT, true], ["\\.png$", false], [undefined, true]),
      "widened",
    ],
    [
      "no longer checks what `.` does not take",
      rules(["^/.*$", true], [undefined, true]),
      rules(["^/.*$", true], [undefined, false]),
      "widened",
    ],
    [
      "no longer checks behind one that cannot be read",
      rules([HIDDEN, true], [undefined, true]),
      rules([HIDDEN, true], [undefined, false]),
      "not decided",
    ],
    [
      "no longer checks at the second of two that cannot be read",
      rules([HIDDEN, true], [HIDDEN, true], [undefined, true]),
      rules([HIDDEN, true], [HIDDEN, false], [undefined, true]),
      "not decided",
    ],
    [
      "no longer checks behind one that Go refuses",
      rules(["(?=x)", true], [undefined, true]),
      rules(["(?=x)", true], [undefined, false]),
      "not decided",
    ],
  ])("a connector that %s", (_, before, after, verdict) => {
    expect(accessDiff(before, after).verdict).toBe(verdict);
    expect(accessDiff(before, before).verdict).toBe("no change");
  });

  test.each<[what: string, state: Situation]>([
    ["behind a pattern without a folder", rules([NO_DOT, true], [undefined, false])],
    [
      "behind a longer pattern of the same folder",
      rules(["^/api$", true], ["^/api", false], [undefined, true]),
    ],
    ["at a slash at the end", rules(["^/api/$", false], [undefined, true])],
  ])("an access test of the whole application fails for what passes %s", (_, state) => {
    const results = judgeAccessTests(state, [{ anyone: true, allow: [], deny: ["comfyui"] }], NOW);
    expect(results.filter(({ passed }) => !passed)).not.toEqual([]);
  });

  test("an access test of everything fails for the rest of a host name that has an application in a folder only", () => {
    const [application] = SITUATION.applications;
    const inFolder = { ...application, destinations: [{ type: "public", uri: `${HOST}/api` }], policies: [] };
    const state = { ...rules([undefined, false]), applications: [inFolder] } as Situation;
    const results = judgeAccessTests(state, [{ anyone: true, allow: [], deny: ["*"] }], NOW);
    expect(results.map(({ place, passed }) => [place, passed])).toEqual([
      ["* (comfyui)", true],
      [`* (${HOST})`, false],
    ]);
  });
});

test("many patterns that begin anywhere are compared in the time that a few take, and too many are not decided", () => {
  const rulesOf = (count: number) => [
    ...Array.from({ length: count }, (_, index) => ({ ...RULE, path: `/p${index}` })),
    RULE,
  ];
  const sides = (before: (typeof RULE)[], after: (typeof RULE)[]) =>
    accessDiff({ ...SITUATION, ingress: before }, { ...SITUATION, ingress: after });
  const [first, ...others] = rulesOf(60);
  const dropped = [{ ...RULE, ...first, jwtRequired: false }, ...others];
  const started = cpuTime();
  expect(sides(rulesOf(60), dropped).verdict).toBe("widened");
  // Around half a second; each pattern below every other took a minute.
  expect(cpuTime() - started).toBeLessThan(8_000);
  const turned = sides(rulesOf(60), rulesOf(60).reverse());
  expect(turned.verdict).toBe("not decided");
  expect(turned.undecided.map(({ text }) => text)).toEqual([
    `not judged: paths of ${HOST}, of which rules and applications tell too many kinds apart`,
  ]);
});
