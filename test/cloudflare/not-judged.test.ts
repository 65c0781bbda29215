import { describe, expect, test } from "vitest";
import { judgeAccessTests } from "../../packages/access/tests/judge";
import { accessDiff } from "../../packages/cli/access-diff/access-diff";
import { compareResources } from "../../packages/cli/access-diff/preview";
import { TYPES } from "../../packages/cloudflare/kinds";
import { notJudgedIn } from "../../packages/cloudflare/not-judged";
import { situationOf } from "../../packages/cloudflare/read-situation";
import type { StateResource } from "../../packages/cloudflare/state-resource";
import type { PropertyMap } from "../../packages/provider/host/values";
import { judgeStack } from "../../policies/judge";
import type { Resource } from "../../policies/resource";

const HOST = "comfyui.datacrew.space";
const TUNNEL = "11111111-2222-4333-8444-555555555555";

/** A stack of one application, as its state has it. */
const stack = (): StateResource[] => [
  {
    type: TYPES.policy,
    id: "people",
    outputs: { name: "people", decision: "allow", includes: [{ email: { email: "artist@datacrew.space" } }] },
  },
  {
    type: TYPES.application,
    id: "app",
    outputs: {
      name: "comfyui",
      type: "self_hosted",
      aud: "aud",
      destinations: [{ type: "public", uri: HOST }],
      policies: [{ id: "people", precedence: 1 }],
      allowedIdps: ["google"],
    },
  },
  { type: TYPES.identityProvider, id: "google", outputs: { name: "Google", type: "google", config: {} } },
  {
    type: TYPES.ownIngress,
    id: TUNNEL,
    outputs: {
      tunnelId: TUNNEL,
      config: {
        ingresses: [{ hostname: HOST, service: "http://localhost:8188" }, { service: "http_status:404" }],
      },
    },
  },
  {
    type: TYPES.dnsRecord,
    id: "record",
    outputs: { name: HOST, type: "CNAME", proxied: true, content: `${TUNNEL}.cfargotunnel.com` },
  },
];

const TESTS = [
  { who: "artist@datacrew.space", allow: ["comfyui"], deny: [] },
  { anyone: true, allow: [], deny: ["*"] },
];

const set = (resources: StateResource[], type: string, outputs: Record<string, unknown>): StateResource[] =>
  resources.map((each) =>
    each.type === type ? { ...each, outputs: { ...each.outputs, ...outputs } } : each,
  );

/** What each tool says of a stack that was as it is above, and is now as given. */
function said(after: StateResource[]): {
  diff: string;
  undecided: string[];
  tests: boolean[];
  guardrail: string[];
} {
  const { undecided, ...sides } = compareResources(stack(), after);
  return {
    diff: accessDiff(sides.before, sides.after, { undecided }).verdict,
    undecided: undecided.map(({ text }) => text),
    tests: judgeAccessTests(situationOf(after), TESTS, new Date(0)).map(({ passed }) => passed),
    guardrail: judgeStack({ resources: after.map(asResource) })
      .filter(({ rule }) => rule.name === "all-judged")
      .map(({ message }) => message.split(" is ")[0] ?? ""),
  };
}

const asResource = ({ type, id, outputs }: StateResource): Resource => ({
  urn: `urn:pulumi:dev::comfyui-access::${type}::${id}`,
  type,
  name: id,
  properties: outputs as PropertyMap,
  protect: false,
  propertyDependencies: {},
});

test("a stack of which everything is judged is green in each", () => {
  expect(said(stack())).toEqual({ diff: "no change", undecided: [], tests: [true, true], guardrail: [] });
});

const unknown: [what: string, after: StateResource[], named: string][] = [
  ["a field that nobody classified", set(stack(), TYPES.application, { brandNew: "on" }), "brandNew"],
  [
    "a field that decides and is not read",
    set(stack(), TYPES.application, { allowAuthenticateViaWarp: true }),
    "allowAuthenticateViaWarp",
  ],
  ["a type of application that is not judged", set(stack(), TYPES.application, { type: "ssh" }), "type"],
  [
    "a destination that is no host name",
    set(stack(), TYPES.application, {
      destinations: [
        { type: "public", uri: HOST },
        { type: "private", cidr: "10.0.0.0/8" },
      ],
    }),
    "destinations[1].type",
  ],
  [
    "a rule of a type that is not known",
    set(stack(), TYPES.policy, { includes: [{ brandNewRule: { id: "x" } }] }),
    "includes[0].brand_new_rule",
  ],
  [
    "a rule for paths that cloudflared does not take",
    set(stack(), TYPES.ownIngress, {
      config: {
        ingresses: [
          { hostname: HOST, path: "^/internal(?=/)", service: "http://localhost:9" },
          { hostname: HOST, service: "http://localhost:8188" },
          { service: "http_status:404" },
        ],
      },
    }),
    "config.ingresses[0].path",
  ],
  [
    "a kind that no table has",
    [
      ...stack(),
      { type: "cloudflare:index/ruleset:Ruleset", id: "rules", outputs: { name: "skip", rules: [] } },
    ],
    "cloudflare:index/ruleset:Ruleset",
  ],
];

describe.each(unknown)("%s", (_, after, named) => {
  test("is named by the access diff, which is not decided", () => {
    const { diff, undecided } = said(after);
    expect(diff).toBe("not decided");
    expect(undecided.join("\n")).toContain(named);
  });

  test("fails the access tests, whatever they expect", () => {
    expect(said(after).tests.some(Boolean)).toBe(false);
  });

  test("is a violation of the guardrails", () => {
    expect(said(after).guardrail).not.toEqual([]);
  });

  test("is no change where it was there before", () => {
    const { undecided } = compareResources(after, after);
    expect(undecided).toEqual([]);
  });
});

test("what was there and decides for one host name leaves the others decided", () => {
  const record = { name: "other.datacrew.space", type: "NS", content: "ns.example.org" };
  const resources = [...stack(), { type: TYPES.dnsRecord, id: "other", outputs: record }];
  expect(situationOf(resources).notJudged).toMatchObject([{ field: "type", host: "other.datacrew.space" }]);
  expect(judgeAccessTests(situationOf(resources), TESTS, new Date(0)).map(({ passed }) => passed)).toEqual([
    true,
    true,
  ]);
});

test("a token that is turned off is not judged for who comes with it, and for nobody else", () => {
  const token = (enabled: boolean): StateResource[] => [
    ...stack(),
    { type: TYPES.token, id: "api", outputs: { name: "comfyui-api", enabled } },
  ];
  const tests = [...TESTS, { token: "comfyui-api", allow: [], deny: ["comfyui"] }];
  const passed = (enabled: boolean) =>
    judgeAccessTests(situationOf(token(enabled)), tests, new Date(0)).map((each) => each.passed);
  expect(passed(true)).toEqual([true, true, true]);
  expect(passed(false)).toEqual([true, true, false]);
});

test("what the API makes of a field by itself is not the program's to judge", () => {
  const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
  const made = (given: ReadonlySet<string>) =>
    notJudgedIn({ type: TYPES.application, id: "app", outputs: { saasApp: unknown }, given });
  expect(made(new Set())).toEqual([]);
  expect(made(new Set(["saasApp"]))).toMatchObject([{ code: "field", field: "saasApp" }]);
});
