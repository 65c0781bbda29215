import { afterEach } from "vitest";
import WebSocket from "ws";
import { type Origin, type OriginSettings, startOrigin } from "../../../packages/sandbox/origin";

/** What parsing an answer gives: tests know its shape and assert it. */
type Json = ReturnType<typeof JSON.parse>;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A stand-in that is closed after the test. */
export async function testOrigin(settings: Partial<OriginSettings> = {}): Promise<Origin> {
  const origin = await startOrigin({ settings: { msPerNode: 1, msPerStep: 1, ...settings } });
  cleanups.push(() => origin.close());
  return origin;
}

/** A WebSocket and what it has received. */
export interface Listener {
  socket: WebSocket;
  events: { type: string; data: Json }[];
  frames: Buffer[];
  /** Types of the events about a prompt, in order; `executing:3` names the node. */
  story(promptId: string): string[];
  /** Waits until an event fits. */
  until(fits: (event: { type: string; data: Json }) => boolean): Promise<Json>;
}

/** Opens a WebSocket and waits for its first event. */
export async function listen(
  origin: { url: string },
  clientId?: string,
  options: { flags?: Record<string, unknown>; headers?: Record<string, string> } = {},
): Promise<Listener> {
  const query = clientId === undefined ? "" : `?clientId=${clientId}`;
  const socket = new WebSocket(`${origin.url.replace("http", "ws")}/ws${query}`, {
    headers: options.headers,
  });
  cleanups.push(() => socket.terminate());
  const events: Listener["events"] = [];
  const frames: Buffer[] = [];
  socket.on("message", (message: Buffer, isBinary) => {
    if (isBinary) frames.push(message);
    else events.push(JSON.parse(message.toString()));
  });
  const listener: Listener = {
    socket,
    events,
    frames,
    story: (promptId) =>
      events
        .filter(({ data }) => data.prompt_id === promptId)
        .filter(({ type }) => type !== "progress_state")
        .map(({ type, data }) => (type === "executing" ? `executing:${data.node}` : type)),
    until: (fits) => eventually(() => events.find(fits)?.data),
  };
  await listener.until(({ type }) => type === "status");
  if (options.flags !== undefined) {
    socket.send(JSON.stringify({ type: "feature_flags", data: options.flags }));
    await listener.until(({ type }) => type === "feature_flags");
  }
  return listener;
}

/** Asks again and again, up to five seconds, until there is an answer. */
export async function eventually<T>(ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`nothing came within half a minute: ${ask}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export interface Answer {
  status: number;
  body: Json;
}

/** POSTs JSON and reads JSON. */
export async function post(origin: Origin, path: string, body: unknown): Promise<Answer> {
  const response = await fetch(origin.url + path, { method: "POST", body: JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

export async function get(origin: Origin, path: string): Promise<Answer> {
  const response = await fetch(origin.url + path);
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

/** Queues a workflow and gives the prompt's id. */
export async function submit(origin: Origin, body: Record<string, unknown>): Promise<string> {
  const { status, body: answer } = await post(origin, "/prompt", body);
  if (status !== 200) throw new Error(`refused: ${JSON.stringify(answer)}`);
  return answer.prompt_id;
}

/** Waits for a prompt's history entry. */
export const finished = (origin: Origin, id: string): Promise<Json> =>
  eventually(async () => (await get(origin, `/history/${id}`)).body[id]);

/** A workflow from a checkpoint to a saved image; `steps` for the sampler. */
export function workflow(options: { seed?: number; steps?: number } = {}): Record<string, Json> {
  return {
    "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "v1-5-pruned-emaonly.safetensors" } },
    "2": { class_type: "CLIPTextEncode", inputs: { text: "a lighthouse", clip: ["1", 1] } },
    "3": { class_type: "EmptyLatentImage", inputs: { width: 512, height: 512, batch_size: 1 } },
    "4": {
      class_type: "KSampler",
      inputs: {
        model: ["1", 0],
        positive: ["2", 0],
        negative: ["2", 0],
        latent_image: ["3", 0],
        seed: options.seed ?? 1,
        steps: options.steps ?? 2,
        cfg: 8,
        sampler_name: "euler",
        scheduler: "normal",
        denoise: 1,
      },
    },
    "5": { class_type: "VAEDecode", inputs: { samples: ["4", 0], vae: ["1", 2] } },
    "6": { class_type: "SaveImage", inputs: { images: ["5", 0], filename_prefix: "ComfyUI" } },
  };
}
