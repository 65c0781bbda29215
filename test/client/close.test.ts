import { afterEach, beforeEach, expect, test } from "vitest";
import { ComfyUIClient } from "../../packages/client/typescript/index";
import { type Origin, startOrigin } from "../../packages/sandbox/origin";
import { workflow } from "../sandbox/origin/support";

let origin: Origin;
let client: ComfyUIClient;
beforeEach(async () => {
  origin = await startOrigin();
  client = new ComfyUIClient({ url: origin.url });
});
afterEach(async () => {
  await client.close();
  await origin.close();
});

const closed = { name: "ComfyUIError", kind: "aborted", code: "closed" };

test("closing ends every call that is under way, and says why", { timeout: 30_000 }, async () => {
  origin.faults.add({ pathRegex: "^/(system_stats|history/)", action: "hold", times: 100 });
  const streamed = await client.view({ filename: `bytes-${64 * 1024 ** 2}.bin` });
  // Read no further than its beginning, so that it is under way however fast the machine is.
  let close = () => {};
  const closing = new Promise<void>((resolve) => {
    close = resolve;
  });
  const download = async () => {
    for await (const _ of streamed.body) await closing;
  };
  const calls = [
    ...Array.from({ length: 20 }, () => client.systemStats()),
    client.history("one"),
    download(),
  ].map((call) => expect(call).rejects.toMatchObject(closed));
  await expect.poll(() => origin.requests.length).toBeGreaterThan(20);
  close();
  await client.close();
  // Nothing else ends them: the origin holds each until the test is over.
  await Promise.all(calls);
});

test("closing ends the runs that are under way; ComfyUI goes on with their prompts", {
  timeout: 30_000,
}, async () => {
  origin.control.hold();
  const runs = Array.from({ length: 20 }, () => client.run(workflow()));
  const results = runs.map((run) => expect(run.result()).rejects.toMatchObject(closed));
  await expect.poll(() => origin.control.sockets().open).toBe(20);
  await expect.poll(() => origin.requests.filter(({ path }) => path === "/prompt").length).toBe(20);
  await client.close();
  await Promise.all(results);
  await expect.poll(() => origin.control.sockets().open).toBe(0);
  const asked = origin.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(origin.requests).toHaveLength(asked);
});

test("nothing begins after closing", async () => {
  await client.close();
  await expect(client.systemStats()).rejects.toMatchObject(closed);
  await expect(client.run(workflow()).result()).rejects.toMatchObject(closed);
  expect(origin.requests).toEqual([]);
});
