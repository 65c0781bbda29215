import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../packages/sandbox/server/server";
import { ACCESS, ACCOUNT, answer } from "./client";

const running: Sandbox[] = [];
const folders: string[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function started(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  running.push(sandbox);
  return sandbox;
}

function call(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(sandbox.apiUrl + path, {
    method,
    headers: { authorization: `Bearer ${sandbox.tokens.admin}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function stateFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "sandbox-"));
  folders.push(folder);
  return join(folder, "nested", "state.json");
}

describe("startSandbox", () => {
  it("listens on the loopback interface and says where", async () => {
    const sandbox = await started();
    expect(sandbox.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect([sandbox.apiUrl, sandbox.gcpUrl]).toEqual([`${sandbox.url}/client/v4`, `${sandbox.url}/gcp`]);
    expect((await call(sandbox, "GET", "/zones")).status).toBe(200);
  });

  it("names the port that is in use, and what to do", async () => {
    const port = Number(new URL((await started()).url).port);
    await expect(startSandbox({ port })).rejects.toThrow(
      new RegExp(`port ${port} .* is in use[\\s\\S]*another port`),
    );
  });

  it("knows that a cloudflared does not outlive it", async () => {
    const file = stateFile();
    const first = await started({ stateFile: file });
    const made = await answer(await call(first, "POST", `${ACCOUNT}/cfd_tunnel`, { name: "kept" }));
    const { id } = made.result as { id: string };
    await fetch(`${first.url}/__sandbox__/tunnels/${id}/connectors`, { method: "POST" });
    const statusAt = async (sandbox: Sandbox) =>
      (await answer(await call(sandbox, "GET", `${ACCOUNT}/cfd_tunnel/${id}`))).result;
    expect(await statusAt(first)).toMatchObject({ status: "healthy" });
    expect(await statusAt(await started({ stateFile: file }))).not.toMatchObject({ status: "healthy" });
  });

  it("keeps its state in a file that only the owner can read, and resets it", async () => {
    const file = stateFile();
    const first = await started({ stateFile: file });
    await call(first, "POST", `${ACCOUNT}/cfd_tunnel`, { name: "kept" });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).not.toContain(first.tokens.admin);

    const second = await started({ stateFile: file });
    expect((await answer(await call(second, "GET", `${ACCOUNT}/cfd_tunnel`))).result).toMatchObject([
      { name: "kept" },
    ]);
    await fetch(`${second.url}/__sandbox__/reset`, { method: "POST" });
    expect((await answer(await call(second, "GET", `${ACCOUNT}/cfd_tunnel`))).result).toEqual([]);
    expect(JSON.parse(readFileSync(file, "utf8")).tunnels).toEqual([]);
  });

  it("removes what a sandbox left that was killed while it wrote, and nothing of one that runs", async () => {
    const file = stateFile().replace("/nested", "");
    const left = `${file}.${2 ** 22 + 1}-0123456789ab.tmp`;
    const inWriting = `${file}.${process.pid}-0123456789ab.tmp`;
    for (const path of [left, inWriting]) writeFileSync(path, "{", { mode: 0o600 });
    await started({ stateFile: file });
    expect([left, inWriting].map((path) => existsSync(path))).toEqual([false, true]);
  });

  it("refuses a state file that is none", async () => {
    const file = stateFile().replace("/nested", "");
    for (const text of ["{", "[]", '{"format": 0}']) {
      writeFileSync(file, text);
      await expect(startSandbox({ stateFile: file })).rejects.toThrow(/ file [\s\S]*→ Delete the folder/);
    }
  });

  it("has nothing deleted for a state file that cannot be read", async () => {
    const file = stateFile();
    mkdirSync(file, { recursive: true });
    const refusal = startSandbox({ stateFile: file }).catch(String);
    expect(await refusal).toMatch(
      /cannot read the sandbox state file .*\(EISDIR\)\n {2}→ Let this user read/,
    );
  });
});

describe("the request log", () => {
  it("has one entry per request, with the token's name and no secret", async () => {
    const seen: unknown[] = [];
    const sandbox = await started({ onRequest: (entry) => seen.push(entry) });
    const body = {
      name: "Google",
      type: "google",
      config: { client_id: "id", client_secret: "GOCSPX-very-secret" },
    };
    await call(sandbox, "POST", `${ACCESS}/identity_providers`, body);
    await call(sandbox, "GET", `${ACCESS}/identity_providers?page=1`);
    expect(sandbox.requests).toMatchObject([
      {
        method: "POST",
        path: `/client/v4${ACCESS}/identity_providers`,
        status: 201,
        token: "admin",
        body: { config: { client_secret: "(secret)" } },
      },
      { method: "GET", status: 200, query: { page: "1" } },
    ]);
    expect(seen).toEqual(sandbox.requests);
    expect(JSON.stringify(seen)).not.toContain("GOCSPX");
    const state = await (await fetch(`${sandbox.url}/__sandbox__/state`)).text();
    expect(state).not.toContain("GOCSPX");
  });

  it("is closed to web pages, as all controls are", async () => {
    const { url } = await started();
    const response = await fetch(`${url}/__sandbox__/requests`, { headers: { origin: "https://evil.test" } });
    expect(response.status).toBe(403);
  });
});

describe("planned faults", () => {
  const tunnels = `${ACCOUNT}/cfd_tunnel`;
  const names = async (sandbox: Sandbox) =>
    (await answer(await call(sandbox, "GET", tunnels))).result.map((tunnel: { name: string }) => tunnel.name);
  const plan = (sandbox: Sandbox, fault: unknown) =>
    fetch(`${sandbox.url}/__sandbox__/faults`, { method: "POST", body: JSON.stringify(fault) });

  it("answer a status at the nth request, once", async () => {
    const sandbox = await started();
    await plan(sandbox, {
      method: "POST",
      pathRegex: "/cfd_tunnel$",
      nth: 2,
      action: "status",
      status: 429,
      retryAfter: 1,
    });
    const statuses: number[] = [];
    for (const name of ["a", "b", "c"])
      statuses.push((await call(sandbox, "POST", tunnels, { name })).status);
    expect(statuses).toEqual([200, 429, 200]);
    expect(await names(sandbox)).toEqual(["a", "c"]);
    expect(sandbox.faults.list()).toEqual([]);
  });

  it("drop the connection before or after the work", async () => {
    const sandbox = await started();
    await plan(sandbox, { method: "POST", pathRegex: "/cfd_tunnel$", action: "drop-before" });
    await expect(call(sandbox, "POST", tunnels, { name: "before" })).rejects.toThrow();
    await plan(sandbox, { method: "POST", pathRegex: "/cfd_tunnel$", action: "drop-after" });
    await expect(call(sandbox, "POST", tunnels, { name: "after" })).rejects.toThrow();
    expect(await names(sandbox)).toEqual(["after"]);
    expect(sandbox.requests.map(({ status }) => status)).toEqual([0, 0, 200]);
  });

  it("answer half of the JSON, or late", async () => {
    const sandbox = await started();
    await plan(sandbox, { pathRegex: "/cfd_tunnel$", action: "malformed" });
    await expect((await call(sandbox, "GET", tunnels)).json()).rejects.toThrow();
    await plan(sandbox, { pathRegex: "/cfd_tunnel$", action: "delay", delayMs: 80 });
    const start = performance.now();
    expect((await call(sandbox, "GET", tunnels)).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(70);
  });

  it("are refused when they make no sense", async () => {
    const sandbox = await started();
    expect((await plan(sandbox, { pathRegex: "(", action: "status" })).status).toBe(400);
    expect((await plan(sandbox, { pathRegex: "x", action: "explode" })).status).toBe(400);
  });
});
