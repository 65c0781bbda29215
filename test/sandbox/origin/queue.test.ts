import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { eventually, finished, get, listen, post, submit, testOrigin, workflow } from "./support";

const idsOf = (items: [number, string][]) => items.map(([, id]) => id);

describe("the queue", () => {
  it("shows what runs and what waits, and runs the lowest number first", async () => {
    const origin = await testOrigin();
    origin.control.pause();
    const late = await submit(origin, { prompt: workflow({ seed: 1 }), number: 5 });
    const early = await submit(origin, { prompt: workflow({ seed: 2 }), number: -5 });
    const middle = await submit(origin, { prompt: workflow({ seed: 3 }), number: 0 });
    const { body } = await get(origin, "/queue");
    expect(body.queue_running).toEqual([]);
    expect(new Set(idsOf(body.queue_pending))).toEqual(new Set([late, early, middle]));
    origin.control.resume();
    await finished(origin, late);
    expect(Object.keys((await get(origin, "/history")).body)).toEqual([early, middle, late]);
  });

  it("deletes waiting prompts, clears them, and leaves the running one alone", async () => {
    const origin = await testOrigin();
    origin.control.hold();
    const running = await submit(origin, { prompt: workflow() });
    const [one, two, three] = [
      await submit(origin, { prompt: workflow() }),
      await submit(origin, { prompt: workflow() }),
      await submit(origin, { prompt: workflow() }),
    ];
    await post(origin, "/queue", { delete: [two, running, "unknown"] });
    const queue = (await get(origin, "/api/queue")).body;
    expect(idsOf(queue.queue_running)).toEqual([running]);
    expect(new Set(idsOf(queue.queue_pending))).toEqual(new Set([one, three]));
    expect((await get(origin, "/prompt")).body.exec_info.queue_remaining).toBe(3);
    await post(origin, "/queue", { clear: true });
    expect((await get(origin, "/queue")).body.queue_pending).toEqual([]);
    origin.control.release();
    expect((await finished(origin, running)).status.completed).toBe(true);
  });

  it("keeps a partner key out of queue and history", async () => {
    const origin = await testOrigin();
    origin.control.hold();
    const id = await submit(origin, {
      prompt: workflow(),
      extra_data: { api_key_comfy_org: "comfyui-key", a: 1 },
    });
    expect(JSON.stringify((await get(origin, "/queue")).body)).not.toContain("comfyui-key");
    origin.control.release();
    expect((await finished(origin, id)).prompt[3]).toMatchObject({ a: 1 });
    expect(JSON.stringify((await get(origin, "/history")).body)).not.toContain("comfyui-key");
  });
});

describe("POST /interrupt", () => {
  it.each([
    ["0.36.0", false],
    ["0.3.40", true],
  ])("with another prompt's id, at version %s, stops the running one: %s", async (version, stops) => {
    const origin = await testOrigin({ version });
    origin.control.hold();
    const id = await submit(origin, { prompt: workflow() });
    await eventually(async () => (await get(origin, "/queue")).body.queue_running.length === 1);
    const { status } = await post(origin, "/interrupt", { prompt_id: randomUUID() });
    origin.control.release();
    expect(status).toBe(200);
    expect((await finished(origin, id)).status.status_str).toBe(stops ? "error" : "success");
  });

  it("with the running prompt's id, or without any body, stops it", async () => {
    const origin = await testOrigin();
    for (const named of [true, false]) {
      origin.control.hold();
      const id = await submit(origin, { prompt: workflow({ seed: Number(named) }) });
      await eventually(async () => (await get(origin, "/queue")).body.queue_running.length === 1);
      const body = named ? JSON.stringify({ prompt_id: id }) : null;
      await fetch(`${origin.url}/interrupt`, { method: "POST", body });
      const { status } = await finished(origin, id);
      expect(status.messages.at(-1)[0]).toBe("execution_interrupted");
      origin.control.release();
    }
  });
});

describe("history", () => {
  it("answers {} for what is queued, running or unknown, and the entry when it has finished", async () => {
    const origin = await testOrigin();
    origin.control.hold();
    const running = await submit(origin, { prompt: workflow() });
    const queued = await submit(origin, { prompt: workflow() });
    for (const id of [running, queued, "unknown"]) {
      expect(await get(origin, `/api/history/${id}`)).toEqual({ status: 200, body: {} });
    }
    origin.control.release();
    const entry = await finished(origin, running);
    expect(entry.outputs["6"].images).toEqual([
      { filename: "ComfyUI_00001_.png", subfolder: "", type: "output" },
    ]);
    expect(entry.meta["6"]).toMatchObject({ display_node: "6" });
    expect(entry.status).toMatchObject({ status_str: "success", completed: true });
  });

  it("drops the oldest beyond its limit, and what is deleted, cleared or evicted", async () => {
    const origin = await testOrigin({ maxHistory: 2 });
    const ids: string[] = [];
    for (let seed = 0; seed < 5; seed++) {
      ids.push(await submit(origin, { prompt: workflow({ seed }) }));
      await finished(origin, ids[seed] ?? "");
    }
    const kept = async () => Object.keys((await get(origin, "/history")).body);
    expect(await kept()).toEqual(ids.slice(2));
    expect(Object.keys((await get(origin, "/history?max_items=1")).body)).toEqual(ids.slice(4));
    expect(Object.keys((await get(origin, "/history?max_items=1&offset=0")).body)).toEqual(ids.slice(2, 3));
    await post(origin, "/history", { delete: [ids[2]] });
    expect(await kept()).toEqual(ids.slice(3));
    origin.control.evictHistory(ids[3]);
    expect(await kept()).toEqual(ids.slice(4));
    await post(origin, "/history", { clear: true });
    expect(await kept()).toEqual([]);
  });
});

