import { describe, expect, it } from "vitest";
import { OTHER_ZONE_ID } from "../../packages/sandbox/account/seed";
import { type Json, RECORDS, testClient } from "./client";

const cname = (fields: Json = {}) => ({
  type: "CNAME",
  name: "comfyui.datacrew.space",
  content: "origin.example.net",
  proxied: true,
  ttl: 1,
  ...fields,
});

describe("a DNS record", () => {
  it("gets the vendor's defaults", async () => {
    const client = testClient();
    const { result } = await client.post(RECORDS, { type: "A", name: "www", content: "192.0.2.1" });
    expect(result.id).toMatch(/^[0-9a-f]{32}$/);
    expect(result).toMatchObject({
      name: "www.datacrew.space",
      zone_name: "datacrew.space",
      proxied: false,
      proxiable: true,
      ttl: 1,
      comment: null,
      tags: [],
      settings: {},
    });
  });

  it("is replaced by PUT and changed by PATCH", async () => {
    const client = testClient();
    const { result } = await client.post(RECORDS, cname({ comment: "ours" }));
    const patched = (await client.patch(`${RECORDS}/${result.id}`, { content: "other.example.net" })).result;
    expect(patched).toMatchObject({ content: "other.example.net", comment: "ours", proxied: true });
    const settings = { flatten_cname: false, ipv4_only: false, ipv6_only: false };
    const put = (await client.put(`${RECORDS}/${result.id}`, cname({ settings }))).result;
    expect(put).toMatchObject({ content: "origin.example.net", comment: null, settings });
  });

  it("is found by name, content, type and comment", async () => {
    const client = testClient();
    await client.post(RECORDS, cname({ comment: "comfyui-access demo" }));
    await client.post(RECORDS, { type: "TXT", name: "@", content: "hello" });
    const names = async (query: string) =>
      (await client.get(`${RECORDS}?${query}`)).result.map((record: Json) => record.name);
    for (const query of [
      "name=comfyui.datacrew.space",
      "name.exact=comfyui.datacrew.space&type=CNAME",
      "name.startswith=comfyui",
      "content.contains=example.net",
      "comment.contains=comfyui-access",
      "proxied=true",
      "search=origin",
      "type=CNAME&name=nowhere&match=any",
    ]) {
      expect([query, await names(query)]).toEqual([query, ["comfyui.datacrew.space"]]);
    }
    expect(await names("name.exact=comfyui.datacrew.space&type=A")).toEqual([]);
    expect(await names("order=name&direction=desc")).toEqual(["datacrew.space", "comfyui.datacrew.space"]);
    expect((await client.get(`/zones/${OTHER_ZONE_ID}/dns_records`)).result).toEqual([]);
  });

  it("is gone after DELETE", async () => {
    const client = testClient();
    const { result } = await client.post(RECORDS, cname());
    expect((await client.del(`${RECORDS}/${result.id}`)).result).toEqual({ id: result.id });
    const { status, code } = await client.get(`${RECORDS}/${result.id}`);
    expect([status, code]).toEqual([404, 81044]);
  });
});

describe("a DNS record is refused", () => {
  it("on a name that is taken", async () => {
    const client = testClient();
    await client.post(RECORDS, cname());
    expect(await refusal(client, cname({ content: "x.example.net" }))).toEqual([400, 81053]);
    expect(await refusal(client, { type: "A", name: "comfyui", content: "192.0.2.1" })).toEqual([400, 81054]);
    await client.post(RECORDS, { type: "A", name: "www", content: "192.0.2.1" });
    expect(await refusal(client, { type: "A", name: "www", content: "192.0.2.1" })).toEqual([400, 81058]);
    expect(await refusal(client, cname({ name: "www" }))).toEqual([400, 81053]);
    expect((await client.post(RECORDS, { type: "A", name: "www", content: "192.0.2.2" })).status).toBe(200);
  });

  it("over a tunnel's route only when the sandbox is told to be as strict as Cloudflare", async () => {
    const route = cname({ content: "f00dfeed-0000-4000-8000-000000000000.cfargotunnel.com" });
    const address = { type: "A", name: "comfyui.datacrew.space", content: "192.0.2.1", proxied: true };
    const lenient = testClient();
    await lenient.post(RECORDS, route);
    expect((await lenient.post(RECORDS, address)).status).toBe(200);
    const strict = testClient({ settings: { tunnelRouteReplacement: "refuse" } });
    await strict.post(RECORDS, route);
    expect(await refusal(strict, address)).toEqual([400, 81054]);
  });

  it("when it is no record", async () => {
    const client = testClient();
    for (const record of [
      { type: "A", name: "a", content: "300.1.1.1" },
      { type: "AAAA", name: "a", content: "192.0.2.1" },
      { type: "CNAME", name: "a", content: "http://example.net" },
      { type: "A", name: "a", content: "192.0.2.1", ttl: 30 },
      { type: "TXT", name: "a", content: "x", proxied: true },
      { type: "TXT", name: "a" },
      { type: "TXT", name: "a", content: "x", comment: "x".repeat(101) },
      { type: "BOGUS", name: "a", content: "x" },
    ]) {
      expect(await refusal(client, record)).toEqual([400, 1004]);
    }
  });

  it("or has its ttl made automatic when it is proxied, as the sandbox is set", async () => {
    const proxied = cname({ ttl: 300 });
    expect((await testClient().post(RECORDS, proxied)).result.ttl).toBe(1);
    expect(
      (await testClient({ settings: { proxiedTtl: "as-sent" } }).post(RECORDS, proxied)).result.ttl,
    ).toBe(300);
    expect(await refusal(testClient({ settings: { proxiedTtl: "refuse" } }), proxied)).toEqual([400, 1004]);
  });
});

async function refusal(client: ReturnType<typeof testClient>, record: Json) {
  const { status, code } = await client.post(RECORDS, record);
  return [status, code];
}
