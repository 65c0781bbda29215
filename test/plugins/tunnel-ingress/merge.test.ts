import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CATCH_ALL,
  keyOf,
  keyText,
  mergeRules,
  ownedRules,
  type Rule,
} from "../../../packages/provider/tunnel-ingress/merge";
import { holds } from "../../support/properties";

const app: Rule = {
  hostname: "comfyui.datacrew.space",
  service: "http://localhost:8188",
  originRequest: { access: { required: true, teamName: "datacrew", audTag: ["a1"] } },
};
const grafana: Rule = {
  hostname: "grafana.datacrew.space",
  service: "http://localhost:3000",
  future: { x: [1] },
};
const wildcard: Rule = { hostname: "*.datacrew.space", service: "http://localhost:80" };
const end: Rule = { service: "http_status:503" };

describe("merging ingress rules", () => {
  it("puts a rule before the catch-all and keeps the rest", () => {
    expect(mergeRules([grafana, end], [], [app]).rules).toEqual([grafana, app, end]);
  });

  it("adds a catch-all where the list has none", () => {
    expect(mergeRules([], [], [app]).rules).toEqual([app, CATCH_ALL]);
  });

  it("puts a rule before a wildcard that would hide it", () => {
    expect(mergeRules([grafana, wildcard, end], [], [app]).rules).toEqual([grafana, app, wildcard, end]);
  });

  it("replaces a rule of ours where it stands", () => {
    const changed = { ...app, service: "http://localhost:9000" };
    expect(mergeRules([app, grafana, end], [app], [changed]).rules).toEqual([changed, grafana, end]);
  });

  it("moves a rule of ours that a new wildcard hides", () => {
    expect(mergeRules([wildcard, app, end], [app], [app]).rules).toEqual([app, wildcard, end]);
  });

  it("takes a rule out that is no longer wanted", () => {
    expect(mergeRules([grafana, app, end], [app], []).rules).toEqual([grafana, end]);
  });

  it("puts a rule back that somebody removed", () => {
    expect(mergeRules([grafana, end], [app], [app]).rules).toEqual([grafana, app, end]);
  });

  it("refuses a host name of which somebody else's rule serves a path", () => {
    const theirs = { hostname: "comfyui.datacrew.space", path: "^/hook", service: "http://localhost:1" };
    expect(mergeRules([theirs, end], [], [app]).conflicts).toEqual([{ ours: app, theirs, unsure: false }]);
  });

  it("leaves a foreign path of our host that stands behind ours, where it takes nothing", () => {
    const path = { hostname: "comfyui.datacrew.space", path: "^/hook", service: "http://localhost:1" };
    expect(mergeRules([app, path, end], [app], [app])).toEqual({ rules: [app, path, end], conflicts: [] });
    expect(mergeRules([wildcard, app, path, end], [app], [app])).toEqual({
      rules: [app, wildcard, path, end],
      conflicts: [],
    });
  });

  it("refuses a host name that somebody else's rule serves", () => {
    const theirs = { hostname: "ComfyUI.datacrew.space", service: "http://localhost:1" };
    expect(mergeRules([theirs, end], [], [app]).conflicts).toEqual([{ ours: app, theirs, unsure: false }]);
  });

  it("takes the very same rule for ours, as an interrupted run leaves it", () => {
    expect(mergeRules([app, end], [], [app])).toEqual({ rules: [app, end], conflicts: [] });
  });

  it("leaves a second rule of the same key to its owner", () => {
    const twin = { ...app, service: "http://localhost:2" };
    expect(mergeRules([app, twin, end], [app], []).rules).toEqual([twin, end]);
  });
});

// Few names, so that host names meet often.
const names = ["a", "b", "c", "d", "e"].map((name) => `${name}.example.org`);
const anyRule: fc.Arbitrary<Rule> = fc.record(
  {
    hostname: fc.constantFrom(...names, "*.example.org", "x.example.net"),
    path: fc.constantFrom("^/api", "^/hook"),
    service: fc.webUrl(),
    originRequest: fc.dictionary(
      fc.string().filter((name) => name !== "__proto__"),
      fc.jsonValue(),
    ) as fc.Arbitrary<Rule>,
    unknownField: fc.jsonValue() as fc.Arbitrary<string>,
  },
  { requiredKeys: ["hostname", "service"] },
);
const distinct = (rules: Rule[]) =>
  rules.filter((rule, index) => rules.findIndex((other) => key(other) === key(rule)) === index);
const key = (rule: Rule) => keyText(keyOf(rule));
const ourRule = fc.record({
  hostname: fc.constantFrom(...names),
  service: fc.webUrl(),
}) as fc.Arbitrary<Rule>;

describe("merging ingress rules, for any list", () => {
  it("loses, changes and reorders no foreign rule, through any sequence of changes", () => {
    holds(
      fc.property(
        fc.array(anyRule, { maxLength: 8 }),
        fc.option(fc.constant<Rule>({ service: "http_status:410" })),
        fc.array(fc.array(ourRule, { maxLength: 4 }).map(distinct), { minLength: 1, maxLength: 4 }),
        (foreign, catchAll, steps) => {
          const others = catchAll === null ? foreign : [...foreign, catchAll];
          let live = others;
          let owned: Rule[] = [];
          for (const desired of [...steps, []]) {
            const { rules, conflicts } = mergeRules(live, owned, desired);
            if (conflicts.length > 0) continue;
            const mine = new Set(ownedRules(rules, desired));
            const rest = rules.filter((rule) => !mine.has(rule));
            const before = JSON.stringify(others.length === rest.length ? others : [...others, CATCH_ALL]);
            expect(JSON.stringify(rest)).toBe(before);
            expect([...mine].map(key).sort()).toEqual(desired.map(key).sort());
            live = rules;
            owned = desired;
          }
        },
      ),
      { runs: 500 },
    );
  });

  it("leaves none of our rules behind one that hides it", () => {
    holds(
      fc.property(
        fc.array(anyRule, { maxLength: 8 }),
        fc.array(ourRule, { maxLength: 4 }).map(distinct),
        (live, desired) => {
          const { rules, conflicts } = mergeRules(live, [], desired);
          if (conflicts.length > 0) return;
          for (const rule of desired) {
            const first = rules.find(
              ({ hostname, path }) =>
                path === undefined &&
                (hostname === rule["hostname"] || hostname === "*.example.org" || hostname === undefined),
            );
            expect(first?.["service"]).toBe(rule["service"]);
          }
        },
      ),
      { runs: 500 },
    );
  });

  it("changes nothing when nothing changed", () => {
    holds(
      fc.property(
        fc.array(anyRule, { maxLength: 8 }),
        fc.array(ourRule, { maxLength: 4 }).map(distinct),
        (live, desired) => {
          const { rules, conflicts } = mergeRules(live, [], desired);
          if (conflicts.length > 0) return;
          expect(mergeRules(rules, desired, desired).rules).toEqual(rules);
        },
      ),
    );
  });
});
