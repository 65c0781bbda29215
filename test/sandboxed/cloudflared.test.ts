import { afterEach, beforeEach, expect, test } from "vitest";
import { openAccess, type SandboxAccess } from "../../packages/cli/sandboxed/access";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server/server";

const ACCOUNT = "0123456789abcdef0123456789abcdef";

let sandbox: Sandbox;
let access: SandboxAccess;

beforeEach(async () => {
  sandbox = await startSandbox({ edge: true });
  access = await openAccess(sandbox);
});

afterEach(async () => {
  await access.close();
  await sandbox.close();
});

async function api(method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${sandbox.apiUrl}/accounts/${ACCOUNT}/cfd_tunnel${path}`, {
    method,
    headers: { authorization: `Bearer ${sandbox.tokens.up}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function run(running: boolean): Promise<unknown> {
  const answer = await fetch(`${sandbox.url}/__sandbox__/cloudflared`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ running }),
  });
  return answer.json();
}

async function made(): Promise<string> {
  const answer = await api("POST", "", { name: "comfyui", config_src: "cloudflare" });
  return ((await answer.json()) as { result: { id: string } }).result.id;
}

const connectors = (id: string) => sandbox.store.tunnels.get(id)?.connectors.length;

test("whoever deletes the tunnel of a sandbox that runs cloudflared stops it first", async () => {
  const id = await made();
  access.connectAll();
  expect((await api("DELETE", `/${id}`)).status).toBe(400);
  expect(await run(false)).toEqual({ ranBefore: true });
  expect(connectors(id)).toBe(0);
  expect((await api("DELETE", `/${id}`)).status).toBe(200);
  expect(await run(true)).toEqual({ ranBefore: false });
  const next = await made();
  await expect.poll(() => connectors(next)).toBe(1);
});

test("of two who stop it, the first one's start is not lost", async () => {
  const id = await made();
  access.connectAll();
  expect(await run(false)).toEqual({ ranBefore: true });
  expect(await run(false)).toEqual({ ranBefore: false });
  await run(true);
  expect(connectors(id)).toBe(1);
});

test("what did not run is not started", async () => {
  const id = await made();
  expect(await run(false)).toEqual({ ranBefore: false });
  await run(true);
  expect(connectors(id)).toBe(0);
});
