import { describe, expect, it } from "vitest";
import { acceptsSecret } from "../../packages/sandbox/api/service-tokens";
import { ACCESS, type Json, madeObjects, testClient } from "./client";

const UNKNOWN = "00000000-0000-4000-8000-000000000000";

describe("identity providers", () => {
  it("answer the team's callback and never the client secret", async () => {
    const client = testClient();
    const { idp } = await madeObjects(client);
    expect(idp).toMatchObject({ type: "google", name: "Google" });
    expect(idp.uid).toBe(idp.id);
    expect(idp.config).toEqual({
      client_id: "x.apps.googleusercontent.com",
      redirect_url: "https://datacrew.cloudflareaccess.com/cdn-cgi/access/callback",
    });
    expect((await client.get(`${ACCESS}/identity_providers/${idp.id}`)).result).toEqual(idp);
  });

  it("keep the secret when a PUT writes back what a GET returned", async () => {
    const client = testClient();
    const { idp } = await madeObjects(client);
    const { created_at: _, updated_at: __, ...read } = idp;
    const updated = await client.put(`${ACCESS}/identity_providers/${idp.id}`, {
      ...read,
      name: "G2",
      scim_config: {},
    });
    expect(updated.result).toMatchObject({ id: idp.id, name: "G2" });
    expect(updated.result).not.toHaveProperty("scim_config");
    expect(client.store.identityProviders.get(idp.id)?.config.client_secret).toBe("GOCSPX-example");
  });

  it("allow one one-time pin only", async () => {
    const client = testClient();
    const pin = { name: "PIN", type: "onetimepin", config: {} };
    expect((await client.post(`${ACCESS}/identity_providers`, pin)).body.success).toBe(true);
    const second = await client.post(`${ACCESS}/identity_providers`, pin);
    expect([second.status, second.code]).toEqual([409, 12132]);
  });

  it("are gone after DELETE", async () => {
    const client = testClient();
    const { idp } = await madeObjects(client);
    expect((await client.del(`${ACCESS}/identity_providers/${idp.id}`)).result).toEqual({ id: idp.id });
    const { status, code } = await client.get(`${ACCESS}/identity_providers/${idp.id}`);
    expect([status, code]).toEqual([404, 12135]);
  });
});

describe("policies", () => {
  it("get the vendor's defaults and count their applications", async () => {
    const client = testClient();
    const { people } = await madeObjects(client);
    expect(people).toMatchObject({
      exclude: [],
      session_duration: "24h",
      reusable: true,
      app_count: 0,
      uid: people.id,
    });
    await client.post(`${ACCESS}/apps`, app({ policies: [people.id] }));
    expect((await client.get(`${ACCESS}/policies/${people.id}`)).result.app_count).toBe(1);
  });

  it("are replaced whole by PUT", async () => {
    const client = testClient();
    const { people } = await madeObjects(client);
    const updated = await client.put(`${ACCESS}/policies/${people.id}`, {
      name: "people",
      decision: "allow",
      include: [{ email_domain: { domain: "datacrew.space" } }],
    });
    expect(updated.result.require).toEqual([]);
  });

  it("are refused with 12130 for rules that lead nowhere", async () => {
    const client = testClient();
    const { token } = await madeObjects(client);
    const refused: [rule: Json, says: string][] = [
      [{ service_token: { token_id: token.client_id } }, "token's UUID"],
      [{ service_token: { token_id: UNKNOWN } }, "unknown service token"],
      [{ login_method: { id: UNKNOWN } }, "unknown identity provider"],
      [{ gsuite: { email: "a@b.c", identity_provider_id: UNKNOWN } }, "unknown identity provider"],
      [{ emial: { email: "a@b.c" } }, "unknown rule type: emial"],
      [{ email: { email: "ann" } }, "e-mail address"],
      [{ email: { email: "a@b.c" }, everyone: {} }, "exactly one type"],
      [{ email: { email: "a@b.c", name: "Ann" } }, 'unknown field "email.name"'],
    ];
    for (const [rule, says] of refused) {
      const body = { name: "n", decision: "allow", include: [rule] };
      const { status, code, text } = await client.post(`${ACCESS}/policies`, body);
      expect([status, code]).toEqual([400, 12130]);
      expect(text).toContain("invalid 'include' configuration");
      expect(text).toContain(says);
    }
    expect(
      (await client.post(`${ACCESS}/policies`, { name: "n", decision: "allow", include: [] })).code,
    ).toBe(12130);
  });

  it("cannot be deleted while an application uses them", async () => {
    const client = testClient();
    const { people } = await madeObjects(client);
    const { result } = await client.post(`${ACCESS}/apps`, app({ policies: [people.id] }));
    const refused = await client.del(`${ACCESS}/policies/${people.id}`);
    expect([refused.status, refused.code]).toEqual([409, 12132]);
    expect(refused.text).toContain("policy is being used by at least one app");
    expect((await client.del(`${ACCESS}/apps/${result.id}`)).status).toBe(202);
    expect((await client.del(`${ACCESS}/policies/${people.id}`)).body.success).toBe(true);
  });
});

