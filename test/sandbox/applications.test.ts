import { describe, expect, it } from "vitest";
import { DEFAULT_SEED, DEV_ACCOUNT_ID } from "../../packages/sandbox/account/seed";
import { ACCESS, type Json, madeObjects, testClient } from "./client";

const APPS = `${ACCESS}/apps`;
const HOST = "comfyui.datacrew.space";
const UNKNOWN = "00000000-0000-4000-8000-000000000000";
const app = (fields: Json = {}) => ({
  name: "ComfyUI",
  type: "self_hosted",
  destinations: [{ type: "public", uri: HOST }],
  ...fields,
});

describe("an application", () => {
  it("gets the vendor's defaults, an aud, and 201", async () => {
    const client = testClient();
    const { status, result } = await client.post(APPS, app());
    expect(status).toBe(201);
    expect(result.aud).toMatch(/^[0-9a-f]{64}$/);
    expect(result.uid).toBe(result.id);
    expect(result).toMatchObject({
      domain: HOST,
      destinations: [{ type: "public", uri: HOST }],
      policies: [],
      allowed_idps: [],
      tags: [],
      session_duration: "24h",
      app_launcher_visible: true,
      auto_redirect_to_identity: false,
      enable_binding_cookie: false,
      http_only_cookie_attribute: true,
      options_preflight_bypass: false,
    });
  });

  it("answers its policies in full, in the order of precedence", async () => {
    const client = testClient();
    const { people, machines } = await madeObjects(client);
    const policies = [
      { id: machines.id, precedence: 2 },
      { id: people.id, precedence: 1 },
    ];
    const { result } = await client.post(APPS, app({ policies }));
    expect(result.policies.map((policy: Json) => [policy.name, policy.precedence])).toEqual([
      ["people", 1],
      ["machines", 2],
    ]);
    expect(result.policies[0].include).toEqual(people.include);
    expect((await client.get(`${APPS}/${result.id}/policies`)).result).toEqual(result.policies);
  });

  it("keeps its aud over a PUT, which replaces everything else", async () => {
    const client = testClient();
    const { idp, people } = await madeObjects(client);
    const made = (
      await client.post(
        APPS,
        app({
          policies: [people.id],
          allowed_idps: [idp.id],
          auto_redirect_to_identity: true,
          session_duration: "12h",
        }),
      )
    ).result;
    const replaced = (await client.put(`${APPS}/${made.id}`, app())).result;
    expect(replaced).toMatchObject({
      id: made.id,
      aud: made.aud,
      policies: [],
      allowed_idps: [],
      session_duration: "24h",
    });
  });

  it("takes back what a GET returned", async () => {
    const client = testClient();
    const { idp, people, machines } = await madeObjects(client);
    const made = (
      await client.post(APPS, app({ policies: [people.id, machines.id], allowed_idps: [idp.id] }))
    ).result;
    const { updated_at: _, ...again } = (await client.put(`${APPS}/${made.id}`, made)).result;
    expect(made).toMatchObject(again);
  });

  it("has policies of its own, which can be made reusable", async () => {
    const client = testClient();
    const inline = { name: "own", decision: "deny", include: [{ everyone: {} }] };
    const made = (await client.post(APPS, app({ policies: [inline] }))).result;
    const [own] = made.policies;
    expect(own).toMatchObject({ name: "own", reusable: false, precedence: 1 });
    expect((await client.get(`${ACCESS}/policies/${own.id}`)).status).toBe(404);

    const reusable = await client.put(`${APPS}/${made.id}/policies/${own.id}/make_reusable`);
    expect(reusable.result).toMatchObject({ id: own.id, reusable: true, app_count: 1 });
    expect((await client.get(`${ACCESS}/policies/${own.id}`)).status).toBe(200);
  });

  it("is found by name, hostname and aud", async () => {
    const client = testClient();
    const { result } = await client.post(APPS, app());
    await client.post(APPS, app({ name: "Other", destinations: [{ uri: "other.datacrew.space" }] }));
    for (const query of ["name=ComfyUI", `domain=${HOST}`, `aud=${result.aud}`, "search=comfy"]) {
      expect((await client.get(`${APPS}?${query}`)).result.map((found: Json) => found.id)).toEqual([
        result.id,
      ]);
    }
  });

  it("is gone after DELETE, with the policies that were its own", async () => {
    const client = testClient();
    const inline = { name: "own", decision: "deny", include: [{ everyone: {} }] };
    const { result } = await client.post(APPS, app({ policies: [inline] }));
    const deleted = await client.del(`${APPS}/${result.id}`);
    expect([deleted.status, deleted.result]).toEqual([202, { id: result.id }]);
    expect((await client.get(`${APPS}/${result.id}`)).code).toBe(12135);
    expect(client.store.policies.all()).toEqual([]);
  });
});

