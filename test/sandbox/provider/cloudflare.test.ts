import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type PropertyMap, reveal, Secret, UNKNOWN } from "../../../packages/provider/host";
import { accountId, cloudflareType, type Driver, ProviderRig, zoneId } from "./support";

let rig: ProviderRig;
const of = (name: string): Driver => rig.driver(cloudflareType(name));

beforeAll(async () => {
  rig = await ProviderRig.open();
});

afterAll(() => rig.sandbox.close());

beforeEach(() => rig.sandbox.reset());

const token: PropertyMap = { accountId, name: "comfyui-api", duration: "8760h" };
const record: PropertyMap = {
  zoneId,
  name: "comfyui.datacrew.space",
  type: "CNAME",
  content: "x.cfargotunnel.com",
  proxied: true,
  ttl: 1,
};

describe("a service token", () => {
  it("gets a secret when it is made, and keeps it through a rename", async () => {
    const tokens = of("ZeroTrustAccessServiceToken");
    const { state } = await tokens.create(token);
    expect(state["clientSecret"]).toBeInstanceOf(Secret);
    expect(state["clientSecretVersion"]).toBe(1);
    const renamed = await tokens.update(state, { ...token, name: "other" });
    expect(renamed).toMatchObject({
      name: "other",
      clientId: state["clientId"],
      clientSecret: state["clientSecret"],
    });
  });

  it("gets a new secret with a higher version, which a preview does not know yet", async () => {
    const tokens = of("ZeroTrustAccessServiceToken");
    const { state } = await tokens.create(token);
    const bumped = {
      ...token,
      clientSecretVersion: 2,
      previousClientSecretExpiresAt: "2099-01-01T00:00:00Z",
    };
    expect(await tokens.plan(state, bumped)).toEqual([
      "update clientSecretVersion",
      "update previousClientSecretExpiresAt",
    ]);
    const preview = await tokens.update(state, bumped, true);
    expect(reveal(preview["clientSecret"] ?? null)).toBe(UNKNOWN);
    expect(preview["clientId"]).toBe(state["clientId"]);
    const rotated = await tokens.update(state, bumped);
    expect(rotated["clientSecret"]).toBeInstanceOf(Secret);
    expect(rotated["clientSecret"]).not.toEqual(state["clientSecret"]);
  });

  it("goes back to version 1 when both are left out again", async () => {
    const tokens = of("ZeroTrustAccessServiceToken");
    const bumped = {
      ...token,
      clientSecretVersion: 2,
      previousClientSecretExpiresAt: "2099-01-01T00:00:00Z",
    };
    const { state } = await tokens.create(bumped);
    await tokens.update(state, token);
    expect(rig.sandbox.requests.at(-1)?.body).toMatchObject({
      client_secret_version: 1,
      previous_client_secret_expires_at: null,
    });
  });

  it("survives a refresh with its secret and versions", async () => {
    const tokens = of("ZeroTrustAccessServiceToken");
    const { id, state } = await tokens.create(token);
    const found = await tokens.read(id, state, token);
    expect(found).toEqual({ id, state, inputs: token });
  });
});

describe("refused before anything is sent", () => {
  it.each([
    [
      "ZeroTrustAccessServiceToken",
      { ...token, clientSecretVersion: 1 },
      "previousClientSecretExpiresAt: is required",
    ],
    [
      "ZeroTrustAccessServiceToken",
      { ...token, previousClientSecretExpiresAt: UNKNOWN },
      "clientSecretVersion: is required",
    ],
    ["ZeroTrustAccessServiceToken", { ...token, zoneId }, "exactly one of them"],
    ["ZeroTrustAccessServiceToken", { name: "x" }, "exactly one of them"],
    ["ZeroTrustAccessServiceToken", { ...token, clientId: "x" }, 'no input "clientId"'],
    ["DnsRecord", { ...record, proxy: true }, 'no input "proxy"'],
    ["DnsRecord", { ...record, ttl: undefined as never }, "ttl: is required"],
    ["DnsRecord", { ...record, ttl: "soon" }, "ttl: must be a number"],
    [
      "ZeroTrustAccessPolicy",
      { accountId, name: "p", decision: "allow", includes: [{ mail: {} }] },
      'no input "mail"',
    ],
    ["ZeroTrustAccessApplication", { accountId, destinations: { uri: "x" } }, "destinations: must be a list"],
  ])("%s: %o", async (type, inputs, reason) => {
    const from = rig.sandbox.requests.length;
    expect((await of(type).refusals(inputs)).join("\n")).toContain(reason);
    expect(rig.sandbox.requests).toHaveLength(from);
  });

  it("lets unknown values pass", async () => {
    expect(await of("DnsRecord").refusals({ ...record, content: UNKNOWN, zoneId: UNKNOWN })).toEqual([]);
  });

  it("a type that is not served", async () => {
    await expect(rig.driver("cloudflare:index/worker:Worker").refusals({})).rejects.toThrow(
      /does not serve cloudflare:index\/worker:Worker; it serves cloudflare:index/,
    );
  });
});

