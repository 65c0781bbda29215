import { mkdtemp, rm } from "node:fs/promises";
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
