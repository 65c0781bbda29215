import { describe, expect, it } from "vitest";
import { DEV_ACCOUNT_ID } from "../../packages/sandbox/account/seed";
import { ACCESS, ACCOUNT, RECORDS, testClient } from "./client";

describe("the vendor's envelope", () => {
  it("wraps a result, with page numbers on a list", async () => {
    const client = testClient();
    const { body, headers } = await client.get("/zones");
    expect(body).toMatchObject({ success: true, errors: [], messages: [] });
    expect(body.result_info).toEqual({ count: 2, page: 1, per_page: 20, total_count: 2, total_pages: 1 });
    expect(headers.get("cf-auditlog-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("pages a list and is empty beyond the end", async () => {
    const client = testClient();
    for (const name of ["a", "b", "c"]) {
      await client.post(RECORDS, { type: "TXT", name, content: "x" });
    }
    const second = await client.get(`${RECORDS}?page=2&per_page=2`);
    expect(second.result.map((record: { name: string }) => record.name)).toEqual(["c.datacrew.space"]);
    expect(second.body.result_info).toEqual({
      count: 1,
      page: 2,
      per_page: 2,
      total_count: 3,
      total_pages: 2,
    });
    expect((await client.get(`${RECORDS}?page=3&per_page=2`)).result).toEqual([]);
    expect((await client.get(`${RECORDS}?page=0`)).status).toBe(400);
  });

  it("answers an unknown route, and an id that cannot be one, in the vendor's words", async () => {
    const client = testClient();
    for (const path of ["/nonsense", "/accounts/not-an-id/access/apps", `${ACCOUNT}/access/certificates`]) {
      const { status, body } = await client.get(path);
      expect(status).toBe(404);
      expect(body).toMatchObject({ success: false, result: null });
      expect(body.errors[0]).toEqual({
        code: 7003,
        message: `Could not route to /client/v4${path}, perhaps your object identifier is invalid?`,
      });
    }
    expect(client.requests.map(({ status }) => status)).toEqual([404, 404, 404]);
  });

  it("refuses a misspelt filter instead of answering the whole list", async () => {
    const client = testClient();
    const { status, text } = await client.get("/zones?nmae=datacrew.space");
    expect(status).toBe(400);
    expect(text).toContain('"nmae"');
  });
});

describe("request bodies", () => {
  const valid: [method: string, path: string, body: Record<string, unknown>][] = [
    [
      "POST",
      `${ACCESS}/identity_providers`,
      { name: "n", type: "google", config: { client_id: "i", client_secret: "s" } },
    ],
    ["POST", `${ACCESS}/policies`, { name: "n", decision: "deny", include: [{ everyone: {} }] }],
    ["POST", `${ACCESS}/apps`, { name: "n", type: "self_hosted", domain: "a.datacrew.space" }],
    ["POST", `${ACCESS}/service_tokens`, { name: "n" }],
    ["PATCH", `${ACCESS}/organizations`, { name: "n" }],
    ["POST", `${ACCOUNT}/cfd_tunnel`, { name: "n" }],
    ["POST", RECORDS, { type: "A", name: "a", content: "192.0.2.1" }],
    [
      "POST",
      `${ACCOUNT}/alerting/v3/policies`,
      {
        name: "n",
        alert_type: "tunnel_health_event",
        enabled: true,
        mechanisms: { email: [{ id: "a@b.c" }] },
      },
    ],
  ];

  it.each(valid)(
    "%s %s is accepted, and refused with an unknown field by name",
    async (method, path, body) => {
      const client = testClient();
      const refused = await client.send(method, path, { ...body, colour: "red" });
      expect(refused.status).toBe(400);
      expect(refused.text).toContain('unknown field "colour"');
      expect((await client.send(method, path, body)).body.success).toBe(true);
    },
  );

  it.each(valid)(
    "%s %s is refused when the JSON is malformed, missing, or no text",
    async (method, path, body) => {
      const client = testClient();
      const malformed = await client.send(method, path, '{"name": ');
      expect([malformed.status, malformed.code]).toEqual([400, 6007]);
      expect((await client.send(method, path)).status).toBe(400);
      // Of a length that cannot be compared with any.
      const name = { length: { toString: null } };
      expect((await client.send(method, path, { ...body, name })).status).toBe(400);
    },
  );

  it("names a nested unknown field", async () => {
    const client = testClient();
    const { text } = await client.post(`${ACCESS}/identity_providers`, {
      name: "n",
      type: "google",
      config: { client_id: "i", client_secret: "s", apps_domain: "datacrew.space" },
    });
    expect(text).toContain('unknown field "config.apps_domain"');
  });
});

describe("accounts and zones", () => {
  it("lists and reads accounts", async () => {
    const client = testClient();
    expect((await client.get("/accounts")).result).toMatchObject([{ id: DEV_ACCOUNT_ID, name: "Sandbox" }]);
    expect((await client.get(ACCOUNT)).result).toMatchObject({ id: DEV_ACCOUNT_ID, type: "standard" });
  });

  it("filters zones, all conditions or any", async () => {
    const client = testClient();
    const names = async (query: string) =>
      (await client.get(`/zones?${query}`)).result.map((zone: { name: string }) => zone.name);
    expect(await names("name=datacrew.space")).toEqual(["datacrew.space"]);
    expect(await names(`account.id=${DEV_ACCOUNT_ID}&status=active`)).toEqual([
      "datacrew.space",
      "example.org",
    ]);
    expect(await names("name=datacrew.space&status=pending")).toEqual([]);
    expect(await names("name=datacrew.space&status=pending&match=any")).toEqual(["datacrew.space"]);
    expect(await names("name=elsewhere.test")).toEqual([]);
  });
});
