import { expect, test } from "vitest";
import { explain } from "../../packages/access/explain";
import { MASKED_VALUE, SECRET_SIGNATURE, UNKNOWN_VALUE } from "../../packages/access/hidden";
import { judgeAccessTests } from "../../packages/access/tests/judge";
import { accessDiff } from "../../packages/cli/access-diff/access-diff";
import { compareResources } from "../../packages/cli/access-diff/preview";
import { TYPES } from "../../packages/cloudflare/kinds";
import { situationOf } from "../../packages/cloudflare/read-situation";
import type { StateResource } from "../../packages/cloudflare/state-resource";

const SECRET = { [SECRET_SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:x" };
const HOST = "a.example.org";

type Outputs = StateResource["outputs"];

const application = (name: string, more: Outputs = {}): StateResource => ({
  type: TYPES.application,
  id: name,
  outputs: {
    name,
    aud: `aud of ${name}`,
    type: "self_hosted",
    destinations: [{ type: "public", uri: `${name}.example.org` }],
    policies: [{ id: "pol", precedence: 1 }],
    ...more,
  },
});
const policy = (more: Outputs = {}): StateResource => ({
  type: TYPES.policy,
  id: "pol",
  outputs: { name: "pol", decision: "allow", includes: [{ email: { email: "ann@example.org" } }], ...more },
});
const record = (more: Outputs = {}): StateResource => ({
  type: TYPES.dnsRecord,
  id: "rec",
  outputs: { name: HOST, type: "CNAME", proxied: true, content: "house.cfargotunnel.com", ...more },
});
const rule = (more: object = {}) => ({ hostname: HOST, service: "http://localhost:8188", ...more });
const tunnel = (ingresses: unknown): StateResource => ({
  type: TYPES.ownIngress,
  id: "house",
  outputs: { tunnelId: "house", config: { ingresses } },
});
const rules = (...list: unknown[]) => tunnel([...list, { service: "http_status:404" }]);

const BYPASS = { decision: "bypass", includes: [{ everyone: {} }] };

const verdicts = (resources: StateResource[], place: string) => {
  const state = situationOf(resources);
  const question = { hostname: HOST, path: "/", caller: { nobody: true } as const };
  return [
    explain(state, question, new Date(0)).verdict,
    judgeAccessTests(state, [{ anyone: true, allow: [], deny: [place] }], new Date(0)).every(
      ({ passed }) => passed,
    ),
  ];
};

test("all of it can be read: nobody gets in without a login", () => {
  expect(verdicts([application("a"), policy(), record(), rules(rule())], "a")).toEqual(["refused", true]);
});

const CASES: [string, (hidden: unknown) => StateResource[]][] = [
  ["the policies", (policies) => [application("a", { policies }), policy(BYPASS), record(), rules(rule())]],
  [
    "the id of a policy",
    (id) => [
      application("a", { policies: [{ id, precedence: 1 }] }),
      policy(BYPASS),
      record(),
      rules(rule()),
    ],
  ],
  ["a decision", (decision) => [application("a"), policy({ decision }), record(), rules(rule())]],
  [
    "the destinations of another application",
    (destinations) => [
      application("a"),
      application("b", { destinations }),
      policy(),
      record(),
      rules(rule()),
    ],
  ],
  [
    "a destination of another application",
    (uri) => [
      application("a"),
      application("b", { destinations: [{ type: "public", uri }] }),
      policy(),
      record(),
      rules(rule()),
    ],
  ],
  [
    "the host name of a rule in front",
    (hostname) => [application("a"), policy(BYPASS), record(), rules(rule({ hostname }), rule())],
  ],
  ["a whole rule", (each) => [application("a"), policy(BYPASS), record(), rules(each, rule())]],
  ["all rules", (ingresses) => [application("a"), policy(BYPASS), record(), tunnel(ingresses)]],
  ["the name of a record", (name) => [application("a"), policy(), record({ name }), rules(rule())]],
];

test.each(CASES)("%s that cannot be read leaves it undecided", (_, resources) => {
  for (const hidden of [SECRET, MASKED_VALUE, UNKNOWN_VALUE]) {
    expect(verdicts(resources(hidden), "a")).toEqual(["undecided", false]);
    expect(verdicts(resources(hidden), "*")[1]).toBe(false);
    // The same on both sides is no change; with anything else in the object, nobody can tell.
    const same = compareResources(resources(hidden), resources(hidden));
    expect(accessDiff(same.before, same.after, { undecided: same.undecided }).verdict).toBe("no change");
  }
});

test("what stands behind what cannot be read is not decided where it is not the same", () => {
  const verdict = (before: StateResource[], after: StateResource[]) => {
    const compared = compareResources(before, after);
    return accessDiff(compared.before, compared.after, { undecided: compared.undecided }).verdict;
  };
  const checked = { originRequest: { access: { required: true, teamName: "t", audTags: ["aud of a"] } } };
  const behind = (more: object) => [
    application("a"),
    policy(BYPASS),
    record(),
    rules(rule({ hostname: SECRET, ...checked }), rule(more)),
  ];
  expect(verdict(behind(checked), behind({}))).toBe("not decided");
  const decided = (includes: unknown) => [
    application("a"),
    policy({ decision: SECRET, includes }),
    record(),
    rules(rule()),
  ];
  expect(verdict(decided([{ email: { email: "ann@example.org" } }]), decided([{ everyone: {} }]))).toBe(
    "not decided",
  );
  const placed = (more: Outputs) => [
    application("a", { policies: [] }),
    application("b", { destinations: SECRET }),
    policy(more),
    record(),
    rules(rule()),
  ];
  expect(verdict(placed({}), placed(BYPASS))).toBe("not decided");
});

test("what decides nothing, and what the update alone makes of it, may be hidden", () => {
  const state = [
    application("a", { tags: SECRET, domain: UNKNOWN_VALUE }),
    policy({ name: SECRET }),
    record({ comment: SECRET }),
    rules(rule()),
  ].map((each) => ({
    ...each,
    given: new Set(Object.keys(each.outputs).filter((name) => name !== "domain")),
  }));
  expect(verdicts(state, "a")).toEqual(["refused", true]);
});

test.each<[string, object]>([
  ["a range of addresses", { type: "private", cidr: "10.0.0.0/8" }],
  [
    "a private host name",
    { type: "private", hostname: "wiki.internal", portRange: "443", l4Protocol: "tcp" },
  ],
  ["a server of MCP", { type: "via_mcp_server_portal", mcpServerId: "mcp" }],
  ["a worker", { type: "worker", workerId: "w" }],
  ["every worker", { type: "all_workers" }],
])("%s as a destination is not judged, alone or beside public ones", (_, destination) => {
  const others = [policy(), record(), rules(rule())];
  const both = application("a", { destinations: [{ type: "public", uri: HOST }, destination] });
  expect(verdicts([both, ...others], "a")).toEqual(["undecided", false]);
  const alone = application("b", { destinations: [destination] });
  const state = situationOf([application("a"), alone, ...others]);
  const got = (place: string) =>
    judgeAccessTests(state, [{ anyone: true, allow: [], deny: [place] }], new Date(0)).map(
      ({ place, passed }) => [place, passed],
    );
  expect(got("a")).toEqual([["a", true]]);
  expect(got("b")).toEqual([["b", false]]);
  expect(got("*")).toEqual([
    ["* (a)", true],
    ["* (b)", false],
  ]);
  // Whom it lets in is compared nowhere else.
  const open = situationOf([application("a"), alone, policy(BYPASS), ...others.slice(1)]);
  expect(accessDiff(state, open).undecided.map(({ text }) => text)).toEqual([
    "not judged: who gets in at places of application b that are no public host names",
  ]);
  expect(accessDiff(state, structuredClone(state)).verdict).toBe("no change");
});

test("an application stands wherever one of its three fields says so", () => {
  const everywhere = application("a", {
    destinations: [{ type: "public", uri: HOST }, { uri: "b.example.org/x" }],
    selfHostedDomains: [HOST, "c.example.org"],
    domain: "d.example.org",
  });
  const names = ["a", "b", "c", "d"].map((name) => `${name}.example.org`);
  const records = names.map((name) => ({ ...record({ name }), id: name }));
  const state = situationOf([
    everywhere,
    policy(BYPASS),
    ...records,
    rules(...names.map((hostname) => rule({ hostname }))),
  ]);
  for (const hostname of names) {
    const question = { hostname, path: "/x", caller: { nobody: true } as const };
    expect(explain(state, question, new Date(0)).application?.name).toBe("a");
  }
});
