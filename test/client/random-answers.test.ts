import { afterAll, beforeAll, expect, test } from "vitest";
import { ComfyUIClient, ComfyUIError } from "../../packages/client/typescript/index";
import { PROPERTY_SEED } from "../support/property-seed";
import { Random } from "./random";
import { startRandomServer } from "./random-server";

const total = 10_000;
const atOnce = 256;
const limitMs = 60_000;
const kinds = new Set(["access", "tunnel", "comfyui", "network", "protocol", "timeout", "aborted", "usage"]);

let server: Awaited<ReturnType<typeof startRandomServer>>;
beforeAll(async () => {
  server = await startRandomServer(PROPERTY_SEED);
});
afterAll(() => server.close());

test(`${total} random answers (PROPERTY_SEED=${PROPERTY_SEED}): a result or a ComfyUIError, and in time`, {
  timeout: 240_000,
}, async () => {
  const problems: string[] = [];
  const seen = { results: 0, errors: new Map<string, number>() };
  let next = 0;
  const worker = async () => {
    for (let number = next++; number < total; number = next++) {
      const outcome = await within(limitMs, askOnce(number));
      if (outcome === undefined) problems.push(`case ${number}: nothing after ${limitMs} ms`);
      else if (outcome.ok) seen.results += 1;
      else if (outcome.error instanceof ComfyUIError && kinds.has(outcome.error.kind)) {
        seen.errors.set(outcome.error.kind, (seen.errors.get(outcome.error.kind) ?? 0) + 1);
      } else problems.push(`case ${number}: ${String(outcome.error)}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  expect(problems).toEqual([]);
  // The answers are worth something only when they lead to results and to errors of every sort.
  expect(seen.results).toBeGreaterThan(total / 50);
  expect([...seen.errors.keys()].sort()).toEqual([
    "access",
    "comfyui",
    "network",
    "protocol",
    "timeout",
    "tunnel",
    "usage",
  ]);
});

type Outcome = { ok: true } | { ok: false; error: unknown };

async function askOnce(number: number): Promise<Outcome> {
  const client = new ComfyUIClient({
    url: `http://127.0.0.1:${server.port}/${number}/`,
    timeouts: { connectMs: 2000, headersMs: 1000, idleMs: 1000 },
    following: {
      pollIntervalMs: 10,
      outageMs: 150,
      reconnectMinMs: 10,
      reconnectMaxMs: 40,
      pingIntervalMs: 50,
    },
  });
  try {
    await callOf(client, new Random(PROPERTY_SEED ^ number));
    return { ok: true };
  } catch (error) {
    return { ok: false, error };
  } finally {
    await client.close();
  }
}

async function callOf(client: ComfyUIClient, random: Random): Promise<unknown> {
  const id = "33333333-3333-4333-8333-333333333333";
  const workflow = { "9": { class_type: "SaveImage", inputs: {} } };
  return random.pick<() => Promise<unknown>>([
    () => client.systemStats(),
    () => client.objectInfo(),
    () => client.features(),
    () => client.queue(),
    () => client.history(id),
    () => client.jobs(),
    () => client.job(id),
    () => client.interrupt(id),
    () => client.upload({ bytes: random.bytes(200), filename: "in.png" }),
    async () => {
      for await (const _chunk of (await client.view({ filename: "a.png" })).body);
    },
    () => client.run(workflow, { timeoutMs: 1500 }).result(),
    () => client.run(workflow, { timeoutMs: 1500, promptId: id }).result(),
    async () => {
      for await (const _event of client.run(workflow, { timeoutMs: 1500, promptId: id }));
    },
  ])();
}

async function within(ms: number, work: Promise<Outcome>): Promise<Outcome | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
