import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, test } from "vitest";
import { decide, type Policy, placeFor, type Rule, type Subject } from "../../packages/access";
import type { PropertyMap } from "../../packages/provider/host/values";
import { judgeStack } from "../../policies/judge";
import {
  forgottenArbitrary,
  fullSubjectArbitrary,
  policiesArbitrary,
  policyArbitrary,
} from "../access/arbitraries";
import { compliant } from "../policies/compliant";
import { holds } from "../support/properties";
import { anyJson, NASTY_KEYS, ownObject } from "./config-arbitraries";

/** Whether a rule holds for somebody of whom everything is known, by plain reading of the vendor's pages; null: it cannot be told. */
function plainRule(rule: Rule, subject: Subject, decision: string): boolean | null {
  const [[type = "", given] = []] = Object.entries(rule) as [string, Record<string, string>][];
  const value = given ?? {};
  const early = decision === "bypass" || decision === "non_identity";
  switch (type) {
    case "everyone":
      return true;
    case "any_valid_service_token":
      return decision === "non_identity" && subject.serviceTokenId !== null;
    case "service_token":
      return decision === "non_identity" && subject.serviceTokenId === value["token_id"];
    case "certificate":
      return subject.certificateName !== null;
    case "common_name":
      return subject.certificateName !== null && subject.certificateName === value["common_name"];
    case "geo":
      return subject.country === value["country_code"];
    case "ip":
      return subject.ip !== null && subject.ip !== undefined && isWithin(subject.ip, value["ip"] ?? "");
    case "email":
      return !early && subject.email === value["email"];
    case "email_domain":
      return !early && subject.email?.split("@")[1] === value["domain"];
    case "login_method":
      return !early && subject.identityProviderId !== null && subject.identityProviderId === value["id"];
    case "gsuite":
      if (early || subject.email === null || subject.identityProviderId === null) return false;
      return value["identity_provider_id"] === subject.identityProviderId ? null : false;
    default:
      return null;
  }
}

/** The ranges of the test's own pool. */
function isWithin(ip: string, range: string): boolean {
  if (range === "203.0.113.0/24") return ip.startsWith("203.0.113.");
  if (range === "2001:db8::/32") return ip.startsWith("2001:db8:");
  return ip === range;
}

/** Kleene's three values with null for what cannot be told. */
const some = (all: (boolean | null)[]) => (all.includes(true) ? true : all.includes(null) ? null : false);
const every = (all: (boolean | null)[]) => (all.includes(false) ? false : all.includes(null) ? null : true);

/** A decision made from scratch: one policy after the other, until one decides or hangs. */
function plainly(policies: readonly Policy[], subject: Subject): "granted" | "refused" | "undecided" {
  const isEarly = ({ decision }: Policy) => decision === "bypass" || decision === "non_identity";
  const outcomes = new Set<string>();
  for (const policy of [...policies.filter(isEarly), ...policies.filter((each) => !isEarly(each))]) {
    const holdsFor = (rules: readonly Rule[]) =>
      rules.map((rule) => plainRule(rule, subject, policy.decision));
    const excluded = some(holdsFor(policy.exclude));
    const matches = every([
      isEarly(policy) || subject.email !== null,
      some(holdsFor(policy.include)),
      every(holdsFor(policy.require)),
      excluded === null ? null : !excluded,
    ]);
    if (matches === false) continue;
    outcomes.add(policy.decision === "deny" ? "refused" : "granted");
    if (matches === true)
      return outcomes.size > 1 ? "undecided" : ([...outcomes][0] as "granted" | "refused");
  }
  outcomes.add("refused");
  return outcomes.size > 1 ? "undecided" : "refused";
}

/** How much a verdict lets in. */
const RANK = { refused: 0, undecided: 1, granted: 2 };
const rank = (policies: readonly Policy[], subject: Subject) => RANK[decide(policies, subject).verdict];