describe("an application is refused", () => {
  it("with 12130 for what cannot be", async () => {
    const client = testClient();
    const { idp, people, machines } = await madeObjects(client);
    const refused: [fields: Json, says: string][] = [
      [{ destinations: [{ type: "public", uri: "comfyui.elsewhere.test" }] }, "active zone"],
      [{ destinations: [{ type: "public", uri: "notdatacrew.space" }] }, "active zone"],
      [{ domain: "other.datacrew.space" }, "not one of the destinations"],
      [{ destinations: [] }, "required"],
      [
        {
          policies: [
            { id: people.id, precedence: 1 },
            { id: machines.id, precedence: 1 },
          ],
        },
        "precedence 1 is used by more than one policy",
      ],
      [{ policies: [{ id: people.id, precedence: 0 }] }, "precedence must be 1 or more"],
      [{ policies: [{ id: UNKNOWN, precedence: 1 }] }, "unknown policy"],
      [{ policies: [{ id: people.id, include: [{ everyone: {} }] }] }, "mutually exclusive"],
      [{ allowed_idps: [UNKNOWN] }, "unknown identity provider"],
      [{ auto_redirect_to_identity: true }, "exactly one identity provider"],
      [{ session_duration: "731h" }, "longer than the maximum of 730h"],
      [{ session_duration: "1 day" }, "invalid session_duration"],
      [
        {
          options_preflight_bypass: true,
          cors_headers: { allow_all_methods: true, allow_all_origins: true },
        },
        "cors_headers",
      ],
      [{ cors_headers: { allow_all_methods: true } }, "exactly one of allow_all_origins"],
      [
        { cors_headers: { allow_all_methods: true, allow_all_origins: true, allow_credentials: true } },
        "allow_credentials",
      ],
    ];
    for (const [fields, says] of refused) {
      const { status, code, text } = await client.post(APPS, app(fields));
      expect([text, status, code]).toEqual([text, 400, 12130]);
      expect(text).toContain(says);
    }
    expect(client.store.applications.all()).toEqual([]);
    expect(
      (await client.post(APPS, app({ allowed_idps: [idp.id], auto_redirect_to_identity: true }))).status,
    ).toBe(201);
  });

  it("in a zone that is still pending", async () => {
    const zones = [
      { id: "ab".repeat(16), accountId: DEV_ACCOUNT_ID, name: "datacrew.space", status: "pending" as const },
    ];
    const client = testClient({ seed: { ...DEFAULT_SEED, zones } });
    expect((await client.post(APPS, app())).code).toBe(12130);
  });

  it("with 409, 11010 for a hostname that another one has", async () => {
    const client = testClient();
    const first = (await client.post(APPS, app())).result;
    const taken = await client.post(APPS, app({ name: "Second" }));
    expect([taken.status, taken.code]).toEqual([409, 11010]);
    expect(taken.text).toContain("destination belongs to another application");
    expect((await client.post(APPS, app({ destinations: [{ uri: `${HOST}/admin` }] }))).status).toBe(201);
    expect((await client.put(`${APPS}/${first.id}`, app())).status).toBe(200);
  });

  it("with a session that the account's own maximum excludes", async () => {
    const client = testClient({ settings: { maxSessionDuration: "24h" } });
    expect((await client.post(APPS, app({ session_duration: "25h" }))).code).toBe(12130);
    expect((await client.post(APPS, app({ session_duration: "24h" }))).status).toBe(201);
  });
});
