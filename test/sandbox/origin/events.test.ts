import { describe, expect, it } from "vitest";
import { eventually, finished, get, listen, submit, testOrigin, workflow } from "./support";

const ended = ({ type, data }: { type: string; data: { node?: unknown } }) =>
  type === "executing" && data.node === null;

describe("the events of a prompt", () => {
  it("come in ComfyUI's order and end with an executing whose node is null", async () => {
    const origin = await testOrigin();
    const listener = await listen(origin, "me");
    const id = await submit(origin, { prompt: workflow(), client_id: "me" });
    await listener.until(ended);
    expect(listener.story(id)).toEqual([
      "execution_start",
      "execution_cached",
      "executing:1",
      "executing:2",
      "executing:3",
      "executing:4",
      "progress",
      "progress",
      "executing:5",
      "executing:6",
      "executed",
      "execution_success",
      "executing:null",
    ]);
  });

  it("tell of the empty queue between the success and the end", async () => {
    const origin = await testOrigin();
    const listener = await listen(origin, "me");
    await submit(origin, { prompt: workflow(), client_id: "me" });
    await listener.until(ended);
    const last = listener.events.slice(-3).map(({ type }) => type);
    expect(last).toEqual(["execution_success", "status", "executing"]);
    expect(listener.events.at(-2)?.data.status.exec_info.queue_remaining).toBe(0);
  });

  it("tell of the success before history has the prompt", async () => {
    const origin = await testOrigin({ historyDelayMs: 200 });
    const listener = await listen(origin, "me");
    const id = await submit(origin, { prompt: workflow(), client_id: "me" });
    await listener.until(({ type }) => type === "execution_success");
    expect((await get(origin, `/history/${id}`)).body).toEqual({});
    await listener.until(ended);
    expect((await get(origin, `/history/${id}`)).body[id].status.completed).toBe(true);
  });

  it("for a prompt that is cached name every node, run none, and give the outputs again", async () => {
    const origin = await testOrigin();
    const first = await submit(origin, { prompt: workflow() });
    const { outputs } = await finished(origin, first);
    const listener = await listen(origin, "me");
    const id = await submit(origin, { prompt: workflow(), client_id: "me" });
    await listener.until(ended);
    expect(listener.story(id)).toEqual([
      "execution_start",
      "execution_cached",
      "executed",
      "execution_success",
      "executing:null",
    ]);
    expect(listener.events.find(({ type }) => type === "execution_cached")?.data.nodes).toHaveLength(6);
    expect((await finished(origin, id)).outputs).toEqual(outputs);
  });

  it("run only what has changed", async () => {
    const origin = await testOrigin();
    await finished(origin, await submit(origin, { prompt: workflow({ seed: 1 }) }));
    const listener = await listen(origin, "me");
    const id = await submit(origin, { prompt: workflow({ seed: 2 }), client_id: "me" });
    await listener.until(ended);
    expect(listener.story(id).filter((entry) => entry.startsWith("executing:"))).toEqual([
      "executing:4",
      "executing:5",
      "executing:6",
      "executing:null",
    ]);
  });

  it("of a failure name the node and still end with null; history says error", async () => {
    const origin = await testOrigin();
    origin.control.failNode({ classType: "VAEDecode", message: "out of memory" });
    const listener = await listen(origin, "me");
    const id = await submit(origin, { prompt: workflow(), client_id: "me" });
    await listener.until(ended);
    expect(listener.story(id).slice(-3)).toEqual(["executing:5", "execution_error", "executing:null"]);
    const error = listener.events.find(({ type }) => type === "execution_error")?.data;
    expect(error).toMatchObject({ node_id: "5", node_type: "VAEDecode", exception_type: "RuntimeError" });
    expect(error.exception_message).toContain("out of memory");
    const { status, outputs } = await finished(origin, id);
    expect([status.status_str, status.completed, outputs]).toEqual(["error", false, {}]);
  });

  it("of a blocked execution do not end the prompt, and history does not list the error", async () => {
    const origin = await testOrigin();
    origin.control.failNode({ classType: "VAEDecode", message: "not now", blocked: true });
    const listener = await listen(origin, "me");
    const id = await submit(origin, { prompt: workflow(), client_id: "me" });
    await listener.until(ended);
    expect(listener.story(id)).toContain("execution_error");
    expect(listener.story(id)).toContain("execution_success");
    const error = listener.events.find(({ type }) => type === "execution_error")?.data;
    expect(error).toMatchObject({
      node_id: "5",
      exception_type: "ExecutionBlocked",
      exception_message: "Execution Blocked: not now",
      traceback: [],
    });
    const { status, outputs } = await finished(origin, id);
    expect(status.status_str).toBe("success");
    // What hangs on the blocked node was not made, and nobody is told.
    expect(outputs).toEqual({});
    expect(listener.story(id)).not.toContain("executed");
    expect(status.messages.map(([type]: [string]) => type)).not.toContain("execution_error");
  });

  it("of a node that is expanded name the one that it became, and the one on the canvas", async () => {
    const origin = await testOrigin({ expands: ["SaveImage"] });
    const listener = await listen(origin, "me");
    const id = await submit(origin, { prompt: workflow(), client_id: "me" });
    await listener.until(ended);
    const executed = listener.events.find(
      ({ type, data }) => type === "executed" && data.output !== null,
    )?.data;
    expect(executed).toMatchObject({ node: "6.0.0.1", display_node: "6" });
    const { outputs, meta } = await finished(origin, id);
    expect(Object.keys(outputs)).toEqual(["6.0.0.1"]);
    expect(meta["6.0.0.1"]).toMatchObject({ display_node: "6", parent_node: "6" });
  });

  it("of an interruption say so, and end with null", async () => {
    const origin = await testOrigin({ msPerStep: 1000 });
    const listener = await listen(origin, "me");
    const id = await submit(origin, { prompt: workflow(), client_id: "me" });
    await listener.until(({ type, data }) => type === "executing" && data.node === "4");
    origin.control.interrupt();
    await listener.until(ended);
    expect(listener.story(id).slice(-2)).toEqual(["execution_interrupted", "executing:null"]);
    expect((await finished(origin, id)).status.status_str).toBe("error");
  });

  it("of a prompt deleted while it waits are only the queue's length, and history never has it", async () => {
    const origin = await testOrigin();
    origin.control.pause();
    const listener = await listen(origin, "me");
    const id = await submit(origin, { prompt: workflow(), client_id: "me" });
    await fetch(`${origin.url}/queue`, { method: "POST", body: JSON.stringify({ delete: [id] }) });
    origin.control.resume();
    const next = await submit(origin, { prompt: workflow(), client_id: "me" });
    await finished(origin, next);
    expect(listener.story(id)).toEqual([]);
    expect((await get(origin, `/history/${id}`)).body).toEqual({});
  });
});

