import { describe, expect, test } from "vitest";
import { ProblemsError } from "../../packages/base/problems";
import type { LastResource } from "../../packages/cloudflare/last-state";
import { type LeftBehindArgs, leftBehind, REPLACEMENT } from "../../packages/cloudflare/left-behind";

const accountId = "a".repeat(32);
const zoneId = "b".repeat(32);

const state: LastResource[] = [
  resource("ZeroTrustAccessPolicy", "policy-1"),
  resource("ZeroTrustAccessPolicy", "policy-2"),
  resource("ZeroTrustTunnelCloudflared", "tunnel-1"),
];

function resource(kind: string, id: string): LastResource {
  return {
    urn: `urn:${id}`,
    type: `cloudflare:index/${kind[0]?.toLowerCase()}${kind.slice(1)}:${kind}`,
    outputs: { id },
  };
}

const application = {
  id: "app-1",
  name: "comfyui",
  domain: "comfyui.datacrew.space",
  destinations: [{ type: "public", uri: "comfyui.datacrew.space" }],
  policies: [{ id: "policy-1" }, { id: "policy-2" }],
  enable_binding_cookie: false,
  options_preflight_bypass: false,
};
const record = {
  id: "record-1",
  name: "comfyui.datacrew.space",
  type: "CNAME",
  content: "tunnel-1.cfargotunnel.com",
};
const tunnel = { id: "tunnel-2", name: "comfyui-dev", config_src: "cloudflare", status: "inactive" };

const args = (seen: Partial<LeftBehindArgs["seen"]>, more: Partial<LeftBehindArgs> = {}): LeftBehindArgs => ({
  accountId,
  zoneId,
  applications: [{ name: "comfyui", hostname: "comfyui.datacrew.space" }],
  tunnel: { name: "comfyui-dev" },
  adopted: [],
  seen: { applications: [], records: [], ...seen },
  ...more,
});

const nothing = { applications: {}, records: {} };

test("an account that has nothing of these names needs no look into the state", async () => {
  const others = [{ ...application, name: "other" }];
  const never = () => Promise.reject(new Error("read"));
  expect(await leftBehind(args({ applications: others }), never)).toEqual(nothing);
});

test("what the state knows is not left behind", async () => {
  const known = [
    ...state,
    resource("ZeroTrustAccessApplication", "app-1"),
    resource("DnsRecord", "record-1"),
  ];
  const seen = {
    applications: [application],
    records: [record],
    tunnel: { tunnel: { ...tunnel, id: "tunnel-1" }, rules: [{ hostname: "x" }] },
  };
  expect(await leftBehind(args(seen), async () => known)).toEqual(nothing);
});

describe("made by the stack, and unknown to its state", () => {
  test("an application and a record are named by the form of id that an import takes", async () => {
    const seen = { applications: [application], records: [record] };
    expect(await leftBehind(args(seen), async () => state)).toEqual({
      applications: { comfyui: { importId: `accounts/${accountId}/app-1`, replaces: false } },
      records: { comfyui: `${zoneId}/record-1` },
    });
  });

  test("a tunnel that nobody has used", async () => {
    const seen = { tunnel: { tunnel, rules: [] } };
    expect(await leftBehind(args(seen), async () => [])).toEqual({
      ...nothing,
      tunnel: `${accountId}/tunnel-2`,
    });
  });
});

describe("made while the stack's application was being replaced", () => {
  const named = (id: string, name: string): LastResource => ({
    ...resource("ZeroTrustAccessApplication", id),
    urn: `urn:${id}::${name}`,
  });
  const applicationsLeft = async (...known: LastResource[]) =>
    (await leftBehind(args({ applications: [application] }), async () => [...state, ...known])).applications;

  test("it is taken in beside the one that is gone", async () => {
    expect(await applicationsLeft(named("app-0", "comfyui"), named("app-8", "other"))).toEqual({
      comfyui: { importId: `accounts/${accountId}/app-1`, replaces: true },
    });
  });

  test("but not while that one is still there", async () => {
    const seen = {
      applications: [application, { ...application, id: "app-0", name: "renamed", destinations: [] }],
    };
    const known = [...state, named("app-0", "comfyui")];
    await expect(leftBehind(args(seen), async () => known)).rejects.toThrow(
      /\(app-1\), which this stack's state/,
    );
  });

  test("a run that was cut off after that goes on with it", async () => {
    expect(
      await applicationsLeft(named("app-0", "comfyui"), named("app-1", `comfyui${REPLACEMENT}`)),
    ).toEqual({ comfyui: { replaces: true } });
  });

  test("once the old one is forgotten, it gets its name", async () => {
    expect(await applicationsLeft(named("app-1", `comfyui${REPLACEMENT}`))).toEqual({});
  });
});

describe("refused, since it may be somebody else's", () => {
  const cases: [string, Partial<LeftBehindArgs["seen"]>, LastResource[], string][] = [
    ["no policy", { applications: [{ ...application, policies: [] }] }, state, "applications[0].hostname"],
    [
      "a policy that the state does not know",
      { applications: [{ ...application, policies: [{ id: "policy-1" }, { id: "policy-9" }] }] },
      state,
      "applications[0].hostname",
    ],
    [
      "an application that guards another place too",
      {
        applications: [
          { ...application, self_hosted_domains: ["comfyui.datacrew.space", "x.datacrew.space"] },
        ],
      },
      state,
      "applications[0].hostname",
    ],
    [
      "an application that lets preflights through",
      { applications: [{ ...application, options_preflight_bypass: true }] },
      state,
      "applications[0].hostname",
    ],
    [
      "a record that leads elsewhere",
      { records: [{ ...record, content: "tunnel-9.cfargotunnel.com" }] },
      state,
      "applications[0].hostname",
    ],
    ["a record while the state has no tunnel", { records: [record] }, [], "applications[0].hostname"],
    [
      "a tunnel with a connector",
      { tunnel: { tunnel: { ...tunnel, status: "healthy" }, rules: [] } },
      [],
      "tunnel.name",
    ],
    [
      "a tunnel that had a connector",
      { tunnel: { tunnel: { ...tunnel, conns_inactive_at: "2026-01-01T00:00:00Z" }, rules: [] } },
      [],
      "tunnel.name",
    ],
    [
      "a tunnel with rules",
      { tunnel: { tunnel, rules: [{ service: "http_status:404" }] } },
      [],
      "tunnel.name",
    ],
    [
      "a tunnel that is configured on its machine",
      { tunnel: { tunnel: { ...tunnel, config_src: "local" }, rules: [] } },
      [],
      "tunnel.name",
    ],
  ];

  test.each(cases)("%s", async (_, seen, known, path) => {
    const refusal = await leftBehind(args(seen), async () => known).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ProblemsError);
    const { problems, findings } = refusal as ProblemsError;
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    const code = path === "tunnel.name" ? "tunnel-unknown" : /^(application|record)-unknown$/;
    expect(findings.map((finding) => finding.code)).toEqual([expect.stringMatching(code)]);
  });

  test("but not what was taken over by its id", async () => {
    const seen = { applications: [{ ...application, policies: [] }] };
    expect(await leftBehind(args(seen, { adopted: ["app-1"] }), async () => state)).toEqual(nothing);
  });
});