describe("defaults and what counts as a change", () => {
  const app: PropertyMap = {
    accountId,
    name: "ComfyUI",
    type: "self_hosted",
    destinations: [{ uri: "comfyui.datacrew.space" }],
  };

  it("plans what the real provider plans, and knows the aud only after up", async () => {
    const { state } = await of("ZeroTrustAccessApplication").create(
      { ...app, policies: [{ id: "a" }, { id: "b", precedence: 5 }, { id: "c" }] },
      true,
    );
    expect(state).toMatchObject({
      id: UNKNOWN,
      aud: UNKNOWN,
      appLauncherVisible: true,
      httpOnlyCookieAttribute: true,
      sessionDuration: "24h",
      destinations: [{ type: "public", uri: "comfyui.datacrew.space" }],
      policies: [
        { id: "a", precedence: 1 },
        { id: "b", precedence: 5 },
        { id: "c", precedence: 6 },
      ],
    });
  });

  it("takes false, an empty list and nothing for the same", async () => {
    const apps = of("ZeroTrustAccessApplication");
    const { state } = await apps.create(app);
    expect(await apps.plan(state, { ...app, skipInterstitial: false, tags: [], allowedIdps: [] })).toEqual(
      [],
    );
    expect(await apps.plan(state, { ...app, httpOnlyCookieAttribute: false })).toEqual([
      "update httpOnlyCookieAttribute",
    ]);
  });

  it("detaches the policies with a null when they are left out", async () => {
    const policies = of("ZeroTrustAccessPolicy");
    const rule = { accountId, name: "p", decision: "allow", includes: [{ everyone: {} }] };
    const policy = await policies.create(rule);
    const apps = of("ZeroTrustAccessApplication");
    const { state } = await apps.create({ ...app, policies: [{ id: policy.id }] });
    expect(await apps.plan(state, app)).toEqual(["update policies"]);
    await apps.update(state, app);
    expect(rig.sandbox.requests.at(-1)).toMatchObject({
      method: "PUT",
      status: 200,
      body: { policies: null },
    });
  });

  it("replaces for another account, zone or type only", async () => {
    const records = of("DnsRecord");
    const { state } = await records.create(record);
    expect(await records.plan(state, { ...record, type: "A", content: "192.0.2.1" })).toEqual([
      "update content",
      "replace type",
    ]);
    expect(await records.plan(state, { ...record, zoneId: UNKNOWN })).toEqual(["replace zoneId"]);
    expect(await records.plan(state, { ...record, ttl: 300, comment: "c" })).toEqual([
      "update comment",
      "update ttl",
    ]);
  });

  it("shows what somebody changed meanwhile", async () => {
    const records = of("DnsRecord");
    const { id, state } = await records.create(record);
    await records.update(state, { ...record, content: "y.cfargotunnel.com", comment: "theirs" });
    const found = await records.read(id, state, record);
    expect(found?.inputs).toEqual({ ...record, content: "y.cfargotunnel.com" });
    expect(await records.plan(found?.state ?? {}, record)).toEqual(["update comment", "update content"]);
  });
});

describe("objects that are gone, and imports", () => {
  it("says so on a read, and a delete is content", async () => {
    const records = of("DnsRecord");
    const { id, state } = await records.create(record);
    await records.delete(state);
    expect(await records.read(id, state, record)).toBeUndefined();
    await expect(records.delete(state)).resolves.toBeUndefined();
  });

  it("takes a tunnel that was deleted for gone", async () => {
    const tunnels = of("ZeroTrustTunnelCloudflared");
    const { id, state } = await tunnels.create({ accountId, name: "t", configSrc: "cloudflare" });
    await tunnels.delete(state);
    expect(await tunnels.read(id, state)).toBeUndefined();
  });

  it("sends nothing to delete a tunnel's configuration, and says so when it makes one", async () => {
    const tunnel = await of("ZeroTrustTunnelCloudflared").create({
      accountId,
      name: "t",
      configSrc: "cloudflare",
    });
    const configurations = of("ZeroTrustTunnelCloudflaredConfig");
    const config = { ingresses: [{ service: "http_status:404" }] };
    const { id, state } = await configurations.create({ accountId, tunnelId: tunnel.id, config });
    expect(id).toBe(tunnel.id);
    expect(configurations.warnings.join()).toContain("destroying this resource sends nothing");
    const from = rig.sandbox.requests.length;
    await configurations.delete(state);
    expect(rig.sandbox.requests).toHaveLength(from);
  });

  it("imports by the ids of the real provider", async () => {
    const made = await of("ZeroTrustAccessServiceToken").create(token);
    const found = await of("ZeroTrustAccessServiceToken").read(`accounts/${accountId}/${made.id}`);
    expect(found).toMatchObject({ id: made.id, inputs: { accountId, name: "comfyui-api" } });
    expect(found?.state["clientSecret"]).toBeUndefined();

    const dns = await of("DnsRecord").create(record);
    const imported = await of("DnsRecord").read(`${zoneId}/${dns.id}`);
    expect(await of("DnsRecord").plan(imported?.state ?? {}, record)).toEqual([]);

    const tunnelInputs = { accountId, name: "t", configSrc: "cloudflare" };
    const tunnel = await of("ZeroTrustTunnelCloudflared").create(tunnelInputs);
    const known = await of("ZeroTrustTunnelCloudflared").read(`${accountId}/${tunnel.id}`);
    expect(await of("ZeroTrustTunnelCloudflared").plan(known?.state ?? {}, tunnelInputs)).toEqual([]);

    await expect(of("DnsRecord").read(dns.id)).rejects.toThrow("give the id as {zoneId}/{id}");
  });
});

describe("look-ups", () => {
  const getZone = (args: PropertyMap) =>
    rig.provider.invoke?.({ token: "cloudflare:index/getZone:getZone", args }) ?? expect.unreachable();

  it("finds a zone by name or id", async () => {
    expect((await getZone({ filter: { name: "datacrew.space" } })).result).toMatchObject({
      zoneId,
      name: "datacrew.space",
    });
    expect((await getZone({ zoneId })).result).toMatchObject({ id: zoneId, status: "active" });
  });

  it("says that no zone fits", async () => {
    await expect(getZone({ filter: { name: "nowhere.test" } })).rejects.toThrow("no zone fits the filter");
  });
});