describe("the addressing of events", () => {
  it("keeps them from other clients, who only see the queue's length", async () => {
    const origin = await testOrigin();
    const [mine, other] = [await listen(origin, "me"), await listen(origin, "other")];
    await submit(origin, { prompt: workflow(), client_id: "me" });
    await mine.until(ended);
    expect(new Set(other.events.map(({ type }) => type))).toEqual(new Set(["status"]));
    expect(other.frames).toEqual([]);
  });

  it("without a client_id sends progress and previews to everybody, and no execution events", async () => {
    const origin = await testOrigin();
    const [one, two] = [await listen(origin, "one"), await listen(origin, "two")];
    await finished(origin, await submit(origin, { prompt: workflow() }));
    for (const listener of [one, two]) {
      const types = new Set(listener.events.map(({ type }) => type));
      expect(types).toEqual(new Set(["status", "progress_state", "progress"]));
      expect(listener.frames).toHaveLength(2);
    }
  });

  it("without a client_id tells everybody of an interruption", async () => {
    const origin = await testOrigin({ msPerStep: 1000 });
    const listener = await listen(origin, "one");
    await submit(origin, { prompt: workflow() });
    await listener.until(({ type }) => type === "progress_state");
    origin.control.interrupt();
    await listener.until(({ type }) => type === "execution_interrupted");
  });

  it("tells a client that comes back which node runs, without the prompt's id", async () => {
    const origin = await testOrigin();
    origin.control.hold();
    const first = await listen(origin, "me");
    await submit(origin, { prompt: workflow(), client_id: "me" });
    await first.until(({ type }) => type === "executing");
    first.socket.close();
    await eventually(() => origin.control.sockets().open === 0);
    const second = await listen(origin, "me");
    expect(await second.until(({ type }) => type === "executing")).toEqual({ node: "1" });
    origin.control.release();
    await second.until(ended);
  });
});

