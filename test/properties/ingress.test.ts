import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, test } from "vitest";
import type { PropertyValue } from "../../packages/provider/host";
import { bodyOf, configuration } from "../../packages/provider/tunnel-ingress/configuration";
import {
  CATCH_ALL,
  keyOf,
  keyText,
  mergeRules,
  ownedRules,
  type Rule,
  same,
} from "../../packages/provider/tunnel-ingress/merge";
import { checkRules } from "../../packages/provider/tunnel-ingress/rules";
import { holds } from "../support/properties";
import { anyJson } from "./config-arbitraries";

// Few names, so that host names and paths meet often.
const HOSTS = ["a.example.org", "b.example.org", "c.x.example.org", "d.example.net"];
const PATTERNS = [...HOSTS, "A.Example.org", "*.example.org", "*.x.example.org", "*", ""];
const PATHS = ["^/api", "^/hook/.*$", "\\.png$"];
const REQUESTS = [...HOSTS, "e.example.org", "other.test"].flatMap((host) =>
  ["/", "/api", "/hook/1", "/x.png"].map((path) => ({ host, path })),
);

const foreign: fc.Arbitrary<Rule> = fc.record(
  {
    hostname: fc.constantFrom(...PATTERNS),
    path: fc.constantFrom(...PATHS),
    service: fc.nat(99).map((port) => `http://foreign:${port}`),
    unknown: anyJson as fc.Arbitrary<string>,
  },
  { requiredKeys: ["hostname", "service"] },
);
const ours: fc.Arbitrary<Rule> = fc.record(
  {
    hostname: fc.constantFrom(...HOSTS),
    path: fc.constantFrom(...PATHS),
    service: fc.nat(99).map((port) => `http://ours:${port}`),
  },
  { requiredKeys: ["hostname", "service"] },
);
const desired = fc.uniqueArray(ours, { maxLength: 4, selector: (rule) => keyText(keyOf(rule)) });
const live = fc
  .tuple(fc.array(foreign, { maxLength: 8 }), fc.boolean())
  .map(([rules, ended]): Rule[] => (ended ? [...rules, { service: "http_status:410" }] : rules));

/** cloudflared's own reading of one rule: a wildcard stands for one name or more, an empty host for all. */
function answers({ hostname = "", path = "" }: Rule, request: { host: string; path: string }): boolean {
  const pattern = String(hostname).toLowerCase();
  const isHost =
    pattern === "" ||
    pattern === "*" ||
    pattern === request.host ||
    (pattern.startsWith("*.") && request.host.endsWith(pattern.slice(1)));
  return isHost && (path === "" || new RegExp(String(path)).test(request.path));
}
const answering = (rules: readonly Rule[], request: { host: string; path: string }) =>
  rules.find((rule) => answers(rule, request));

/** The list as it has to be without ours: nothing else may be gone, and the end is there. */
const ended = (rules: readonly Rule[]): Rule[] => {
  const last = rules.at(-1);
  const isEnd = last !== undefined && ["", "*"].includes(String(last["hostname"] ?? "")) && !last["path"];
  return isEnd ? [...rules] : [...rules, CATCH_ALL];
};

