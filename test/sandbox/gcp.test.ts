import { describe, expect, it } from "vitest";
import { createSandbox } from "../../packages/sandbox/server/app";
import type { Json } from "./client";

const PROJECT = "/gcp/v1/projects/datacrew-dev";
const SECRET = `${PROJECT}/secrets/comfyui-api`;
const data = Buffer.from("value").toString("base64");

function googleClient(enabled = true) {
  const { app, store } = createSandbox({ settings: { gcpServicesMustBeEnabled: !enabled } });
  const send = async (method: string, path: string, body?: unknown, token = "ya29.any") => {
    const response = await app.request(path, {
      method,
      headers: token === "" ? {} : { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Json };
  };
  return { app, send, store };
}

describe("Secret Manager", () => {
  const create = { replication: { automatic: {} }, labels: { stack: "dev" } };

  it("keeps versions, and answers the latest", async () => {
    const { send } = googleClient();
    const made = await send("POST", `${PROJECT}/secrets?secretId=comfyui-api`, create);
    expect(made.body).toMatchObject({ name: "projects/datacrew-dev/secrets/comfyui-api", ...create });
    for (const text of ["old", "new"]) {
      await send("POST", `${SECRET}:addVersion`, { payload: { data: Buffer.from(text).toString("base64") } });
    }
    const latest = await send("GET", `${SECRET}/versions/latest:access`);
    expect(latest.body.name).toBe("projects/datacrew-dev/secrets/comfyui-api/versions/2");
    expect(Buffer.from(latest.body.payload.data, "base64").toString()).toBe("new");
    await send("POST", `${SECRET}/versions/2:destroy`, {});
    expect((await send("GET", `${SECRET}/versions/2:access`)).body.error.status).toBe("FAILED_PRECONDITION");
    expect((await send("GET", `${SECRET}/versions/latest:access`)).body.name).toMatch(/versions\/1$/);
    expect((await send("DELETE", SECRET)).status).toBe(200);
    expect((await send("GET", SECRET)).body.error).toMatchObject({ code: 404, status: "NOT_FOUND" });
  });

  it("changes labels by update mask", async () => {
    const { send } = googleClient();
    await send("POST", `${PROJECT}/secrets?secretId=comfyui-api`, create);
    const { body } = await send("PATCH", `${SECRET}?updateMask=labels`, { labels: { stack: "prod" } });
    expect(body.labels).toEqual({ stack: "prod" });
  });

  it("guards its IAM policy with an etag", async () => {
    const { send } = googleClient();
    await send("POST", `${PROJECT}/secrets?secretId=comfyui-api`, create);
    const { etag } = (await send("GET", `${SECRET}:getIamPolicy`)).body;
    const bindings = [{ role: "roles/secretmanager.secretAccessor", members: ["user:ann@datacrew.space"] }];
    const set = await send("POST", `${SECRET}:setIamPolicy`, { policy: { etag, bindings } });
    expect(set.body.bindings).toEqual(bindings);
    const stale = await send("POST", `${SECRET}:setIamPolicy`, { policy: { etag, bindings: [] } });
    expect(stale.body.error).toMatchObject({ code: 409, status: "ABORTED" });
    expect((await send("GET", `${SECRET}:getIamPolicy`)).body.bindings).toEqual(bindings);
  });

  it("answers Google's errors", async () => {
    const { send } = googleClient();
    const status = async (...args: Parameters<typeof send>) => (await send(...args)).body.error.status;
    expect(await status("GET", SECRET, undefined, "")).toBe("UNAUTHENTICATED");
    expect(await status("POST", `${PROJECT}/secrets?secretId=a%20b`, create)).toBe("INVALID_ARGUMENT");
    expect(await status("POST", `${PROJECT}/secrets?secretId=a`, { ...create, colour: 1 })).toBe(
      "INVALID_ARGUMENT",
    );
    expect(await status("POST", `${PROJECT}/secrets?secretId=a`, "{")).toBe("INVALID_ARGUMENT");
    await send("POST", `${PROJECT}/secrets?secretId=a`, create);
    expect(await status("POST", `${PROJECT}/secrets?secretId=a`, create)).toBe("ALREADY_EXISTS");
    for (const data of ["not base64!", { length: { toString: null } }]) {
      expect(await status("POST", `${PROJECT}/secrets/a:addVersion`, { payload: { data } })).toBe(
        "INVALID_ARGUMENT",
      );
    }
    expect(await status("GET", "/gcp/v1/projects/p/topics")).toBe("NOT_FOUND");
  });

  it("is closed until the API is enabled in the project", async () => {
    const { send } = googleClient(false);
    const closed = await send("POST", `${PROJECT}/secrets?secretId=comfyui-api`, create);
    expect(closed.status).toBe(403);
    expect(closed.body.error.details[0].reason).toBe("SERVICE_DISABLED");
    const service = `${PROJECT}/services/secretmanager.googleapis.com`;
    expect((await send("GET", service)).body.state).toBe("DISABLED");
    expect((await send("POST", `${service}:enable`, {})).body).toMatchObject({ done: true });
    expect((await send("GET", service)).body.state).toBe("ENABLED");
    expect((await send("POST", `${PROJECT}/secrets?secretId=comfyui-api`, create)).status).toBe(200);
  });

  it("shows no payload in the masked state", async () => {
    const { app, send, store } = googleClient();
    await send("POST", `${PROJECT}/secrets?secretId=comfyui-api`, create);
    await send("POST", `${SECRET}:addVersion`, { payload: { data } });
    expect(JSON.stringify(store.snapshot())).toContain(data);
    const state = await (await app.request("/__sandbox__/state")).text();
    expect(state).not.toContain(data);
  });
});
