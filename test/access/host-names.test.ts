import fc from "fast-check";
import { expect, test } from "vitest";
import { outcomeOf } from "../../packages/access/endings";
import { explain } from "../../packages/access/explain";
import { namesApart } from "../../packages/access/host-names";
import { destinationCovers, recordCovers } from "../../packages/access/host-pattern";
import { siteOf } from "../../packages/access/site";
import type { Situation, StateApplication, StateIngressRule } from "../../packages/access/situation";
import { judgeAccessTests } from "../../packages/access/tests/judge";
import { accessDiff } from "../../packages/cli/access-diff/access-diff";
import { holds } from "../support/properties";
import { type Asked, naiveEnd } from "./naive";

const END: StateIngressRule = { service: "http_status:404", jwtRequired: false, audTags: [] };
const OPEN_END: StateIngressRule = { ...END, service: "http://localhost:9000" };

const policy = (decision: "allow" | "bypass") => ({
  id: decision,
  name: decision,
  decision,
  include: [decision === "bypass" ? { everyone: {} } : { email: { email: "ann@example.org" } }],
  require: [],
  exclude: [],
});

const application = (name: string, uris: string[], decision: "allow" | "bypass"): StateApplication => ({
  id: name,
  name,
  aud: `aud of ${name}`,
  destinations: uris.map((uri) => ({ type: "public", uri })),
  policies: [policy(decision)],
  allowedIdps: [],
  serviceAuth401: false,
  preflightBypass: false,
});

const rule = (hostname: string | undefined, jwtRequired: boolean, more: object = {}): StateIngressRule => ({
  ...(hostname === undefined ? {} : { hostname }),
  service: "http://localhost:8188",
  jwtRequired,
  audTags: ["aud of wild", "aud of other"],
  ...more,
});

const record = (name: string, target = "house.cfargotunnel.com", proxied = true) => ({
  name,
  target,
  proxied,
});

const situation = (more: Partial<Situation>): Situation => ({
  applications: [],
  tokens: [],
  identityProviders: [],
  ingress: [],
  hostnames: [],
  records: [],
  tunnelId: "house",
  notJudged: [],
  ...more,
});

const nobody = (state: Situation, place: string) =>
  judgeAccessTests(state, [{ anyone: true, allow: [], deny: [place] }], new Date(0));

const failed = (state: Situation, place: string) =>
  nobody(state, place)
    .filter(({ passed }) => !passed)
    .map((result) => `${result.place}: ${result.got}`);

const WILD = application("wild", ["*.example.org"], "bypass");

test("an access test on a wildcard is asked at each host name that others name too, and at one for the rest", () => {
  const state = situation({ applications: [WILD], records: [record("*.example.org")] });
  const checked = [rule("*.example.org", true), END];
  expect(failed({ ...state, ingress: checked }, "wild")).toEqual([]);
  expect(failed({ ...state, ingress: [rule("a.example.org", false), ...checked] }, "wild")).toEqual([
    "wild (a.example.org): allowed",
  ]);
  const unproxied = record("b.example.org", "192.0.2.7", false);
  expect(failed({ ...state, ingress: checked, records: [...state.records, unproxied] }, "wild")).toEqual([
    "wild (b.example.org): it depends on what answers at 192.0.2.7: the DNS record b.example.org is not proxied",
  ]);
  const unchecked = [rule("a.example.org", true), rule("*.example.org", false), END];
  expect(failed({ ...state, ingress: unchecked }, "wild")).toEqual(["wild (*.example.org): allowed"]);
  // What another application guards is not its.
  const other = application("other", ["a.example.org"], "bypass");
  const both = { ...state, applications: [WILD, other], ingress: [rule("a.example.org", false), ...checked] };
  expect(failed(both, "wild")).toEqual([]);
  expect(failed(both, "other")).toEqual(["other: allowed"]);
});

