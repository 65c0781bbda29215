import { describe, expect, it } from "vitest";
import { DEV_ACCOUNT_ID } from "../../packages/sandbox/account/seed";
import { ACCOUNT, type Json, testClient } from "./client";

const TUNNELS = `${ACCOUNT}/cfd_tunnel`;
const SECRET = Buffer.alloc(32, 7).toString("base64");
const made = async (client: ReturnType<typeof testClient>, name = "comfyui"): Promise<Json> =>
  (await client.post(TUNNELS, { name, config_src: "cloudflare", tunnel_secret: SECRET })).result;

describe("a tunnel", () => {
  it("is inactive when new and never answers its secret", async () => {
    const client = testClient();
    const tunnel = await made(client);
    expect(tunnel).toMatchObject({
      account_tag: DEV_ACCOUNT_ID,
      name: "comfyui",
      status: "inactive",
      tun_type: "cfd_tunnel",
      config_src: "cloudflare",
      remote_config: true,
      conns_active_at: null,
      deleted_at: null,
    });
    expect(tunnel).not.toHaveProperty("tunnel_secret");
    expect(tunnel.created_at).toMatch(/\.\d{6}Z$/);
  });

  it("hands out the connector token", async () => {
    const client = testClient();
    const { id } = await made(client);
    const { result } = await client.get(`${TUNNELS}/${id}/token`);
    expect(JSON.parse(Buffer.from(result, "base64").toString())).toEqual({
      a: DEV_ACCOUNT_ID,
      t: id,
      s: SECRET,
    });
  });

  it("takes one name once, until it is deleted", async () => {
    const client = testClient();
    const { id } = await made(client);
    const taken = await client.post(TUNNELS, { name: "comfyui" });
    expect([taken.status, taken.code]).toEqual([409, 1013]);
    await client.del(`${TUNNELS}/${id}`);
    expect((await client.post(TUNNELS, { name: "comfyui" })).status).toBe(200);
  });

  it("is renamed by PATCH, but not to a name that another has", async () => {
    const client = testClient();
    const { id } = await made(client);
    await made(client, "other");
    expect((await client.patch(`${TUNNELS}/${id}`, { name: "comfyui2" })).result.name).toBe("comfyui2");
    expect((await client.patch(`${TUNNELS}/${id}`, { name: "other" })).code).toBe(1013);
  });

  it("refuses a secret under 32 bytes", async () => {
    const client = testClient();
    for (const tunnel_secret of [Buffer.alloc(31).toString("base64"), "not base64!"]) {
      const { status, text } = await client.post(TUNNELS, { name: "n", tunnel_secret });
      expect(status).toBe(400);
      expect(text).toContain("32 bytes");
    }
  });

  it("stays in the list after DELETE, marked, unless deleted ones are left out", async () => {
    const client = testClient();
    const { id } = await made(client);
    await client.del(`${TUNNELS}/${id}`);
    expect((await client.get(TUNNELS)).result).toMatchObject([{ id, deleted_at: expect.any(String) }]);
    expect((await client.get(`${TUNNELS}?is_deleted=false`)).result).toEqual([]);
    expect((await client.get(`${TUNNELS}/${id}`)).result.deleted_at).not.toBeNull();
    expect((await client.del(`${TUNNELS}/${id}`)).status).toBe(404);
    client.store.settings.deletedTunnelRead = "not-found";
    expect((await client.get(`${TUNNELS}/${id}`)).status).toBe(404);
  });

  it("cannot be deleted while cloudflared is connected", async () => {
    const client = testClient();
    const { id } = await made(client);
    await client.app.request(`/__sandbox__/tunnels/${id}/connectors`, { method: "POST" });
    expect((await client.get(`${TUNNELS}/${id}`)).result.status).toBe("healthy");
    // Announced to go in October 2026.
    expect((await client.get(`${TUNNELS}/${id}`)).result).not.toHaveProperty("connections");
    client.store.settings.tunnelConnections = "shown";
    expect((await client.get(`${TUNNELS}/${id}`)).result.connections).toHaveLength(4);
    const [connector] = (await client.get(`${TUNNELS}/${id}/connections`)).result;
    expect(connector.conns).toHaveLength(4);
    const refused = await client.del(`${TUNNELS}/${id}`);
    expect([refused.status, refused.code]).toEqual([400, 1022]);

    await client.del(`${TUNNELS}/${id}/connections?client_id=${connector.id}`);
    expect((await client.get(`${TUNNELS}/${id}`)).result.status).toBe("down");
    expect((await client.del(`${TUNNELS}/${id}`)).status).toBe(200);
  });
});

describe("a tunnel's configuration", () => {
  const rule = (fields: Json = {}) => ({
    hostname: "a.datacrew.space",
    service: "http://localhost:8188",
    ...fields,
  });
  const catchAll = { service: "http_status:404" };

  it("is missing until it is put, and each PUT is a new version", async () => {
    const client = testClient();
    const path = `${TUNNELS}/${(await made(client)).id}/configurations`;
    const missing = await client.get(path);
    expect([missing.status, missing.code]).toEqual([404, 1055]);
    const body = { config: { ingress: [rule(), catchAll] } };
    expect((await client.put(path, body)).result.version).toBe(1);
    const second = (await client.put(path, body)).result;
    expect(second).toMatchObject({ version: 2, source: "cloudflare", config: body.config });
    expect((await client.get(path)).result).toEqual(second);
  });

  it("keeps what the sandbox does not know inside rules and origin settings", async () => {
    const client = testClient();
    const path = `${TUNNELS}/${(await made(client)).id}/configurations`;
    const config = {
      ingress: [
        rule({ novel: { deep: [1] }, originRequest: { futureFlag: true, connectTimeout: 30 } }),
        catchAll,
      ],
      originRequest: { unheardOf: "x" },
      "warp-routing": { enabled: false },
    };
    await client.put(path, { config });
    expect((await client.get(path)).result.config).toEqual(config);
    const unknown = await client.put(path, { config: { ...config, ingres: [] } });
    expect(unknown.status).toBe(400);
    expect(unknown.text).toContain('unknown field "config.ingres"');
  });

  it("is refused where cloudflared would refuse it, and the old one stays", async () => {
    const client = testClient();
    const path = `${TUNNELS}/${(await made(client)).id}/configurations`;
    await client.put(path, { config: { ingress: [catchAll] } });
    const refused: [ingress: Json[], says: string][] = [
      [[rule()], "last ingress rule must match all URLs"],
      [[catchAll, catchAll], "matching all URLs"],
      [[rule({ hostname: "*" }), catchAll], "matching all URLs"],
      [[rule({ hostname: "a.datacrew.space:8188" }), catchAll], "port"],
      [[rule({ hostname: "a.*.space" }), catchAll], "wildcard"],
      [[rule({ service: "http://localhost:8188/path" }), catchAll], "path"],
      [[rule({ service: "localhost" }), catchAll], "service"],
      [[rule({ service: undefined }), catchAll], "service is required"],
      [[rule({ service: "http_status:999" }), catchAll], "no such HTTP status"],
      [[rule({ path: "(" }), catchAll], "regular expression"],
      [[rule({ originRequest: { access: { required: true, audTag: ["x"] } } }), catchAll], "teamName"],
    ];
    for (const [ingress, says] of refused) {
      const { status, code, text } = await client.put(path, { config: { ingress } });
      expect([text, status, code]).toEqual([text, 400, 1056]);
      expect(text).toContain(says);
    }
    expect((await client.get(path)).result).toMatchObject({ version: 1, config: { ingress: [catchAll] } });
  });
});
