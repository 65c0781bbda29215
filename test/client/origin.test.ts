import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ComfyUIClient, type RunEvent } from "../../packages/client/typescript/index";
import { DEV_ACCOUNT_ID } from "../../packages/sandbox/account/seed";
import { type Origin, type OriginSettings, startOrigin } from "../../packages/sandbox/origin";
import { APP, type Rig, startRig } from "../sandbox/edge/rig";
import { workflow as textToImage } from "../sandbox/origin/support";

const workflow = textToImage();
const following = {
  pollIntervalMs: 30,
  outageMs: 2000,
  reconnectMinMs: 10,
  reconnectMaxMs: 50,
  pingIntervalMs: 100,
};

let rig: Rig;
let origin: Origin;
let dir: string;
let first: OriginSettings;
beforeAll(async () => {
  rig = await startRig();
  origin = await startOrigin({ settings: { msPerNode: 1 } });
  first = { ...origin.settings };
  rig.connector.disconnect();
  const token = await rig.api("GET", `/accounts/${DEV_ACCOUNT_ID}/cfd_tunnel/${rig.tunnelId}/token`);
  rig.edge.tunnels.connect({ token, services: { "http://localhost:8188": origin.url } });
  dir = await mkdtemp(join(tmpdir(), "comfyui-client-"));
}, 60_000);
afterEach(() => {
  origin.reset();
  Object.assign(origin.settings, first);
});
afterAll(async () => {
  await rig.close();
  await origin.close();
  await rm(dir, { recursive: true, force: true });
});

/** The three ways to reach the same ComfyUI. */
const ways = {
  local: () => new ComfyUIClient({ url: origin.url, following }),
  docker: () =>
    new ComfyUIClient({
      url: "http://comfyui:8188",
      network: { routes: { "comfyui:8188": { host: "127.0.0.1", port: origin.port } } },
      following,
    }),
  remote: () =>
    new ComfyUIClient({
      url: APP,
      token: `${rig.token.client_id}:${rig.token.client_secret}`,
      network: rig.edge.network,
      following,
    }),
};

describe.each(Object.entries(ways))("%s", (_way, connect) => {
  test("a workflow runs: events in order, one image, which can be downloaded", async () => {
    await using(connect(), async (client) => {
      const events: RunEvent[] = [];
      for await (const event of client.run(workflow)) events.push(event);
      const types = events.map(({ type }) => type).filter((type) => type !== "progress_state");
      expect(types.slice(0, 4)).toEqual(["submitted", "connection", "execution_start", "execution_cached"]);
      expect(types.filter((type) => type === "executed")).toHaveLength(1);
      const last = events.at(-1);
      if (last?.type !== "result") throw new Error("the last event is not the result");
      expect(last.result.outputs).toMatchObject([{ nodeId: "6", kind: "images", type: "output" }]);
      const [output] = last.result.outputs;
      if (output === undefined) throw new Error("no output");
      const path = join(dir, "out.png");
      const size = await client.download(output, path);
      const bytes = await readFile(path);
      expect(bytes).toHaveLength(size);
      expect(bytes.subarray(1, 4).toString()).toBe("PNG");
    });
  });

  test("an upload comes back unchanged", async () => {
    await using(connect(), async (client) => {
      const bytes = randomBytes(1_500_000);
      const reference = await client.upload({ bytes, filename: "noise.png" }, { subfolder: "tests" });
      const { body, size } = await client.view({ ...reference, filename: reference.name });
      const hash = createHash("sha256");
      for await (const chunk of body) hash.update(chunk);
      expect(size).toBe(bytes.length);
      expect(hash.digest("hex")).toBe(createHash("sha256").update(bytes).digest("hex"));
    });
  });

  test("ten prompts at once each get their own result", async () => {
    await using(connect(), async (client) => {
      const runs = Array.from({ length: 10 }, (_, index) =>
        client.run({
          ...workflow,
          "6": { class_type: "SaveImage", inputs: { images: ["5", 0], filename_prefix: `many-${index}-` } },
        }),
      );
      const results = await Promise.all(runs.map((run) => run.result()));
      results.forEach((result, index) => {
        expect(result.promptId).toBe(runs[index]?.promptId);
        expect(result.outputs.map(({ filename }) => filename)).toEqual([
          expect.stringContaining(`many-${index}-`),
        ]);
      });
    });
  });

  test("sockets that are cut while the prompt runs cost nothing", async () => {
    await using(connect(), async (client) => {
      origin.control.hold();
      const run = client.run(workflow);
      const result = run.result();
      await untilRunning(client, run.promptId);
      origin.control.dropSockets({ abrupt: true });
      await new Promise((resolve) => setTimeout(resolve, 100));
      origin.control.dropSockets();
      origin.control.release();
      expect((await result).outputs).toHaveLength(1);
    });
  });

  test("events that stop cost nothing", async () => {
    await using(connect(), async (client) => {
      origin.control.muteEvents(true);
      expect((await client.run(workflow).result()).outputs).toHaveLength(1);
      origin.control.muteEvents(false);
    });
  });

  test("a restart while the prompt runs is told", async () => {
    await using(connect(), async (client) => {
      origin.control.hold();
      const run = client.run(workflow);
      const result = run.result();
      await untilRunning(client, run.promptId);
      origin.control.restart();
      await expect(result).rejects.toMatchObject({
        kind: "comfyui",
        code: "prompt_gone",
        promptId: run.promptId,
      });
    });
  });

  test("a cancelled run ends as interrupted, and the prompt after it runs", async () => {
    await using(connect(), async (client) => {
      origin.control.hold();
      const run = client.run(workflow);
      const result = run.result();
      await untilRunning(client, run.promptId);
      const other = client.run(workflow).result();
      expect(await run.cancel()).toBe("interrupted");
      origin.control.release();
      await expect(result).rejects.toMatchObject({ kind: "comfyui", code: "interrupted" });
      expect((await other).outputs).toHaveLength(1);
    });
  });

  test.each(["itself", "another client"])("a prompt that waits and is deleted by %s is told", async (by) => {
    await using(connect(), async (client) => {
      origin.control.hold();
      const before = client.run(workflow);
      const first = before.result();
      await untilRunning(client, before.promptId);
      const run = client.run(workflow);
      const result = run.result();
      await expect
        .poll(async () => (await client.queue()).pending.map(({ promptId }) => promptId))
        .toEqual([run.promptId]);
      const ended = expect(result).rejects.toMatchObject({
        code: by === "itself" ? "cancelled" : "prompt_gone",
      });
      if (by === "itself") expect(await run.cancel()).toBe("deleted");
      else await using(connect(), (other) => other.deleteFromQueue(run.promptId));
      await ended;
      origin.control.release();
      expect((await first).outputs).toHaveLength(1);
    });
  });

  test("a failing node is named", async () => {
    await using(connect(), async (client) => {
      origin.control.failNode({ classType: "SaveImage", message: "no space left" });
      await expect(client.run(workflow).result()).rejects.toMatchObject({
        code: "execution_failed",
        message: expect.stringMatching(/SaveImage.*no space left/),
      });
    });
  });

  test("a workflow that ComfyUI refuses is told node by node", async () => {
    await using(connect(), async (client) => {
      const broken = { ...workflow, "6": { class_type: "SaveImage", inputs: { filename_prefix: "x" } } };
      await expect(client.run(broken).result()).rejects.toMatchObject({
        code: "prompt_outputs_failed_validation",
        nodeErrors: { "6": { classType: "SaveImage" } },
      });
    });
  });
});

