import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tunnelRows } from "../../packages/cli/adopt/tunnel-rows";
import { judgeSharedRules } from "../../packages/cli/doctor/checks/tunnel-rules";
import { bodyOf, configuration } from "../../packages/provider/tunnel-ingress/configuration";
import { keyOf, mergeRules, ownedRules, type Rule } from "../../packages/provider/tunnel-ingress/merge";
import { findMatchingRule, parseIngress } from "../../packages/sandbox/tunnel/ingress";
import { holds } from "../support/properties";

const HOST = "xn--bcher-kva.example.org";
const ours: Rule = {
  hostname: HOST,
  service: "http://localhost:8188",
  originRequest: { access: { required: true, teamName: "datacrew", audTag: ["a1"] } },
};
const end: Rule = { service: "http_status:404" };

/** Names under which cloudflared takes a rule for our host name, and those under which it takes it for more. */
const SAME = [HOST, HOST.toUpperCase(), "bücher.example.org", "BÜCHER.example.org"];
const WIDER = ["*.example.org", "*.org", "*.Example.org", "*", "", undefined];
const OTHER = [
  "a.example.org",
  "*.a.example.org",
  "bucher.example.org",
  "xn--bcher-kva.example.net",
  "é.example.org",
];
const PATHS = [
  "/",
  "^/",
  ".*",
  "^",
  "$",
  "(?i)/",
  "(?:/|x)",
  "()",
  "^/api",
  "\\.png$",
  "[^a]",
  undefined,
  "",
];

/** Which rule cloudflared takes, as the sandbox reads its list. */
function taker(rules: readonly Rule[], host: string, path: string): Rule | undefined {
  return rules[findMatchingRule(parseIngress({ ingress: rules }), host, path)];
}

const fieldsOf = (hostname: string | undefined, path: string | undefined): Rule => ({
  ...(hostname === undefined ? {} : { hostname }),
  ...(path === undefined ? {} : { path }),
});
const isCatchAll = (rule: Rule) => ["", "*"].includes(String(rule["hostname"] ?? "")) && !rule["path"];
const foreign = fc
  .tuple(fc.constantFrom(...SAME, ...WIDER, ...WIDER, ...OTHER), fc.constantFrom(...PATHS), fc.nat(9999))
  .map(([hostname, path, port]): Rule => ({ ...fieldsOf(hostname, path), service: `http://theirs:${port}` }))
  .filter((rule) => !isCatchAll(rule));
const lists = fc.array(foreign, { maxLength: 8 }).map((rules) => [...rules, end]);
const REQUESTS = [HOST, "a.example.org", "b.a.example.org", "bucher.example.org", "other.test"].flatMap(
  (host) => ["/", "/api", "/api/x.png", "/%", "/é"].map((path) => ({ host, path })),
);

