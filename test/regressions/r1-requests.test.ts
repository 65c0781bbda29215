import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { PropertyMap } from "../../packages/provider/host";
import { accountId, cloudflareType, ProviderRig, zoneId } from "../sandbox/provider/support";

let rig: ProviderRig;
const of = (name: string) => rig.driver(cloudflareType(name));

beforeAll(async () => {
  rig = await ProviderRig.open();
});
afterAll(() => rig.sandbox.close());
beforeEach(() => rig.sandbox.reset());

const lastBody = () => rig.sandbox.requests.at(-1)?.body as Record<string, unknown>;

describe("what the sandbox's provider sends is what the real one sends", () => {
  it("R1: alert addresses are sorted, in the request and in the state, and their order is no change", async () => {
    const alerts = of("NotificationPolicy");
    const inputs = (...ids: string[]): PropertyMap => ({
      accountId,
      name: "tunnel health",
      alertType: "tunnel_health_event",
      mechanisms: { emails: ids.map((id) => ({ id })) },
    });
    const { state } = await alerts.create(inputs("z@datacrew.space", "a@datacrew.space"));
    const sorted = [{ id: "a@datacrew.space" }, { id: "z@datacrew.space" }];
    expect(lastBody()["mechanisms"]).toEqual({ email: sorted });
    expect(state["mechanisms"]).toEqual({ emails: sorted });
    expect(await alerts.plan(state, inputs("z@datacrew.space", "a@datacrew.space"))).toEqual([]);
    expect(await alerts.plan(state, inputs("b@datacrew.space", "a@datacrew.space"))).not.toEqual([]);
  });

  it("R1: an application's update says its domain, unless it moves; then the state follows", async () => {
    const apps = of("ZeroTrustAccessApplication");
    const at = (uri: string, more: PropertyMap = {}): PropertyMap => ({
      accountId,
      name: "ui",
      type: "self_hosted",
      destinations: [{ uri }],
      ...more,
    });
    const { state } = await apps.create(at("a.datacrew.space"));
    const longer = await apps.update(state, at("a.datacrew.space", { sessionDuration: "12h" }));
    expect(lastBody()["domain"]).toBe("a.datacrew.space");
    const moved = await apps.update(longer, at("b.datacrew.space", { sessionDuration: "12h" }));
    expect(lastBody()).not.toHaveProperty("domain");
    expect(moved["domain"]).toBe("b.datacrew.space");
  });

  it("R1: a DNS record's update says its tags, also when there are none", async () => {
    const records = of("DnsRecord");
    const record = {
      zoneId,
      name: "ui.datacrew.space",
      type: "CNAME",
      content: "x.cfargotunnel.com",
      ttl: 1,
    };
    const { state } = await records.create(record);
    await records.update(state, { ...record, comment: "mine" });
    expect(lastBody()["tags"]).toEqual([]);
  });

  it("R1: an identity provider that was just made is updated without scim_config", async () => {
    const idps = of("ZeroTrustAccessIdentityProvider");
    const inputs = { accountId, name: "G", type: "google", config: { clientId: "x", clientSecret: "y" } };
    const { state } = await idps.create(inputs);
    await idps.update(state, { ...inputs, name: "H" });
    expect(lastBody()).not.toHaveProperty("scim_config");
  });

  it("R1: a token is made with version 1, and an imported one has none", async () => {
    const tokens = of("ZeroTrustAccessServiceToken");
    const { id } = await tokens.create({ accountId, name: "api" });
    expect(lastBody()["client_secret_version"]).toBe(1);
    const found = await tokens.read(`accounts/${accountId}/${id}`);
    expect(found?.inputs).toEqual({ accountId, duration: "8760h", name: "api" });
    expect(found?.state).not.toHaveProperty("clientSecretVersion");
    expect(await tokens.plan(found?.state ?? {}, found?.inputs ?? {})).toEqual([
      "update clientSecretVersion",
    ]);
  });
});