describe("merging rules into a tunnel's list", () => {
  test("and taking them out again gives the list as it was, to the letter", () => {
    holds(
      fc.property(live, desired, (before, wanted) => {
        const added = mergeRules(before, [], wanted);
        if (added.conflicts.length > 0) return;
        const removed = mergeRules(added.rules, wanted, []).rules;
        assert.equal(removed.length, ended(before).length);
        const isAsItWas = (rule: Rule, index: number) => rule === ended(before)[index] || rule === CATCH_ALL;
        assert.ok(removed.every(isAsItWas));
      }),
      { runs: 6000 },
    );
  });

  test("a second time changes nothing", () => {
    holds(
      fc.property(live, desired, (before, wanted) => {
        const once = mergeRules(before, [], wanted);
        if (once.conflicts.length > 0) return;
        const again = mergeRules(once.rules, wanted, wanted);
        assert.equal(again.conflicts.length, 0);
        assert.deepEqual(again.rules, once.rules);
        assert.deepEqual(ownedRules(once.rules, wanted), wanted);
      }),
      { runs: 5000 },
    );
  });

  test("keeps every foreign rule, in its order, and ends with a rule for everything", () => {
    holds(
      fc.property(live, desired, desired, (before, first, second) => {
        const one = mergeRules(before, [], first);
        if (one.conflicts.length > 0) return;
        const { rules } = mergeRules(one.rules, first, second);
        const kept = rules.filter((rule) => !String(rule["service"]).startsWith("http://ours"));
        assert.deepEqual(kept, ended(before));
        const last = rules.at(-1) ?? {};
        assert.ok(["", "*"].includes(String(last["hostname"] ?? "")) && !last["path"]);
      }),
      { runs: 6000 },
    );
  });

  test("leaves every request that ours do not answer to the rule that answered it before", () => {
    holds(
      fc.property(live, desired, (before, wanted) => {
        const { rules, conflicts } = mergeRules(before, [], wanted);
        if (conflicts.length > 0) return;
        for (const request of REQUESTS) {
          const now = answering(rules, request);
          if (now !== undefined && wanted.includes(now)) continue;
          const then = answering(before, request);
          assert.deepEqual(now ?? CATCH_ALL, then ?? CATCH_ALL, `${request.host}${request.path}`);
        }
      }),
      { runs: 4000 },
    );
  });

  test("a rule of ours answers for its host on every path", () => {
    holds(
      fc.property(live, desired, (before, wanted) => {
        const { rules, conflicts } = mergeRules(before, [], wanted);
        if (conflicts.length > 0) return;
        for (const rule of wanted.filter((each) => each["path"] === undefined)) {
          const own = wanted.filter(({ hostname }) => hostname === rule["hostname"]);
          for (const request of REQUESTS.filter(({ host }) => host === rule["hostname"])) {
            const first = answering(rules, request);
            assert.ok(
              first !== undefined && own.includes(first),
              `${request.host}${request.path} is answered by ${String(first?.["service"])}`,
            );
          }
        }
      }),
      { runs: 4000 },
    );
  });
});

// JSON as others write it: other blanks, numbers in other notations, a name twice.
const blank = fc.constantFrom("", " ", "\n\t", "\r\n  ");
const number = fc.constantFrom("1.0", "1e3", "-0", "12345678901234567890", "0.10", "7");
const text = fc.string({ unit: "binary", maxLength: 5 }).map((value) => JSON.stringify(value));
const json = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    number,
    text,
    fc.constantFrom("true", "null", '"\\u0061"', '"]}"', '"\\\\"'),
    fc
      .tuple(blank, fc.array(tie("value"), { maxLength: 3 }))
      .map(([space, all]) => `[${space}${all.join(`,${space}`)}]`),
    fc
      .tuple(blank, fc.array(fc.tuple(fc.oneof(text, fc.constant('"1"')), tie("value")), { maxLength: 3 }))
      .map(([space, all]) => `{${all.map((pair) => pair.join(`${space}:`)).join(`${space},`)}${space}}`),
  ),
})).value;

test("what others wrote in the configuration goes back as it came, notation and all", () => {
  holds(
    fc.property(
      fc.array(
        fc.tuple(
          text.filter((key) => key !== '"ingress"'),
          json,
        ),
        { maxLength: 3 },
      ),
      fc.array(
        json.map((value) => `{"hostname": "a.example.org", "service":"http://x", "more" : ${value}}`),
        {
          maxLength: 4,
        },
      ),
      desired,
      (settings, rules, wanted) => {
        const config = `{${[...settings.map((pair) => pair.join(" : ")), `"ingress": [${rules.join(" , ")}]`].join(",")}}`;
        const found = configuration(`{"success":true, "result": {"version": 3, "config": ${config}}}`);
        assert.equal(found.rules.length, rules.length);
        const body = bodyOf(found, [...wanted, ...found.rules]);
        for (const [key, value] of settings) assert.ok(body.includes(`${key}:${value}`), key);
        assert.ok(
          body.includes(`"ingress":[${[...wanted.map((rule) => JSON.stringify(rule)), ...rules].join(",")}]`),
        );
        assert.doesNotThrow(() => JSON.parse(body));
      },
    ),
    { runs: 4000 },
  );
});

test("any rules of a stack are checked without an accident", () => {
  holds(
    fc.property(anyJson, (value) => {
      for (const { property, reason } of checkRules(value as PropertyValue)) {
        assert.ok(property.startsWith("rules") && reason !== "");
      }
    }),
    { runs: 3000 },
  );
});

test("sameness does not depend on the order of names, and is sameness", () => {
  holds(
    fc.property(anyJson, anyJson, (one, other) => {
      const [a, b] = [one, other] as [Rule, Rule];
      assert.ok(same(a, JSON.parse(JSON.stringify(a))));
      assert.equal(same(a, b), same(b, a));
      if (same(a, b)) assert.deepEqual(a, b);
    }),
    { runs: 3000 },
  );
});
