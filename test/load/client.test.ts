import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { APP } from "../sandbox/edge/rig";
import { workflow } from "../sandbox/origin/support";
import { PROPERTY_SEED } from "../support/property-seed";
import type { ClientReport, ClientRound, ClientTarget, RoundReport } from "./client-process";
import { SERVER_FAULTS } from "./client-visits";
import type { EdgeTarget } from "./edge-process";
import type { Mix } from "./rounds";
import { type MemorySample, memoryLine, slopesOf } from "./slope";
import { Worker } from "./worker";

const isFull = process.env["FULL_TABLES"] === "1";
const ROUNDS = isFull ? 12 : 4;
const REQUESTS = isFull ? 1000 : 200;
/** Rounds before the first sample. */
const WARM_UP = 2;
const AT_ONCE = 200;

/** Bytes that a call may leave behind; a leak of one KiB is well above it. */
const MAX_HELD = 500;
const PLANTED = 1024;

/** Parts of a hundred, more or less. */
const MIX: Mix = {
  answer: 45,
  upload: 8,
  view: 8,
  "view, left": 4,
  run: 5,
  "run, left": 2,
  "status 500": 6,
  dropped: 5,
  malformed: 5,
  aborted: 5,
  "over the time limit": 5,
  slow: 2,
};

let edge: Worker;
let client: Worker;
beforeAll(async () => {
  edge = Worker.start(join(__dirname, "edge-process.ts"));
  client = Worker.start(join(__dirname, "client-process.ts"));
  const { network, token } = await edge.call<EdgeTarget>("target");
  await edge.call("faults", SERVER_FAULTS);
  const target: ClientTarget = {
    url: APP,
    token: `${token.id}:${token.secret}`,
    network,
    workflow: workflow(),
  };
  await client.call("target", target);
}, 60_000);
afterAll(async () => {
  await client?.end();
  await edge?.end();
});

const report = () => client.call<ClientReport>("report");

async function quiet(): Promise<ClientReport> {
  await expect.poll(() => client.call("sockets"), { timeout: 10_000 }).toBe(0);
  return report();
}

async function load(
  rounds: number,
  requests: number,
  seed: number,
): Promise<{ samples: MemorySample[]; reports: RoundReport[] }> {
  const samples: MemorySample[] = [];
  const reports: RoundReport[] = [];
  for (let number = 1; number <= rounds; number += 1) {
    const order: ClientRound = { mix: MIX, requests, atOnce: AT_ONCE, seed: seed + number };
    reports.push(await client.call<RoundReport>("round", order));
    samples.push((await quiet()).memory);
  }
  return { samples, reports };
}

describe(`the client with ${AT_ONCE} calls at a time, of a server that is slow or fails`, () => {
  test("each call settles as it must, and nothing of it is left", { timeout: 900_000 }, async () => {
    const before = await report();
    await load(WARM_UP, REQUESTS, PROPERTY_SEED + 500);
    await client.call("forget");
    const started = performance.now();
    const { samples, reports } = await load(ROUNDS, REQUESTS, PROPERTY_SEED);
    const seconds = (performance.now() - started) / 1000;
    const slopes = slopesOf(samples);
    const after = await report();
    const total = reports.reduce((sum, one) => sum + one.total, 0);
    const most = Math.max(...reports.map(({ mostSockets }) => mostSockets));
    console.log(
      `${total} calls, ${AT_ONCE} at a time, ${ROUNDS} rounds, seed ${PROPERTY_SEED}, ${(total / seconds).toFixed(0)} per second, ` +
        `at most ${most} sockets\n${after.table}\n${memoryLine(samples, slopes)}`,
    );
    expect(reports.flatMap(({ faults }) => faults)).toEqual([]);
    expect(slopes.held).toBeLessThan(MAX_HELD);
    // One for each call that is under way, and a WebSocket besides for each run.
    expect(most).toBeLessThanOrEqual(AT_ONCE * 1.2);
    expect(after.warnings).toEqual([]);
    const { resources, sockets } = after;
    expect({ resources, sockets }).toEqual({ resources: before.resources, sockets: before.sockets });
  });

  test("a leak of 1 KiB per call is seen", { timeout: 300_000 }, async () => {
    await client.call("leak", PLANTED);
    const { samples } = await load(4, 120, PROPERTY_SEED + 1000);
    await client.call("leak", 0);
    const slopes = slopesOf(samples);
    console.log(`planted ${PLANTED} B per call: ${memoryLine(samples, slopes)}`);
    expect(slopes.held).toBeGreaterThan(MAX_HELD);
  });

  test("closing it settles all that is under way", { timeout: 30_000 }, async () => {
    const { ms, ends } = await client.call<{ ms: number; ends: Record<string, number> }>("closeUnderWay", {
      calls: 150,
      runs: 50,
    });
    console.log(`closed with 200 under way: ${JSON.stringify(ends)} after ${ms.toFixed(0)} ms`);
    expect(Object.keys(ends).filter((end) => !["done", "aborted closed"].includes(end))).toEqual([]);
    expect(ends["aborted closed"]).toBeGreaterThanOrEqual(150);
    await expect.poll(() => client.call("sockets"), { timeout: 10_000 }).toBe(0);
    expect((await report()).warnings).toEqual([]);
  });
});
