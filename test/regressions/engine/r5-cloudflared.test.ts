import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Commands } from "../../engine/command";

const TUNNELS = "/client/v4/accounts/0123456789abcdef0123456789abcdef/cfd_tunnel";
const FOR_LONG = { timeout: 120_000, interval: 200 };

let workspace: string;
let commands: Commands;

beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), "comfyui-access-"));
  commands = new Commands(workspace);
});

afterEach(() => {
  commands.end();
  rmSync(workspace, { recursive: true, force: true });
});

interface Tunnel {
  id: string;
  name: string;
  status: string;
}

/** The sandbox as a user starts it, and a user's own client of its API. */
async function started(...options: string[]) {
  const sandbox = commands.begin(["sandbox", "--port", String(await freePort()), ...options]);
  await expect.poll(() => sandbox.text(), FOR_LONG).toContain("Stop with Ctrl-C");
  const running = JSON.parse(readFileSync(join(workspace, "running.json"), "utf8")) as {
    url: string;
    tokens: { up: string };
  };
  const call = async (method: string, path = "", body?: object) => {
    const answer = await fetch(`${running.url}${TUNNELS}${path}`, {
      method,
      headers: { authorization: `Bearer ${running.tokens.up}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, result: ((await answer.json()) as { result: unknown }).result };
  };
  const statusOf = async (name: string) => {
    const { result } = await call("GET", "?is_deleted=false");
    return (result as Tunnel[]).find((tunnel) => tunnel.name === name)?.status;
  };
  return { sandbox, call, statusOf };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

test("R5: cloudflared runs for a stack that is up, and another program's tunnel can be removed", async () => {
  const { call, statusOf } = await started();
  const { id } = (await call("POST", "", { name: "theirs", config_src: "cloudflare" })).result as Tunnel;
  const up = await commands.run(["up"]);
  expect(up.code, up.text).toBe(0);
  await expect.poll(() => statusOf("comfyui-dev"), FOR_LONG).toBe("healthy");
  expect(await statusOf("theirs")).toBe("inactive");
  expect((await call("DELETE", `/${id}`)).status).toBe(200);
  const down = await commands.run(["destroy", "--", "--exclude-protected", "--skip-preview"]);
  expect(down.code, down.text).toBe(0);
  expect(await statusOf("comfyui-dev")).toBeUndefined();
});

test("R5: on demand it runs for every tunnel", async () => {
  const { call, statusOf } = await started("--cloudflared", "all");
  const { id } = (await call("POST", "", { name: "theirs", config_src: "cloudflare" })).result as Tunnel;
  await expect.poll(() => statusOf("theirs"), FOR_LONG).toBe("healthy");
  expect((await call("DELETE", `/${id}`)).status).toBe(400);
});