describe("service tokens", () => {
  it("show the secret once and live for their duration", async () => {
    const client = testClient();
    const { token } = await madeObjects(client);
    expect(token.client_id).toMatch(/^[0-9a-f]{32}\.access$/);
    expect(token.client_secret).toMatch(/^[0-9a-f]{64}$/);
    expect(Date.parse(token.expires_at) - Date.parse(token.created_at)).toBe(8760 * 3_600_000);
    const read = await client.get(`${ACCESS}/service_tokens/${token.id}`);
    expect(read.result).not.toHaveProperty("client_secret");
    expect(JSON.stringify(client.store.snapshot())).not.toContain(token.client_secret);
  });

  it("can have the secrets of the newer form", async () => {
    const client = testClient({ settings: { secretFormat: "cfast" } });
    const { token } = await madeObjects(client);
    expect(token.client_secret).toMatch(/^cfast_[A-Za-z0-9]{40}[0-9a-f]{8}$/);
  });

  it("rotate on a higher version, and keep the old secret until its time", async () => {
    const client = testClient();
    const { token } = await madeObjects(client);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const body = {
      name: token.name,
      duration: "8760h",
      client_secret_version: 2,
      previous_client_secret_expires_at: until,
    };
    const rotated = (await client.put(`${ACCESS}/service_tokens/${token.id}`, body)).result;
    expect(rotated.client_secret).not.toBe(token.client_secret);
    expect(rotated.client_id).toBe(token.client_id);
    expect(works(client, token.id, token.client_secret)).toBe(true);
    expect(works(client, token.id, rotated.client_secret)).toBe(true);

    const again = await client.put(`${ACCESS}/service_tokens/${token.id}`, body);
    expect(again.result).not.toHaveProperty("client_secret");

    client.store.advanceClock(3_700_000);
    expect(works(client, token.id, token.client_secret)).toBe(false);
    expect(works(client, token.id, rotated.client_secret)).toBe(true);
  });

  it("lose the old secret at once by rotate without a time, and keep it with one", async () => {
    const client = testClient();
    const { token } = await madeObjects(client);
    const path = `${ACCESS}/service_tokens/${token.id}`;
    const first = (await client.post(`${path}/rotate`)).result;
    expect(works(client, token.id, token.client_secret)).toBe(false);
    expect(works(client, token.id, first.client_secret)).toBe(true);

    const until = new Date(Date.now() + 60_000).toISOString();
    await client.post(`${path}/rotate`, { previous_client_secret_expires_at: until });
    expect(works(client, token.id, first.client_secret)).toBe(true);
  });

  it("stop while disabled, and when they expire; refresh gives a year more", async () => {
    const client = testClient();
    const { token } = await madeObjects(client);
    const path = `${ACCESS}/service_tokens/${token.id}`;
    await client.put(path, { enabled: false });
    expect(works(client, token.id, token.client_secret)).toBe(false);
    await client.put(path, { enabled: true });
    expect(works(client, token.id, token.client_secret)).toBe(true);

    const refreshed = (await client.post(`${path}/refresh`)).result;
    expect(Date.parse(refreshed.expires_at) - Date.parse(token.expires_at)).toBe(8760 * 3_600_000);
    client.store.advanceClock(2 * 8760 * 3_600_000 + 1000);
    expect(works(client, token.id, token.client_secret)).toBe(false);
  });

  it("refuse a duration that is none", async () => {
    const client = testClient();
    for (const duration of ["1y", "8760", "-1h", "", "2562048h", `${"9".repeat(400)}h`]) {
      const { status, code } = await client.post(`${ACCESS}/service_tokens`, { name: "n", duration });
      expect([duration, status, code]).toEqual([duration, 400, 12130]);
    }
    const forever = await client.post(`${ACCESS}/service_tokens`, { name: "n", duration: "forever" });
    expect(forever.result.expires_at).toBeNull();
  });

  it("cannot be deleted while a policy names them", async () => {
    const client = testClient();
    const { token, machines } = await madeObjects(client);
    const refused = await client.del(`${ACCESS}/service_tokens/${token.id}`);
    expect([refused.status, refused.code]).toEqual([400, 12139]);
    await client.del(`${ACCESS}/policies/${machines.id}`);
    expect((await client.del(`${ACCESS}/service_tokens/${token.id}`)).status).toBe(200);
    expect((await client.get(`${ACCESS}/service_tokens/${token.id}`)).status).toBe(404);
  });

  it("are listed by name", async () => {
    const client = testClient();
    await madeObjects(client);
    await client.post(`${ACCESS}/service_tokens`, { name: "other" });
    const { result } = await client.get(`${ACCESS}/service_tokens?name=other`);
    expect(result.map((token: Json) => token.name)).toEqual(["other"]);
  });
});

describe("the organization", () => {
  it("is read and merged", async () => {
    const client = testClient();
    const before = (await client.get(`${ACCESS}/organizations`)).result;
    expect(before).toMatchObject({
      auth_domain: "datacrew.cloudflareaccess.com",
      strict_service_token_auth: true,
    });
    const after = (await client.patch(`${ACCESS}/organizations`, { session_duration: "12h" })).result;
    expect(after).toMatchObject({
      session_duration: "12h",
      auth_domain: before.auth_domain,
      name: before.name,
    });
  });

  it("made since October 2026 cannot leave strict service-token authentication", async () => {
    const client = testClient();
    const { status, code } = await client.patch(`${ACCESS}/organizations`, {
      strict_service_token_auth: false,
    });
    expect([status, code]).toEqual([400, 12130]);
  });
});

const app = (fields: Json) => ({
  name: "ComfyUI",
  type: "self_hosted",
  destinations: [{ type: "public", uri: "comfyui.datacrew.space" }],
  ...fields,
});

function works(client: ReturnType<typeof testClient>, id: string, secret: string): boolean {
  const token = client.store.serviceTokens.get(id);
  return token !== undefined && acceptsSecret(token, secret, client.store.now());
}
