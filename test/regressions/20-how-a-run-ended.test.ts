import { afterAll, beforeAll, expect, test } from "vitest";
import { ComfyUIClient, type RunEvent } from "../../packages/client/typescript/index";
import { type Origin, startOrigin } from "../../packages/sandbox/origin";
import { workflow } from "../sandbox/origin/support";
import { sharedCases } from "./clients";

sharedCases(20);

let origin: Origin;
let client: ComfyUIClient;
beforeAll(async () => {
  origin = await startOrigin({ settings: { msPerNode: 1, msPerStep: 1, expands: ["PreviewImage"] } });
  client = new ComfyUIClient({ url: origin.url, following: { pollIntervalMs: 50 } });
});
afterAll(async () => {
  await client.close();
  await origin.close();
});

test("20: a blocked node and an expanded one, in events and result", async () => {
  origin.control.failNode({ classType: "SaveImage", message: "not now", blocked: true });
  const prompt = { ...workflow(), "7": { class_type: "PreviewImage", inputs: { images: ["5", 0] } } };
  const events: RunEvent[] = [];
  for await (const event of client.run(prompt)) events.push(event);
  const last = events.at(-1);
  if (last?.type !== "result") throw new Error("the last event is not the result");
  const blocked = { nodeId: "6", nodeType: "SaveImage", exceptionType: "ExecutionBlocked" };
  expect(last.result).toMatchObject({
    blocked: [{ ...blocked, message: "Execution Blocked: not now", traceback: [] }],
    missing: ["6"],
    outputs: [{ nodeId: "7.0.0.1", displayNodeId: "7" }],
  });
  expect(events).toContainEqual({ type: "execution_blocked", failure: expect.objectContaining(blocked) });
  expect(events).toContainEqual({ type: "executing", nodeId: "7.0.0.1", displayNodeId: "7" });
});

test("20: what upload() answers is what download() takes", async () => {
  const bytes = Buffer.from("abc");
  const { body } = await client.view(await client.upload({ bytes, filename: "abc.png" }));
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks)).toEqual(bytes);
});