describe("3: rules of others on a shared tunnel", () => {
  test("3: none takes a request of ours unseen, and none of their other requests goes elsewhere", () => {
    const counts = { merged: 0, refused: 0 };
    holds(
      fc.property(lists, fc.option(fc.nat(8), { nil: undefined }), (theirs, at) => {
        // Ours may stand in the list already, anywhere but behind its end.
        const live = [...theirs];
        if (at !== undefined) live.splice(Math.min(at, theirs.length - 1), 0, ours);
        const { rules, conflicts } = mergeRules(live, at === undefined ? [] : [ours], [ours]);
        if (conflicts.length > 0) {
          counts.refused += 1;
          for (const each of conflicts) expect(theirs).toContain(each.theirs);
          return;
        }
        counts.merged += 1;
        expect(rules.filter((rule) => rule !== ours)).toEqual(theirs);
        for (const { host, path } of REQUESTS) {
          const expected = host === HOST ? ours : taker(theirs, host, path);
          expect(taker(rules, host, path), `${host}${path}`).toBe(expected);
        }
      }),
      { runs: 3000 },
    );
    // Neither of the two answers is the only one.
    expect(Math.min(counts.merged, counts.refused)).toBeGreaterThan(500);
  });

  test.each(PATHS)("3: a path like %o on our host name is refused by name", (path) => {
    for (const hostname of SAME) {
      const theirs = { ...fieldsOf(hostname, path), service: "http://theirs:1" };
      expect(mergeRules([theirs, end], [], [ours]).conflicts, hostname).toMatchObject([{ ours, theirs }]);
    }
  });

  test.each(PATHS)("3: a path like %o on every host, or on a wildcard, stays behind ours", (path) => {
    for (const hostname of WIDER) {
      const theirs = { ...fieldsOf(hostname, path), service: "http://theirs:1" };
      const rest = isCatchAll(theirs) ? [theirs] : [theirs, end];
      expect(mergeRules(rest, [], [ours])).toEqual({ rules: [ours, ...rest], conflicts: [] });
    }
  });

  test("3: a rule of theirs with our key before ours is kept, and named", () => {
    const theirs = { hostname: HOST, service: "http://theirs:1" };
    for (const desired of [[ours], [{ ...ours, service: "http://localhost:9000" }]]) {
      const { conflicts } = mergeRules([theirs, ours, end], [ours], desired);
      expect(conflicts).toMatchObject([{ theirs }]);
    }
    expect(mergeRules([theirs, ours, end], [ours], []).rules).toEqual([theirs, end]);
    expect(ownedRules([theirs, ours, end], [ours])).toEqual([ours]);
  });

  test("3: of two rules with our key, none of them as we wrote it, none is taken for ours", () => {
    const [one, two] = ["http://theirs:1", "http://theirs:2"].map((service) => ({ hostname: HOST, service }));
    const live = [one as Rule, two as Rule, end];
    for (const desired of [[ours], []]) {
      expect(mergeRules(live, [ours], desired).conflicts).toMatchObject([{ theirs: one, unsure: true }]);
    }
    expect(ownedRules(live, [ours])).toEqual([]);
  });

  test("3: null in place of a rule, or of the list, is no accident and is written back", () => {
    const found = configuration(
      `{"result":{"version":3,"config":{"ingress":[null, null,{"service":"http_status:404"}]}}}`,
    );
    const { rules } = mergeRules(found.rules, [], [ours]);
    expect(rules[0]).toBe(ours);
    expect(JSON.parse(bodyOf(found, rules)).config.ingress).toEqual([ours, null, null, end]);
    const none = configuration('{"result":{"version":3,"config":{"ingress":null}}}');
    expect(mergeRules(none.rules, [], [ours]).rules).toEqual([ours, end]);
    expect(keyOf(null)).toEqual({ hostname: "", path: "" });
    for (const ingress of [[null, end], null]) {
      const applications = [{ hostname: HOST, service: "http://localhost:8188" }];
      const look = { name: "house", configuration: { config: { ingress } }, applications, resources: [] };
      expect(judgeSharedRules(look)).toEqual([]);
    }
  });

  test("3: adopt asks first about a path rule that the next up would refuse", () => {
    const rule = { hostname: HOST, service: "http://theirs:1" };
    const path = { ...rule, path: "^/hook" };
    const decisions = (ingress: Rule[]) => {
      const host = {
        hostname: HOST,
        otherPlaces: [],
        beside: [],
        wildcards: [],
        policies: [],
        paths: [],
        records: [],
      };
      const hosts = [{ ...host, rule, pathRules: [path] }];
      const account = { ingress: { t: ingress } } as unknown as Parameters<typeof tunnelRows>[0];
      return tunnelRows(account, { id: "t", name: "house", remote_config: true }, hosts).decisions;
    };
    expect(decisions([path, rule, end])).toMatchObject([{ what: `ingress rule ${HOST}/^/hook` }]);
    expect(decisions([rule, path, end])).toEqual([]);
  });
});