describe("/api/jobs", () => {
  it("lists every state, filters, pages, and gives one by its id", async () => {
    const origin = await testOrigin();
    const good = await submit(origin, { prompt: workflow({ seed: 1 }) });
    await finished(origin, good);
    origin.control.failNode({ classType: "KSampler", message: "no" });
    const bad = await submit(origin, { prompt: workflow({ seed: 2 }) });
    await finished(origin, bad);
    origin.control.hold();
    const running = await submit(origin, { prompt: workflow({ seed: 3 }) });
    const waiting = await submit(origin, { prompt: workflow({ seed: 4 }) });
    const states = async () => {
      const { jobs } = (await get(origin, "/api/jobs?sort_order=asc")).body;
      return jobs.map(({ id, status }: { id: string; status: string }) => [id, status]);
    };
    expect(await states()).toEqual([
      [good, "completed"],
      [bad, "failed"],
      [running, "in_progress"],
      [waiting, "pending"],
    ]);
    const page = (await get(origin, "/api/jobs?status=pending,failed&limit=1")).body;
    expect(page.pagination).toEqual({ offset: 0, limit: 1, total: 2, has_more: true });
    expect((await get(origin, `/api/jobs/${good}`)).body.outputs["6"].images).toHaveLength(1);
    expect((await get(origin, "/api/jobs/unknown")).status).toBe(404);
    expect((await get(origin, "/api/jobs?status=odd")).status).toBe(400);
    expect((await get(origin, "/api/jobs?limit=0")).status).toBe(400);

    const cancel = async (id: string) => (await post(origin, `/api/jobs/${id}/cancel`, {})).body;
    expect(await cancel(waiting)).toEqual({ cancelled: true });
    expect(await cancel(running)).toEqual({ cancelled: true });
    expect(await cancel(good)).toEqual({ cancelled: false });
    await finished(origin, running);
    expect((await get(origin, `/api/jobs/${running}`)).body.status).toBe("cancelled");
  });

  it.each([
    ["0.3.64", 404, 405],
    ["0.25.0", 200, 405],
    ["0.26.0", 200, 200],
  ])("at version %s answers %i, and its cancel %i", async (version, list, cancel) => {
    const origin = await testOrigin({ version });
    const answers = [
      await fetch(`${origin.url}/api/jobs`),
      await fetch(`${origin.url}/api/jobs/x/cancel`, { method: "POST" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([list, cancel]);
  });
});

describe("what goes wrong", () => {
  it("events stop, and the prompt still finishes", async () => {
    const origin = await testOrigin();
    const listener = await listen(origin, "me");
    origin.control.muteEvents(true);
    const id = await submit(origin, { prompt: workflow(), client_id: "me" });
    await finished(origin, id);
    expect(listener.events.map(({ type }) => type)).toEqual(["status"]);
    expect(listener.socket.readyState).toBe(listener.socket.OPEN);
  });

  it.each([
    [false, 1001],
    [true, 1006],
  ])("sockets drop (abrupt: %s) with code %i", async (abrupt, code) => {
    const origin = await testOrigin();
    const { socket } = await listen(origin, "me");
    const closed = new Promise((resolve) => socket.once("close", resolve));
    origin.control.dropSockets({ abrupt });
    expect(await closed).toBe(code);
  });

  it("a restart cuts the sockets off and forgets queue, history, numbers and cache, not the files", async () => {
    const origin = await testOrigin();
    const { socket } = await listen(origin, "me");
    const id = await submit(origin, { prompt: workflow() });
    await finished(origin, id);
    origin.control.hold();
    await submit(origin, { prompt: workflow({ seed: 9 }) });
    const closed = new Promise((resolve) => socket.once("close", resolve));
    origin.control.restart();
    await closed;
    expect((await get(origin, "/history")).body).toEqual({});
    expect((await get(origin, "/queue")).body).toEqual({ queue_running: [], queue_pending: [] });
    expect((await fetch(`${origin.url}/view?filename=ComfyUI_00001_.png`)).status).toBe(200);
    const { body } = await post(origin, "/prompt", { prompt: workflow() });
    expect(body.number).toBe(0);
    const { status } = await finished(origin, body.prompt_id);
    expect(status.messages[1][1].nodes).toEqual([]);
  });

  it("a POST is carried out and its answer lost", async () => {
    const origin = await testOrigin();
    origin.faults.add({ method: "POST", pathRegex: "^/prompt$", action: "drop-after" });
    const prompt_id = randomUUID();
    await expect(post(origin, "/prompt", { prompt: workflow(), prompt_id })).rejects.toThrow();
    expect((await finished(origin, prompt_id)).status.completed).toBe(true);
  });

  it("an answer comes late, fails, or is cut in half", async () => {
    const origin = await testOrigin();
    origin.faults.add({ pathRegex: "^/queue$", action: "delay", delayMs: 60 });
    const started = Date.now();
    expect((await get(origin, "/queue")).status).toBe(200);
    expect(Date.now() - started).toBeGreaterThanOrEqual(50);
    origin.faults.add({ pathRegex: "^/queue$", action: "status", status: 503, retryAfter: 7 });
    const refused = await fetch(`${origin.url}/queue`);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "7"]);
    origin.faults.add({ pathRegex: "^/queue$", action: "malformed" });
    await expect(get(origin, "/queue")).rejects.toThrow(SyntaxError);
  });
});
