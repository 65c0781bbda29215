import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Origin, type OriginSettings, startOrigin } from "../../packages/sandbox/origin";
import { quickOptions } from "../client/case";
import { eventually, workflow } from "../sandbox/origin/support";
import { type PythonWorker, runPython, startPython } from "./python";

// What a call of run_case.py answers; tests know its shape and assert it.
type Json = ReturnType<typeof JSON.parse>;

let worker: PythonWorker;
let origin: Origin;
// A seed of its own for each run that must not come from ComfyUI's cache.
let seed = 1;

beforeAll(() => {
  worker = startPython("run_case.py");
});
afterAll(() => worker.close());
beforeEach(async () => {
  origin = await start();
});
afterEach(() => origin.close());

const start = (settings: Partial<OriginSettings> = {}) =>
  startOrigin({ settings: { msPerNode: 1, msPerStep: 1, ...settings } });

/** What a call of the client gives, or the error it ends with. */
async function ask(python: PythonWorker, name: string, args: Record<string, unknown>) {
  const env = { COMFYUI_URL: origin.url };
  const outcome = await python.ask<Json>({ env, options: quickOptions, call: name, args });
  return outcome.ok ? outcome.value : outcome.error;
}

const run = (prompt = workflow()) => ask(worker, "run", { workflow: prompt });
/** The id of the prompt that runs, once one does. */
const isRunning = () =>
  eventually(async () => {
    const queue: Json = await (await fetch(`${origin.url}/queue`)).json();
    return queue.queue_running[0]?.[1];
  });
const images = [
  {
    nodeId: "6",
    displayNodeId: "6",
    kind: "images",
    filename: "ComfyUI_00001_.png",
    subfolder: "",
    type: "output",
  },
];

describe("a run", () => {
  it("tells each event once, previews with their node, and the outputs at the end", async () => {
    const result = await run();
    expect(result).toMatchObject({ outputs: images, nodeErrors: {}, source: "history" });
    expect(result.events).toMatchObject({ execution_start: 1, executed: 1, result: 1 });
    expect(result.previews.length).toBeGreaterThan(0);
    expect(result.previews[0].nodeId).toBe("4");
  });

  it("of a workflow that is cached has its outputs all the same", async () => {
    await run();
    expect((await run()).outputs).toEqual(images);
  });

  it("goes through dropped sockets, muted events and a displaced socket", async () => {
    origin.control.hold();
    const result = run();
    await isRunning();
    origin.control.dropSockets({ abrupt: true });
    await eventually(() => origin.control.sockets().open === 1 || undefined);
    origin.control.muteEvents(true);
    origin.control.release();
    expect(await result).toMatchObject({ outputs: images, source: "history" });
  });

  it("ends when a node fails, when somebody interrupts it, and when ComfyUI starts anew", async () => {
    origin.control.failNode({ classType: "KSampler", message: "CUDA out of memory." });
    expect(await run()).toMatchObject({
      code: "execution_failed",
      message: expect.stringContaining("KSampler"),
    });
    for (const [end, code] of [
      [() => origin.control.interrupt(), "interrupted"],
      [() => origin.control.restart(), "prompt_gone"],
    ] as const) {
      origin.control.hold();
      const ended = run(workflow({ seed: ++seed }));
      await isRunning();
      end();
      origin.control.release();
      expect((await ended).code).toBe(code);
    }
  });

  it("names the node that validation refuses", async () => {
    const bad = workflow();
    (bad as Json)["1"].inputs.ckpt_name = "missing.safetensors";
    expect(await run(bad)).toMatchObject({
      kind: "comfyui",
      code: "prompt_outputs_failed_validation",
      message: expect.stringContaining("missing.safetensors"),
    });
  });

  it("is not posted twice when the answer to it is lost", async () => {
    origin.faults.add({ method: "POST", pathRegex: "^/prompt$", action: "drop-after", times: 1 });
    expect(await run()).toMatchObject({ outputs: images });
    expect(origin.requests.filter(({ path }) => path === "/prompt")).toHaveLength(1);
  });

  it("works with a server that gives ids of its own, and finds its prompt when the answer is lost", async () => {
    await origin.close();
    origin = await start({ version: "0.3.40" });
    origin.faults.add({ method: "POST", pathRegex: "^/prompt$", action: "drop-after", times: 1 });
    origin.control.hold();
    const result = run();
    const id = await isRunning();
    await new Promise((resolve) => setTimeout(resolve, 300));
    origin.control.release();
    expect(await result).toMatchObject({ promptId: id, outputs: images });
  });
});

it("interrupts the prompt that is named, and no other that runs", async () => {
  origin.control.hold();
  const result = run();
  const id = await isRunning();
  const other = startPython("run_case.py");
  const interrupt = (promptId: string) => ask(other, "interrupt", { promptId });
  expect(await interrupt("11111111-1111-4111-8111-111111111111")).toBe("not_running");
  expect(await interrupt(id)).toBe("interrupted");
  await other.close();
  origin.control.release();
  expect((await result).code).toBe("interrupted");
});

it("sends local addresses no more than a plain request: no credential, no cookie, not past a proxy", async () => {
  const lone = startPython("run_case.py", {
    HTTP_PROXY: "http://127.0.0.1:9",
    HTTPS_PROXY: "http://127.0.0.1:9",
  });
  const token = `${"0".repeat(32)}.access:${"5ec4e7".repeat(10)}`;
  const env = { COMFYUI_URL: origin.url, COMFYUI_ACCESS_TOKEN: token };
  const outcome = await lone.ask<Json>({
    env,
    options: quickOptions,
    call: "run",
    args: { workflow: workflow() },
  });
  await lone.close();
  expect(outcome.ok).toBe(true);
  const names = new Set(
    origin.requests.flatMap(({ headers }) => headers.map(([name]) => name.toLowerCase())),
  );
  expect([...names].sort()).toEqual([
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "sec-websocket-key",
    "sec-websocket-version",
    "upgrade",
    "user-agent",
  ]);
});

it("keeps a script in the style of ComfyUI's example, but for its import and its socket", async () => {
  const { stdout } = await runPython("example_script.py", {
    env: { COMFYUI_URL: origin.url },
    input: JSON.stringify(workflow()),
  });
  const [nodes, sizes] = JSON.parse(stdout);
  expect(nodes).toContain("4");
  expect(sizes["6"][0]).toBeGreaterThan(60);
});