describe("a decision about any policies and anybody", () => {
  test("is the one that plain reading gives", () => {
    holds(
      fc.property(policiesArbitrary, fullSubjectArbitrary, (policies, subject) => {
        assert.equal(decide(policies, subject).verdict, plainly(policies, subject));
      }),
      { runs: 6000 },
    );
  });

  const listed = fc.constantFrom("include" as const, "require" as const, "exclude" as const);

  test("lets in more by a further include rule of Allow, and less by a further require or exclude rule", () => {
    holds(
      fc.property(
        policiesArbitrary,
        forgottenArbitrary,
        policyArbitrary,
        listed,
        fc.nat(),
        (policies, [, subject], more, list, where) => {
          const index = where % Math.max(policies.length, 1);
          const grown = policies.map((policy, place) =>
            place === index ? { ...policy, [list]: [...policy[list], ...more.include] } : policy,
          );
          const target = policies[index];
          if (target === undefined) return;
          const [before, after] = [rank(policies, subject), rank(grown, subject)];
          // Of a Block the other way round; of one with others behind it too, for they take over.
          const widens = (list === "include") === (target.decision !== "deny");
          // No rule stands in an empty include: one more there can only let in.
          assert.ok(widens ? after >= before : after <= before, `${before} ${after}`);
        },
      ),
      { runs: 4000 },
    );
  });

  test("lets nobody in by taking an Allow away, and keeps nobody out by taking a Block away", () => {
    holds(
      fc.property(policiesArbitrary, forgottenArbitrary, fc.nat(), (policies, [, subject], where) => {
        const index = where % Math.max(policies.length, 1);
        const rest = policies.filter((_, place) => place !== index);
        const [before, after] = [rank(policies, subject), rank(rest, subject)];
        if (policies[index] !== undefined)
          assert.ok(policies[index]?.decision === "deny" ? after >= before : after <= before);
      }),
      { runs: 3000 },
    );
  });

  test("is refused by a Block of everyone in front, but for what is decided before a login", () => {
    const block: Policy = {
      id: "b",
      name: "b",
      decision: "deny",
      include: [{ everyone: {} }],
      require: [],
      exclude: [],
    };
    holds(
      fc.property(policiesArbitrary, fullSubjectArbitrary, (policies, subject) => {
        const early = policies.filter(({ decision }) => decision === "bypass" || decision === "non_identity");
        assert.equal(decide([block, ...policies], subject).verdict, decide(early, subject).verdict);
      }),
      { runs: 2000 },
    );
  });

  test("is never an accident, whatever the rules are", () => {
    const oddRule = fc.oneof(
      anyJson.map((value) => ({ email: value })),
      anyJson.map((value) => ({ ip: { ip: value } })),
      fc
        .tuple(fc.oneof(fc.constantFrom(...NASTY_KEYS), fc.string({ maxLength: 6 })), anyJson)
        .map((entry) => ownObject([entry])),
      fc.constant({}),
    ) as fc.Arbitrary<Rule>;
    const odd = fc.record({
      id: fc.string(),
      name: fc.string(),
      decision: fc.constantFrom("allow" as const, "deny" as const),
      include: fc.array(oddRule, { maxLength: 2 }),
      require: fc.array(oddRule, { maxLength: 1 }),
      exclude: fc.array(oddRule, { maxLength: 1 }),
    });
    const unspeakable = {
      id: "",
      name: "",
      decision: "allow",
      require: [],
      exclude: [],
      include: [{ x: { y: { toString: null } } }],
    };
    const nobody = {
      email: null,
      identityProviderId: null,
      serviceTokenId: null,
      country: null,
      ip: null,
      certificateName: null,
    };
    holds(
      fc.property(fc.array(odd, { maxLength: 3 }), fullSubjectArbitrary, (policies, subject) => {
        const { verdict, reason } = decide(policies, subject);
        assert.ok(reason !== "" && verdict in RANK);
      }),
      { runs: 3000, examples: [[[unspeakable], nobody]] },
    );
  });
});

test("the application that guards a request does not depend on the order, and no place is more specific than its own", () => {
  const uri = fc
    .tuple(
      fc.constantFrom("a.example.org", "*.example.org", "b*.example.org", "x.a.example.org"),
      fc.constantFrom("", "/", "/*", "/api", "/api/*", "/a*/x", "/api/admin"),
    )
    .map((parts) => parts.join(""));
  const application = fc.record({
    name: fc.string(),
    destinations: fc.array(
      uri.map((each) => ({ type: "public", uri: each })),
      { minLength: 1, maxLength: 2 },
    ),
  });
  const path = fc.oneof(
    fc.constantFrom("/", "/api", "/api/admin", "/%61pi", "/x/../api", "//api", "/api?x", "/apix"),
    fc.webPath().map((each) => `/${each}`),
    fc.string({ unit: "binary", maxLength: 6 }).map((each) => `/${each}`),
  );
  holds(
    fc.property(
      fc.array(application, { maxLength: 5 }),
      fc.constantFrom("a.example.org", "b1.example.org", "A.Example.org", "x.a.example.org", "other.test"),
      path,
      (applications, hostname, asked) => {
        const found = placeFor(applications, hostname, asked);
        assert.equal(
          placeFor([...applications].reverse(), hostname, asked)?.uri.replace(/\/\*?$/, ""),
          found?.uri.replace(/\/\*?$/, ""),
        );
        if (found) assert.ok(placeFor([found.application], hostname, asked));
      },
    ),
    { runs: 4000 },
  );
});

test("the guardrails judge any stack without an accident", () => {
  const shape = fc.record({
    mode: fc.constantFrom("preview" as const, "update" as const),
    stack: fc.constantFrom("dev", "prod"),
    shared: fc.boolean(),
  });
  holds(
    fc.property(
      shape,
      fc.nat(),
      fc.nat(),
      fc.oneof(fc.nat(9), fc.constantFrom(...NASTY_KEYS)),
      anyJson,
      (each, which, where, key, value) => {
        const resources = compliant(each);
        const index = which % resources.length;
        const resource = resources[index];
        if (resource === undefined) return;
        const names = Object.keys(resource.properties);
        const name = typeof key === "string" ? key : (names[where % Math.max(names.length, 1)] ?? "x");
        const properties = ownObject([
          ...Object.entries(resource.properties).filter(([own]) => own !== name),
          [name, value],
        ]) as PropertyMap;
        const broken = resources.map((one, place) => (place === index ? { ...one, properties } : one));
        for (const { message } of judgeStack({ resources: broken, teamName: "datacrew" }))
          assert.ok(message !== "");
      },
    ),
    { runs: 1500 },
  );
});
