import { afterAll, beforeAll, expect, test } from "vitest";
import { ComfyUIClient } from "../../packages/client/typescript/index";
import { type Origin, startOrigin } from "../../packages/sandbox/origin";
import { workflow } from "../sandbox/origin/support";
import { sharedCases } from "./clients";

sharedCases(19);

let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin({ settings: { msPerNode: 1, msPerStep: 1 } });
});
afterAll(() => origin.close());

test("19: a second run under the same id has its own file, without a socket", async () => {
  const client = new ComfyUIClient({ url: origin.url, following: { pollIntervalMs: 50 } });
  const promptId = "22222222-2222-4222-8222-222222222222";
  origin.faults.add({ pathRegex: "^/ws$", action: "status", status: 403, times: 2 });
  const file = async (seed: number) => {
    const { outputs } = await client.run(workflow({ seed }), { promptId }).result();
    return outputs.map(({ filename }) => filename);
  };
  const first = await file(1);
  origin.control.hold();
  const second = file(2);
  await expect
    .poll(() => origin.requests.filter(({ path }) => path.startsWith("/history/")).length)
    .toBeGreaterThan(3);
  origin.control.release();
  expect(first).toEqual(["ComfyUI_00001_.png"]);
  expect(await second).toEqual(["ComfyUI_00002_.png"]);
  await client.close();
});
