import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { PropertyMap } from "../../packages/provider/host";
import type { State } from "../../packages/sandbox/account/store";
import { accountId, cloudflareType, ProviderRig, zoneId } from "../sandbox/provider/support";

let rig: ProviderRig;
const of = (name: string) => rig.driver(cloudflareType(name));

beforeAll(async () => {
  rig = await ProviderRig.open();
});
afterAll(() => rig.sandbox.close());
beforeEach(() => rig.sandbox.reset());

/** Has the next POST done and answered with half of its JSON. */
function halfAnswer(pathRegex: string): void {
  rig.sandbox.faults.add({ method: "POST", pathRegex, action: "malformed" });
}

const secret = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const KINDS: [type: string, path: string, kept: keyof State, inputs: PropertyMap][] = [
  [
    "ZeroTrustAccessPolicy",
    "/access/policies$",
    "policies",
    { accountId, name: "people", decision: "allow", includes: [{ email: { email: "a@datacrew.space" } }] },
  ],
  [
    "ZeroTrustAccessApplication",
    "/access/apps$",
    "applications",
    { accountId, name: "ui", type: "self_hosted", destinations: [{ uri: "ui.datacrew.space" }] },
  ],
  [
    "ZeroTrustTunnelCloudflared",
    "/cfd_tunnel$",
    "tunnels",
    { accountId, name: "house", configSrc: "cloudflare", tunnelSecret: secret },
  ],
  [
    "DnsRecord",
    "/dns_records$",
    "dnsRecords",
    {
      zoneId,
      name: "ui.datacrew.space",
      type: "CNAME",
      content: "x.cfargotunnel.com",
      proxied: true,
      ttl: 1,
    },
  ],
  [
    "ZeroTrustAccessIdentityProvider",
    "/identity_providers$",
    "identityProviders",
    { accountId, name: "Google", type: "google", config: { clientId: "x", clientSecret: "y" } },
  ],
];

describe("half an answer to a POST", () => {
  it.each(KINDS)(
    "R1: %s: made once, in the state, and nothing to do afterwards",
    async (type, path, kept, inputs) => {
      halfAnswer(path);
      const { id, state } = await of(type).create(inputs);
      const made = rig.sandbox.store.snapshot()[kept] as { id: string }[];
      expect(made.map((each) => each.id)).toEqual([id]);
      const found = await of(type).read(id, state, inputs);
      expect(await of(type).plan(found?.state ?? {}, inputs)).toEqual([]);
    },
  );

  it("R1: an application's audience is known", async () => {
    halfAnswer("/access/apps$");
    const { state } = await of("ZeroTrustAccessApplication").create(KINDS[1]?.[3] ?? {});
    expect(state["aud"]).toBe(rig.sandbox.store.applications.where(() => true)[0]?.aud);
  });

  it("R1: a service token fails, the next one is another, and the first stays behind", async () => {
    const tokens = of("ZeroTrustAccessServiceToken");
    const inputs = { accountId, name: "comfyui-api" };
    halfAnswer("/service_tokens$");
    await expect(tokens.create(inputs)).rejects.toThrow("half an answer");
    const { id } = await tokens.create(inputs);
    const made = rig.sandbox.store.serviceTokens.where(() => true);
    expect(made.map(({ name }) => name)).toEqual(["comfyui-api", "comfyui-api"]);
    expect(made.map((token) => token.id)).toContain(id);
  });
});
