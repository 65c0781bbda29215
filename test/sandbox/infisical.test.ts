import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DEV_INFISICAL_IDENTITY, DEV_INFISICAL_PROJECT_ID } from "../../packages/sandbox/account/seed";
import { createSandbox } from "../../packages/sandbox/server/app";
import type { Json } from "./client";

const RAW = "/infisical/api/v3/secrets/raw";
const LOGIN = "/infisical/api/v1/auth/universal-auth/login";
const place = { workspaceId: DEV_INFISICAL_PROJECT_ID, environment: "dev" };

async function infisicalClient() {
  const { app, store } = createSandbox();
  const send = async (method: string, path: string, body?: unknown, token?: string) => {
    const response = await app.request(path, {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Json };
  };
  const { accessToken } = (await send("POST", LOGIN, DEV_INFISICAL_IDENTITY)).body;
  const as = (method: string, path: string, body?: unknown) => send(method, path, body, accessToken);
  const list = async (query: Record<string, string> = {}) =>
    (await as("GET", `${RAW}?${new URLSearchParams({ ...place, ...query })}`)).body.secrets;
  return { store, send, as, list, accessToken: accessToken as string };
}

it("keeps secrets by folder, counts their versions, and forgets deleted ones", async () => {
  const { as, list } = await infisicalClient();
  const made = await as("POST", `${RAW}/KEY`, { ...place, secretValue: " one \n" });
  expect(made.body.secret).toMatchObject({
    secretKey: "KEY",
    secretValue: "one\n",
    version: 1,
    type: "shared",
  });
  const changed = await as("PATCH", `${RAW}/KEY`, { ...place, secretValue: "two" });
  expect(changed.body.secret).toMatchObject({ secretValue: "two", version: 2 });
  expect(await list()).toHaveLength(1);
  expect(await list({ secretPath: "/comfyui/" })).toEqual([]);
  expect(await list({ viewSecretValue: "false" })).toMatchObject([
    { secretValue: "<hidden-by-infisical>", secretValueHidden: true },
  ]);
  const one = await as("GET", `${RAW}/KEY?${new URLSearchParams(place)}`);
  expect(one.body.secret.secretValue).toBe("two");
  expect((await as("DELETE", `${RAW}/KEY`, place)).status).toBe(200);
  expect(await list()).toEqual([]);
});

it("answers Infisical's errors", async () => {
  const { store, send, as, accessToken } = await infisicalClient();
  const errorOf = async (...args: Parameters<typeof send>) => {
    const { status, body } = await send(...args);
    expect(body).toMatchObject({ reqId: expect.stringMatching(/^req-\w{14}$/), statusCode: status });
    return [status, body.error];
  };
  const withToken = (method: string, path: string, body?: unknown) =>
    errorOf(method, path, body, accessToken);
  const query = new URLSearchParams(place);
  expect(await errorOf("POST", LOGIN, { clientId: "x", clientSecret: "y" })).toEqual([
    401,
    "UnauthorizedError",
  ]);
  expect(await errorOf("POST", LOGIN, { clientId: "x" })).toEqual([422, "ValidationFailure"]);
  expect(await errorOf("POST", LOGIN, "{")).toEqual([400, "BadRequest"]);
  expect(await errorOf("GET", `${RAW}?${query}`)).toEqual([401, "UnauthorizedError"]);
  expect(await errorOf("GET", `${RAW}?${query}`, undefined, "a.b.c")).toEqual([403, "TokenError"]);
  await as("POST", `${RAW}/KEY`, { ...place, secretValue: "x" });
  expect(await withToken("POST", `${RAW}/KEY`, { ...place, secretValue: "x" })).toEqual([400, "BadRequest"]);
  expect(await withToken("POST", `${RAW}/A%2FB`, { ...place, secretValue: "x" })).toEqual([
    422,
    "ValidationFailure",
  ]);
  expect(await withToken("PATCH", `${RAW}/NONE`, { ...place, secretValue: "x" })).toEqual([404, "NotFound"]);
  expect(await withToken("GET", "/infisical/api/v1/folders")).toEqual([404, "NotFound"]);
  store.advanceClock(31 * 24 * 60 * 60 * 1000);
  expect(await withToken("GET", `${RAW}?${query}`)).toEqual([403, "TokenError"]);
});

it("is there for a state file that is older than it", async () => {
  const dir = mkdtempSync(join(tmpdir(), "infisical-"));
  const stateFile = join(dir, "state.json");
  createSandbox({ stateFile }).store.save();
  const state = JSON.parse(readFileSync(stateFile, "utf8")) as Record<string, unknown>;
  expect(state.format).toBe(1);
  for (const name of Object.keys(state)) if (name.startsWith("infisical")) delete state[name];
  state.gcpServices = [{ id: "projects/p/services/kept", state: "ENABLED" }];
  writeFileSync(stateFile, JSON.stringify(state));
  const { store } = createSandbox({ stateFile });
  expect(store.infisicalProjects.all()).toHaveLength(1);
  expect(store.infisicalSecrets.all()).toEqual([]);
  expect(store.gcpServices.all()).toHaveLength(1);
  rmSync(dir, { recursive: true });
});