test("host names two levels below a wildcard are asked: Access covers one level, records and rules all", () => {
  const deny = { ...WILD, policies: [policy("allow")] };
  const closed = situation({ applications: [deny], records: [record("*.example.org")], ingress: [END] });
  const open = { ...closed, ingress: [rule("*.example.org", false), END] };
  expect(failed(closed, "*")).toEqual([]);
  expect(failed(open, "*")).toEqual(["* (*.*.example.org): allowed"]);
  const diff = accessDiff(closed, open);
  const unasked = diff.entries.filter(({ who }) => who === "anyone, without logging in");
  expect([diff.verdict, unasked.map(({ hostname }) => hostname)]).toEqual([
    "widened",
    ["any-other.any-other.example.org"],
  ]);
  const question = { hostname: "a.b.example.org", path: "/", caller: { nobody: true } as const };
  expect(explain(open, question, new Date(0)).verdict).toBe("unguarded");
});

test("the last rule of a tunnel takes host names that nobody names", () => {
  const closed = situation({
    applications: [WILD],
    records: [record("*.example.org")],
    ingress: [rule("*.example.org", true), END],
  });
  const open = { ...closed, ingress: [rule("*.example.org", true), OPEN_END] };
  expect(failed(closed, "*")).toEqual([]);
  expect(failed(open, "*")).toEqual([
    "* (any other host name): it depends on whether a DNS record of any-other leads here",
  ]);
  expect(accessDiff(closed, open).verdict).toBe("widened");
  expect(accessDiff(open, closed).verdict).toBe("narrowed");
});

test("each tunnel's rules are its own, and the record says which tunnel a request comes by", () => {
  const applications = [
    application("wild", ["a.example.org"], "bypass"),
    application("other", ["b.example.org"], "bypass"),
  ];
  const state = (isChecked: boolean, records: Situation["records"]) =>
    situation({
      applications,
      tunnelId: "one",
      records,
      ingress: [
        rule("a.example.org", true, { tunnelId: "one" }),
        rule("b.example.org", true, { tunnelId: "one" }),
        { ...END, tunnelId: "one" },
        rule("b.example.org", isChecked, { tunnelId: "two" }),
        { ...END, tunnelId: "two" },
      ],
    });
  const known = [
    record("a.example.org", "one.cfargotunnel.com"),
    record("b.example.org", "two.cfargotunnel.com"),
  ];
  expect(failed(state(true, known), "*")).toEqual([]);
  expect(failed(state(false, known), "*")).toEqual(["* (other): allowed"]);
  expect(accessDiff(state(true, known), state(false, known)).verdict).toBe("widened");
  // Without its record it may be either tunnel.
  expect(failed(state(false, []), "other")[0]).toContain(
    "by which of the tunnels requests for b.example.org come",
  );
  expect(accessDiff(state(true, []), state(false, [])).verdict).toBe("widened");
});

test("a host name that cloudflared may read in another way is not taken for sure", () => {
  const state = situation({
    applications: [application("wild", ["afoo.example.org"], "bypass")],
    records: [record("afoo.example.org")],
    ingress: [rule("*foo.example.org", true), rule("afoo.example.org", false), END],
  });
  expect(failed(state, "wild")[0]).toContain("whether a tunnel's rule takes it at afoo.example.org/");
});

test("names are told apart by every wildcard, and too many of them are not gone through", () => {
  const names =
    namesApart({ destinations: ["a*.example.org", "*b.example.org"], spanning: ["*.example.org"] }) ?? [];
  const kinds = names.map((name) =>
    [
      destinationCovers("a*.example.org", name),
      destinationCovers("*b.example.org", name),
      recordCovers("*.example.org", name),
    ].join(),
  );
  for (const kind of ["true,true,true", "true,false,true", "false,true,true", "false,false,true"]) {
    expect(kinds).toContain(kind);
  }
  const labels = Array.from({ length: 40 }, (_, index) => `l${index}`);
  const many = labels.flatMap((label) => [
    `${label}.*.*.example.org`,
    `*.${label}.*.example.org`,
    `*.*.${label}.example.org`,
  ]);
  expect(namesApart({ destinations: many, spanning: [] })).toBeUndefined();
  const crowded = situation({ applications: [application("wild", many, "bypass")] });
  expect(failed(crowded, "*").join()).toContain("wildcards tell too many kinds apart");
  const changed = situation({ applications: [application("wild", many, "allow")] });
  expect(accessDiff(crowded, changed).verdict).toBe("not decided");
});

