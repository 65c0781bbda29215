import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Commands } from "../../engine/command";

let commands: Commands;
beforeAll(async () => {
  commands = new Commands(await mkdtemp(join(tmpdir(), "comfyui-access-port-")));
});
afterAll(async () => {
  commands.end();
  await rm(commands.workspace, { recursive: true, force: true });
});

test("18: sandbox --port 0 takes a free port, as the advice on a port in use says", async () => {
  const sandbox = commands.begin(["sandbox", "--port", "0"]);
  const text = await new Promise<string>((resolve) => {
    const look = () => (/Stop with Ctrl-C/.test(sandbox.text()) ? resolve(sandbox.text()) : undefined);
    sandbox.stdout?.on("data", look);
    sandbox.once("close", () => resolve(sandbox.text()));
  });
  const [, url = ""] = /^See it in a browser: +(http:\/\/127\.0\.0\.1:[1-9]\d+)$/m.exec(text) ?? [];
  expect(url, text).not.toBe("");
  expect((await fetch(url)).status).toBe(200);
  sandbox.kill("SIGINT");
});

test("18: sandbox --reset on a port in use forgets nothing, and names the option for a free one", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const workspace = await mkdtemp(join(tmpdir(), "comfyui-access-port-"));
  const stack = join(workspace, "state", ".pulumi", "stacks", "comfyui-access", "dev.json");
  const account = join(workspace, "cloudflare.json");
  await mkdir(join(stack, ".."), { recursive: true });
  await writeFile(stack, "{}");
  await writeFile(account, "{}");
  try {
    const { code, text } = await new Commands(workspace).run(["sandbox", "--reset", "--port", String(port)]);
    expect(text).toMatch(new RegExp(`port ${port} on 127.0.0.1 is in use\\n.*--port 0 takes a free one`));
    expect(text).not.toContain("Forgotten");
    expect(code).toBe(1);
    expect(await readFile(stack, "utf8")).toBe("{}");
    expect(await readFile(account, "utf8")).toBe("{}");
  } finally {
    server.close();
    await rm(workspace, { recursive: true, force: true });
  }
});