test("a version without prompt ids of the client's own: the same result", async () => {
  origin.settings.version = "0.3.40";
  await using(ways.remote(), async (client) => {
    const run = client.run(workflow);
    const asked = run.promptId;
    const result = await run.result();
    expect(result.promptId).not.toBe(asked);
    expect(result.outputs).toHaveLength(1);
  });
});

test("a version that interrupts whatever runs is not asked to", async () => {
  origin.settings.version = "0.3.50";
  await using(ways.local(), async (client) => {
    origin.control.hold();
    const run = client.run(workflow);
    const result = run.result();
    await expect
      .poll(async () => (await client.queue()).running.map(({ promptId }) => promptId))
      .toEqual([run.promptId]);
    await expect(run.cancel()).rejects.toMatchObject({ code: "interrupt_unsupported" });
    origin.control.release();
    expect((await result).outputs).toHaveLength(1);
  });
});

test("an abort leaves no half file and no connection", async () => {
  origin.settings.outputBytes = 50_000_000;
  await using(ways.remote(), async (client) => {
    const [output] = (await client.run(workflow).result()).outputs;
    if (output === undefined) throw new Error("no output");
    const before = await readdir(dir);
    const signal = AbortSignal.timeout(30);
    await expect(client.download(output, join(dir, "large.png"), { signal })).rejects.toMatchObject({
      kind: "aborted",
    });
    expect(await readdir(dir)).toEqual(before);
  });
});

test("the wrong secret, no token, and the secret in no message", async () => {
  const wrong = { url: APP, network: rig.edge.network, following };
  await using(
    new ComfyUIClient({ ...wrong, token: `${rig.token.client_id}:not-the-secret` }),
    async (client) => {
      const error = await client.run(workflow).result().catch(String);
      expect(error).toMatch(/not accepted/);
      expect(error).not.toContain("not-the-secret");
    },
  );
  await using(new ComfyUIClient(wrong), async (client) => {
    await expect(client.queue()).rejects.toMatchObject({ kind: "access", code: "no_token" });
  });
});

async function using(client: ComfyUIClient, use: (client: ComfyUIClient) => Promise<void>): Promise<void> {
  try {
    await use(client);
  } finally {
    await client.close();
  }
}

async function untilRunning(client: ComfyUIClient, promptId: string): Promise<void> {
  await expect
    .poll(async () => (await client.queue()).running.map((item) => item.promptId))
    .toEqual([promptId]);
}