describe("previews", () => {
  it("are of type 1 and name nobody, for clients without the feature flag", async () => {
    const origin = await testOrigin();
    const listener = await listen(origin, "me");
    await submit(origin, { prompt: workflow(), client_id: "me" });
    await listener.until(ended);
    expect(listener.frames.map((frame) => [frame.readUInt32BE(0), frame.readUInt32BE(4)])).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(listener.frames[0]?.subarray(8, 10)).toEqual(Buffer.from([0xff, 0xd8]));
  });

  it("are of type 4 and name the node and the prompt, for clients that declared the flag", async () => {
    const origin = await testOrigin();
    const listener = await listen(origin, "me", { flags: { supports_preview_metadata: true } });
    const id = await submit(origin, { prompt: workflow(), client_id: "me" });
    await listener.until(ended);
    expect(listener.frames.map((frame) => frame.readUInt32BE(0))).toEqual([4, 4]);
    const [frame] = listener.frames;
    const length = frame?.readUInt32BE(4) ?? 0;
    const metadata = JSON.parse(frame?.subarray(8, 8 + length).toString() ?? "");
    expect(metadata).toMatchObject({ node_id: "4", prompt_id: id, image_type: "image/jpeg" });
  });

  it("only follow flags that are sent first", async () => {
    const origin = await testOrigin();
    const listener = await listen(origin, "me");
    listener.socket.send(JSON.stringify({ type: "hello" }));
    listener.socket.send(
      JSON.stringify({ type: "feature_flags", data: { supports_preview_metadata: true } }),
    );
    await submit(origin, { prompt: workflow(), client_id: "me" });
    await listener.until(ended);
    expect(listener.frames.map((frame) => frame.readUInt32BE(0))).toEqual([1, 1]);
  });

  it("carry the results of SaveImageWebsocket as PNG", async () => {
    const origin = await testOrigin({ previews: false });
    const listener = await listen(origin, "me");
    const prompt = workflow();
    prompt["6"] = { class_type: "SaveImageWebsocket", inputs: { images: ["5", 0] } };
    const id = await submit(origin, { prompt, client_id: "me" });
    expect((await finished(origin, id)).outputs).toEqual({});
    expect(listener.frames).toHaveLength(1);
    expect(listener.frames[0]?.readUInt32BE(4)).toBe(2);
    expect(listener.frames[0]?.subarray(9, 12).toString()).toBe("PNG");
  });

  it("of type 3 carry text with the node's id", async () => {
    const origin = await testOrigin();
    const listener = await listen(origin, "me");
    origin.control.sendProgressText("12", "half way", "me");
    const [frame] = await eventually(() => (listener.frames.length > 0 ? listener.frames : undefined));
    expect(frame?.readUInt32BE(0)).toBe(3);
    expect(frame?.readUInt32BE(4)).toBe(2);
    expect(frame?.subarray(8).toString()).toBe("12half way");
  });
});

describe("a second socket with the same clientId", () => {
  it("falls silent once the first one closes, although it stays open", async () => {
    const origin = await testOrigin();
    const first = await listen(origin, "me");
    const second = await listen(origin, "me");
    first.socket.close();
    await eventually(() => origin.control.sockets().open === 1);
    await finished(origin, await submit(origin, { prompt: workflow(), client_id: "me" }));
    expect(second.events.map(({ type }) => type)).toEqual(["status"]);
    expect(second.socket.readyState).toBe(second.socket.OPEN);
  });

  it("goes on receiving where the server is mended", async () => {
    const origin = await testOrigin({ displacedCleanup: "keeps-new" });
    const first = await listen(origin, "me");
    const second = await listen(origin, "me");
    first.socket.close();
    await eventually(() => origin.control.sockets().open === 1);
    await submit(origin, { prompt: workflow(), client_id: "me" });
    await second.until(ended);
  });
});
