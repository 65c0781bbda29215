import Cloudflare from "cloudflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEV_ACCOUNT_ID, DEV_ZONE_ID } from "../../packages/sandbox/seed";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server";

const account_id = DEV_ACCOUNT_ID;
const zone_id = DEV_ZONE_ID;
const HOST = "comfyui.datacrew.space";
const notFound = { status: 404 };

let sandbox: Sandbox;
let client: Cloudflare;

beforeAll(async () => {
  sandbox = await startSandbox();
  client = new Cloudflare({ apiToken: sandbox.tokens.admin, baseURL: sandbox.apiUrl, maxRetries: 0 });
});
afterAll(() => sandbox.close());

/** Everything a list yields over all its pages, asked for one by one. */
async function ids(list: AsyncIterable<{ id?: string | null }>): Promise<(string | null | undefined)[]> {
  const found = [];
  for await (const item of list) found.push(item.id);
  return found;
}

/** The id that the vendor's types leave optional and its answers always have. */
function idOf(made: { id?: string }): string {
  return made.id ?? expect.fail("the answer has no id");
}

describe("the official TypeScript package", () => {
  it("reads accounts, zones, the organization and its own token", async () => {
    expect(await ids(client.accounts.list())).toEqual([account_id]);
    expect((await client.accounts.get({ account_id })).name).toBe("Sandbox");
    expect(await ids(client.zones.list({ name: "datacrew.space", account: { id: account_id } }))).toEqual([
      zone_id,
    ]);
    expect((await client.zones.get({ zone_id })).status).toBe("active");
    expect((await client.user.tokens.verify()).status).toBe("active");
    const organization = await client.zeroTrust.organizations.list({ account_id });
    expect(organization.auth_domain).toBe("datacrew.cloudflareaccess.com");
    const updated = await client.zeroTrust.organizations.update({ account_id, session_duration: "12h" });
    expect(updated.session_duration).toBe("12h");
  });

  it("takes an identity provider through its life", async () => {
    const { identityProviders } = client.zeroTrust;
    const body = {
      account_id,
      type: "google" as const,
      config: { client_id: "id", client_secret: "secret" },
    };
    const id = idOf(await identityProviders.create({ ...body, name: "Google" }));
    expect((await identityProviders.get(id, { account_id })).name).toBe("Google");
    expect(await ids(identityProviders.list({ account_id, per_page: 1 }))).toEqual([id]);
    expect((await identityProviders.update(id, { ...body, name: "G2" })).name).toBe("G2");
    expect((await identityProviders.delete(id, { account_id })).id).toBe(id);
    await expect(identityProviders.get(id, { account_id })).rejects.toMatchObject(notFound);
  });

  it("takes a policy through its life", async () => {
    const { policies } = client.zeroTrust.access;
    const body = {
      account_id,
      decision: "allow" as const,
      include: [{ email: { email: "ann@datacrew.space" } }],
    };
    const id = idOf(await policies.create({ ...body, name: "people" }));
    expect((await policies.get(id, { account_id })).include).toEqual(body.include);
    expect(await ids(policies.list({ account_id }))).toEqual([id]);
    expect((await policies.update(id, { ...body, name: "staff" })).name).toBe("staff");
    expect((await policies.delete(id, { account_id })).id).toBe(id);
    await expect(policies.get(id, { account_id })).rejects.toMatchObject(notFound);
  });

  it("takes a service token through its life", async () => {
    const { serviceTokens } = client.zeroTrust.access;
    const made = await serviceTokens.create({ account_id, name: "comfyui-api" });
    const id = idOf(made);
    expect(made.client_secret).toMatch(/^[0-9a-f]{64}$/);
    expect((await serviceTokens.get(id, { account_id })).client_id).toBe(made.client_id);
    expect(await ids(serviceTokens.list({ account_id, name: "comfyui-api" }))).toEqual([id]);
    expect((await serviceTokens.update(id, { account_id, name: "renamed" })).name).toBe("renamed");
    expect((await serviceTokens.rotate(id, { account_id })).client_secret).not.toBe(made.client_secret);
    expect((await serviceTokens.refresh(id, { account_id })).expires_at).toBeDefined();
    expect((await serviceTokens.delete(id, { account_id })).id).toBe(id);
    await expect(serviceTokens.get(id, { account_id })).rejects.toMatchObject(notFound);
  });

  it("takes an application through its life", async () => {
    const { applications, policies } = client.zeroTrust.access;
    const policy = idOf(
      await policies.create({ account_id, name: "nobody", decision: "deny", include: [{ everyone: {} }] }),
    );
    const body = {
      account_id,
      type: "self_hosted" as const,
      domain: HOST,
      policies: [{ id: policy, precedence: 1 }],
    };
    const id = idOf(await applications.create({ ...body, name: "ComfyUI" }));
    expect(await applications.get(id, { account_id })).toMatchObject({
      domain: HOST,
      policies: [{ name: "nobody" }],
    });
    expect(await ids(applications.list({ account_id, domain: HOST }))).toEqual([id]);
    expect(await ids(applications.policies.list(id, { account_id }))).toEqual([policy]);
    expect(await applications.update(id, { ...body, name: "Renamed" })).toMatchObject({ name: "Renamed" });
    await expect(policies.delete(policy, { account_id })).rejects.toMatchObject({ status: 409 });
    expect((await applications.delete(id, { account_id }))?.id).toBe(id);
    await policies.delete(policy, { account_id });
    await expect(applications.get(id, { account_id })).rejects.toMatchObject(notFound);
  });

  it("takes a tunnel and its configuration through their lives", async () => {
    const { cloudflared } = client.zeroTrust.tunnels;
    const id = idOf(await cloudflared.create({ account_id, name: "comfyui", config_src: "cloudflare" }));
    expect((await cloudflared.get(id, { account_id })).status).toBe("inactive");
    expect(await ids(cloudflared.list({ account_id, is_deleted: false }))).toEqual([id]);
    expect((await cloudflared.edit(id, { account_id, name: "renamed" })).name).toBe("renamed");
    const token = await cloudflared.token.get(id, { account_id });
    expect(JSON.parse(Buffer.from(token, "base64").toString())).toMatchObject({ a: account_id, t: id });
    expect(await ids(cloudflared.connections.get(id, { account_id }))).toEqual([]);

    await expect(cloudflared.configurations.get(id, { account_id })).rejects.toMatchObject(notFound);
    const ingress = [
      { hostname: HOST, service: "http://localhost:8188" },
      { hostname: "", service: "http_status:404" },
    ];
    const put = await cloudflared.configurations.update(id, { account_id, config: { ingress } });
    expect(put).toMatchObject({ tunnel_id: id, version: 1 });
    expect((await cloudflared.configurations.get(id, { account_id })).config).toEqual({ ingress });

    await cloudflared.connections.delete(id, { account_id });
    expect((await cloudflared.delete(id, { account_id })).deleted_at).toBeTruthy();
    expect(await ids(cloudflared.list({ account_id, is_deleted: false }))).toEqual([]);
  });

  it("takes a DNS record through its life", async () => {
    const { records } = client.dns;
    const body = { zone_id, name: HOST, type: "CNAME" as const, ttl: 1 as const, proxied: true };
    const { id } = await records.create({ ...body, content: "one.cfargotunnel.com", comment: "ours" });
    expect((await records.get(id, { zone_id })).content).toBe("one.cfargotunnel.com");
    expect(await ids(records.list({ zone_id, name: { exact: HOST }, type: "CNAME" }))).toEqual([id]);
    expect(await ids(records.list({ zone_id, comment: { startswith: "theirs" } }))).toEqual([]);
    expect((await records.update(id, { ...body, content: "two.cfargotunnel.com" })).comment).toBeNull();
    expect((await records.edit(id, { ...body, comment: "again" })).content).toBe("two.cfargotunnel.com");
    expect((await records.delete(id, { zone_id })).id).toBe(id);
    await expect(records.get(id, { zone_id })).rejects.toMatchObject(notFound);
  });

  it("takes a notification policy through its life", async () => {
    const { policies } = client.alerting;
    const body = {
      account_id,
      alert_type: "expiring_service_token_alert" as const,
      enabled: true,
      mechanisms: { email: [{ id: "ann@datacrew.space" }] },
    };
    const id = idOf(await policies.create({ ...body, name: "expiry" }));
    expect((await policies.get(id, { account_id })).name).toBe("expiry");
    expect(await ids(policies.list({ account_id }))).toEqual([id]);
    expect((await policies.update(id, { ...body, name: "expiry", enabled: false })).id).toBe(id);
    expect((await policies.get(id, { account_id })).enabled).toBe(false);
    expect((await policies.delete(id, { account_id })).success).toBe(true);
    await expect(policies.get(id, { account_id })).rejects.toMatchObject(notFound);
  });

  it("reads the vendor's refusals as errors with status and code", async () => {
    const reader = new Cloudflare({
      apiToken: sandbox.tokens.preview,
      baseURL: sandbox.apiUrl,
      maxRetries: 0,
    });
    await expect(
      reader.zeroTrust.access.serviceTokens.create({ account_id, name: "n" }),
    ).rejects.toMatchObject({
      status: 403,
      errors: [{ code: 10000 }],
    });
  });
});
