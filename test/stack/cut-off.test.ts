import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PulumiTarget } from "../../packages/cli/engine/pulumi";
import { isCutOff } from "../../packages/cli/recover/recover";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "comfyui-access-cut-off-"));
  await mkdir(join(dir, ".pulumi/stacks/comfyui-access"), { recursive: true });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function isSo(state: string): Promise<boolean> {
  await writeFile(join(dir, ".pulumi/stacks/comfyui-access/dev.json"), state);
  const target = { env: { PULUMI_BACKEND_URL: `file://${dir}` }, cwd: dir } as unknown as PulumiTarget;
  return isCutOff(target, "comfyui-access", "dev");
}
const state = (latest: object) =>
  JSON.stringify({ version: 3, checkpoint: { stack: "dev", latest } }, null, 4);

test("a stack is cut off when its state has operations that did not end, not when a text in it says so", async () => {
  expect(await isSo(state({ resources: [] }))).toBe(false);
  expect(await isSo(state({ pending_operations: [] }))).toBe(false);
  expect(await isSo(state({ pending_operations: [{ type: "creating" }] }))).toBe(true);
  const quoted = { outputs: { pending_operations: [{ type: "creating" }] } };
  expect(await isSo(state({ resources: [quoted] }))).toBe(false);
  expect(await isSo('{"checkpoint": ')).toBe(false);
});