const HOSTS = ["a", "b", "c", "ab", "x.a", "y.a", "x.b", "x.y.a"].map((name) => `${name}.example.org`);
const ASKED: Asked[] = [...HOSTS, "example.org", "example.net"].flatMap((hostname) =>
  ["/", "/x"].map((path) => ({
    hostname,
    path,
    email: null,
    login: null,
    token: null,
    country: "NL",
    ip: "203.0.113.9",
  })),
);

const of = <T>(...values: T[]) => fc.constantFrom(...values);
const applicationOf = (name: string) =>
  fc
    .tuple(
      fc.uniqueArray(
        of(
          "*.example.org",
          "a.example.org",
          "a*.example.org",
          "*.a.example.org",
          "*.*.example.org",
          "b.example.org/x",
        ),
        { minLength: 1, maxLength: 2 },
      ),
      of("allow" as const, "bypass" as const),
    )
    .map(([uris, decision]) => application(name, uris, decision));
const rulesOf = (tunnelId: string) =>
  fc
    .tuple(
      fc.array(
        fc
          .tuple(
            of(undefined, "*.example.org", "a.example.org", "b.example.org", "*.a.example.org"),
            fc.boolean(),
            of(undefined, undefined, "^/x"),
          )
          .filter(([host, , path]) => host !== undefined || path !== undefined)
          .map(([host, isChecked, path]) =>
            rule(host, isChecked, { ...(path === undefined ? {} : { path }) }),
          ),
        { maxLength: 3 },
      ),
      of(END, END, OPEN_END),
    )
    .map(([rules, end]) => [...rules, end].map((each) => ({ ...each, tunnelId })));
const recordsOf = fc.uniqueArray(
  fc
    .tuple(
      of("*.example.org", "a.example.org", "b.example.org", "x.a.example.org"),
      of("house.cfargotunnel.com", "house.cfargotunnel.com", "barn.cfargotunnel.com"),
      of(true, true, true, false),
    )
    .map((parts) => record(...parts)),
  { selector: ({ name }) => name },
);
const states = fc.record({
  applications: fc.tuple(applicationOf("wild"), applicationOf("other")),
  ingress: fc
    .tuple(rulesOf("house"), fc.oneof(fc.constant([]), rulesOf("barn")))
    .map((lists) => lists.flat()),
  records: recordsOf,
});

const verdictAt = (state: Situation, { hostname, path }: Asked) =>
  outcomeOf({
    site: siteOf(state, { hostname, path }),
    subject: { email: null, identityProviderId: null, serviceTokenId: null },
  }).verdict;

test("random wildcards and tunnels: no answer is certain and wrong by a plain reading", () => {
  const seen = new Map<string, number>();
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  holds(
    fc.property(states, states, fc.boolean(), (one, two, isEdited) => {
      const before = situation(one);
      const after = situation(isEdited ? { ...one, ingress: two.ingress } : two);
      for (const asked of ASKED) {
        const [plain, model] = [naiveEnd(after, asked), verdictAt(after, asked)];
        if (model !== "open" && model !== plain) {
          throw new Error(`${asked.hostname}${asked.path}: ${plain} by plain reading, and ${model}`);
        }
        count(model);
      }
      if (failed(after, "*").length === 0) {
        count("closed");
        const open = ASKED.find((asked) => naiveEnd(after, asked) !== "out");
        if (open !== undefined) throw new Error(`the tests pass, and ${open.hostname}${open.path} is open`);
      }
      const { verdict } = accessDiff(before, after);
      if (verdict === "no change" || verdict === "narrowed") {
        count("not widened");
        const gained = ASKED.find(
          (asked) => naiveEnd(before, asked) === "out" && naiveEnd(after, asked) === "in",
        );
        if (gained !== undefined) throw new Error(`${verdict}, and ${gained.hostname}${gained.path} opens`);
      }
    }),
    { runs: 300 },
  );
  for (const what of ["in", "out", "open", "closed", "not widened"])
    expect(seen.get(what)).toBeGreaterThan(5);
});
