import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Commands } from "../../engine/command";
import { EngineRig } from "../../engine/support";

const ACCOUNT = "0123456789abcdef0123456789abcdef";
const TYPE = "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken";

let rig: EngineRig;
beforeAll(async () => {
  rig = await EngineRig.open({ keepState: true });
});
// Its session is closed by then: another process has the sandbox.
afterAll(() => rm(rig.dir, { recursive: true, force: true }));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("8: sandbox --reset forgets what the stack's state says of the account, and says so", async () => {
  const { id } = await rig.api("POST", `/accounts/${ACCOUNT}/access/service_tokens`, { name: "comfyui-api" });
  const args = ["import", TYPE, "comfyui-api", `accounts/${ACCOUNT}/${id}`, "--generate-code=false"];
  const imported = await rig.run([...args, "--protect=false", "--yes", "--skip-preview"]);
  expect(imported.code, imported.stdout).toBe(0);
  await rig.session.close();

  const commands = new Commands(rig.dir);
  const sandbox = commands.begin(["sandbox", "--reset", "--port", String(await freePort())]);
  try {
    await expect.poll(() => sandbox.text(), { timeout: 60_000 }).toContain("Stop with Ctrl-C.");
    expect(sandbox.text()).toMatch(/Forgotten: .*dev/);
    // A token that is gone with the account is made anew, where the old state would have taken it to be there.
    const preview = await commands.run(["preview", "--stack", "dev"]);
    expect(preview.code, preview.text).toBe(0);
    expect(preview.text).toMatch(/ZeroTrustAccessServiceToken.*comfyui-api.*create/);
  } finally {
    sandbox.kill("SIGINT");
    await once(sandbox, "close");
  }
});
