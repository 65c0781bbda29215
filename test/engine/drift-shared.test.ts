import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DriftRig, type Look } from "./drift/account";

const ACCOUNT = "/accounts/0123456789abcdef0123456789abcdef";
const HOST = "comfyui.datacrew.space";

const theirs = [
  { hostname: "grafana.datacrew.space", service: "http://localhost:3000", futureField: { a: [1] } },
  { hostname: "*.datacrew.space", service: "http://localhost:8080" },
  { service: "http_status:503" },
];

interface Rule {
  hostname?: string;
  service: string;
}

let drift: DriftRig;
let tunnelId: string;
let loginId: string;
/** The list as `up` left it. */
let sound: Rule[];

beforeAll(async () => {
  drift = await DriftRig.open(async (rig) => {
    const made = async (path: string, body: unknown) =>
      (await rig.api<{ id: string }>("POST", `${ACCOUNT}${path}`, body)).id;
    tunnelId = await made("/cfd_tunnel", { name: "house", config_src: "cloudflare" });
    await rig.api("PUT", configuration(), { config: { ingress: theirs } });
    const config = { client_id: "house", client_secret: "house" };
    loginId = await made("/access/identity_providers", { name: "House", type: "google", config });
    return rig.config((settings) => {
      settings.tunnel = { id: tunnelId };
      settings.google = { identityProviderId: loginId };
    });
  });
  sound = await ingress();
});

afterAll(() => drift?.close());

const configuration = () => `${ACCOUNT}/cfd_tunnel/${tunnelId}/configurations`;

async function ingress(): Promise<Rule[]> {
  const found = await drift.rig.api<{ config: { ingress: Rule[] } }>("GET", configuration());
  return found.config.ingress;
}

/** A look at the account with another list in the tunnel. */
async function lookWith(rules: object[]): Promise<Look> {
  await drift.rig.api("PUT", configuration(), { config: { ingress: rules } });
  const look = await drift.look();
  await drift.rig.api("PUT", configuration(), { config: { ingress: sound } });
  expect(look.failures).toEqual([]);
  return look;
}

const told = ({ changes }: Look) => changes.map(({ subject, field, what }) => `${subject}: ${field ?? what}`);
const at = (hostname: string) => sound.findIndex((rule) => rule.hostname === hostname);

describe("a tunnel that others use too, and a login that is not the stack's", () => {
  test("have no drift as they were left", async () => {
    const look = await drift.look();
    expect(told(look)).toEqual([]);
    expect(look.access).toMatchObject({ verdict: "no change", entries: [], facts: [], undecided: [] });
  });

  test("what others change of theirs is theirs", async () => {
    const changed = sound.map((rule) =>
      rule.hostname === HOST
        ? rule
        : { ...rule, ...(rule.hostname ? { service: "http://localhost:1" } : {}) },
    );
    const fewer = sound.filter(({ hostname }) => hostname !== "grafana.datacrew.space");
    for (const rules of [
      changed,
      fewer,
      [{ hostname: "new.example.org", service: "http://localhost:1" }, ...sound],
    ]) {
      const look = await lookWith(rules);
      expect(told(look)).toEqual([]);
      expect(look.access.verdict).toBe("no change");
    }
  });

  test("the stack's own rule is compared field by field", async () => {
    const look = await lookWith(sound.with(at(HOST), { hostname: HOST, service: "http://localhost:9" }));
    expect(told(look).sort()).toEqual([
      `tunnel configuration: ingress[${HOST}].originRequest.access.audTag`,
      `tunnel configuration: ingress[${HOST}].originRequest.access.required`,
      `tunnel configuration: ingress[${HOST}].originRequest.access.teamName`,
      `tunnel configuration: ingress[${HOST}].service`,
    ]);
    expect(look.access.facts.map(({ kind }) => kind)).toEqual(["connector check", "origin"]);
  });

  test("that it is gone is found, though a rule of others now answers", async () => {
    const look = await lookWith(sound.filter(({ hostname }) => hostname !== HOST));
    expect(told(look)).toEqual([`tunnel configuration: ingress[${HOST}]`]);
    expect(look.access.facts.map(({ kind }) => kind)).toContain("connector check");
  });

  test.each([
    ["a rule for a path", { hostname: HOST, path: "^/api", service: "http://localhost:9" }, `${HOST}/^/api`],
    ["a wildcard", { hostname: "*.datacrew.space", service: "http://localhost:9" }, "*.datacrew.space"],
  ])("%s before it is found, with where it leads", async (_, rule, key) => {
    const look = await lookWith([
      rule,
      ...sound.filter(({ hostname }) => hostname !== rule.hostname || hostname === HOST),
    ]);
    expect(told(look)).toEqual([`tunnel configuration: ingress[${key}]`]);
    expect(look.changes[0]?.opens).toMatch(
      /^requests to comfyui\..* end at http:\/\/localhost:9, and no JWT/,
    );
  });

  test("that the login or the tunnel is gone is found", async () => {
    await drift.rig.api("DELETE", `${ACCOUNT}/access/identity_providers/${loginId}`);
    await drift.rig.api("DELETE", `${ACCOUNT}/cfd_tunnel/${tunnelId}`);
    const look = await drift.look();
    expect(told(look)).toEqual([
      "tunnel configuration: deleted",
      "identity provider: deleted",
      "tunnel: deleted",
    ]);
  });
});
