import { execFile } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withTypeScript } from "../../../packages/cli/sandboxed/workspace";
import { root } from "../../docs/markdown";
import { EngineRig } from "../../engine/support";

const HOST = "comfyui.datacrew.space";

let rig: EngineRig;
beforeAll(async () => {
  rig = await EngineRig.open({ rateLimit: false });
  await rig.config();
  const up = await rig.up();
  expect(up.code, up.stdout + up.stderr).toBe(0);
});
afterAll(() => rig?.close());

/** A command on the stack, as with a user's own login. */
function command(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { env } = rig.session.target("preview");
  const call = [...withTypeScript, "packages/cli/main.ts", ...args, "--stack", "dev", "--no-sandbox"];
  return new Promise((resolve) => {
    execFile(process.execPath, call, { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

const NOW = new Date().toISOString().slice(0, 10);

test("17: stack, backend and the time of the update are said first, and that only the state was read", async () => {
  const first = new RegExp(
    `^Judged: the state of stack dev \\(file://[^)?]*\\), as of ${NOW} [\\d:]{8} UTC; only the state was read, not the live account\\.\\n`,
  );
  expect((await command("guardrails")).stdout).toMatch(first);
  expect((await command("explain", HOST)).stdout).toMatch(first);
  const json = JSON.parse((await command("explain", HOST, "--json")).stdout);
  expect(json.judged).toMatchObject({
    read: "state",
    stack: "dev",
    asOf: { kind: "update", result: "succeeded", time: expect.stringMatching(NOW) },
  });
});
