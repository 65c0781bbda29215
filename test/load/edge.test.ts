import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROPERTY_SEED } from "../support/property-seed";
import type { EdgeReport, EdgeTarget } from "./edge-process";
import { EdgeVisitors } from "./edge-visits";
import { type Mix, round } from "./rounds";
import { type MemorySample, memoryLine, slopesOf } from "./slope";
import { Tally } from "./tally";
import { Worker } from "./worker";

const isFull = process.env["FULL_TABLES"] === "1";
const ROUNDS = isFull ? 16 : 5;
const REQUESTS = isFull ? 1500 : 240;
/** Requests before the first sample; in the full run so many that every log is at its bound. */
const WARM_UP = isFull ? 12_000 : 700;
const AT_ONCE = 200;

/** Bytes that a request may leave behind; a leak of one KiB is well above it. */
const MAX_HELD = 400;
const PLANTED = 1024;

/** Parts of a hundred, more or less. */
const MIX: Mix = {
  "token, JSON": 40,
  "token, download": 8,
  "token, upload": 8,
  "no token": 10,
  "no token, upload": 3,
  "wrong secret": 5,
  "forged JWT, cookie": 5,
  "forged JWT, header": 5,
  "slow reader": 2,
  "gone while reading": 3,
  "gone while sending": 3,
  WebSocket: 5,
  "WebSocket, cut off": 3,
  "WebSocket, no token": 2,
};

let worker: Worker;
let visitors: EdgeVisitors;
beforeAll(async () => {
  worker = Worker.start(join(__dirname, "edge-process.ts"));
  visitors = new EdgeVisitors(await worker.call<EdgeTarget>("target"), AT_ONCE);
}, 60_000);
afterAll(async () => {
  await visitors?.close();
  await worker?.end();
});

const report = (forget = !isFull) => worker.call<EdgeReport>("report", forget);

/** All clients are gone, and each has been noticed to be. */
async function quiet(): Promise<EdgeReport> {
  await visitors.close();
  await expect.poll(() => worker.call("clients"), { timeout: 10_000 }).toBe(0);
  return report();
}

async function load(rounds: number, requests: number, tally: Tally, seed: number): Promise<MemorySample[]> {
  const samples: MemorySample[] = [];
  for (let number = 1; number <= rounds; number += 1) {
    await round(visitors.kinds, { mix: MIX, requests, atOnce: AT_ONCE, seed: seed + number, tally });
    samples.push((await quiet()).memory);
  }
  return samples;
}

describe(`the edge under ${AT_ONCE} connections`, () => {
  let before: EdgeReport;

  test("answers each request as it must, and nothing of a request is left", {
    timeout: 900_000,
  }, async () => {
    before = await report();
    await load(1, WARM_UP, new Tally(), PROPERTY_SEED);

    const tally = new Tally();
    const started = performance.now();
    const samples = await load(ROUNDS, REQUESTS, tally, PROPERTY_SEED);
    const seconds = (performance.now() - started) / 1000;
    const slopes = slopesOf(samples);
    console.log(
      `${tally.total} requests, ${AT_ONCE} at a time, ${ROUNDS} rounds, seed ${PROPERTY_SEED}, ` +
        `${(tally.total / seconds).toFixed(0)} per second\n${tally.table()}\n${memoryLine(samples, slopes)}`,
    );
    expect(tally.faults).toEqual([]);
    expect(slopes.held).toBeLessThan(MAX_HELD);

    const after = await quiet();
    expect(after.smuggled).toBe(0);
    expect(after.warnings).toEqual([]);
    for (const length of after.logs) expect(length).toBeLessThanOrEqual(10_000);
  });

  test("a leak of 1 KiB per request is seen", { timeout: 300_000 }, async () => {
    await worker.call("leak", PLANTED);
    const samples = await load(isFull ? 8 : 4, REQUESTS, new Tally(), PROPERTY_SEED + 1000);
    await worker.call("leak", 0);
    const slopes = slopesOf(samples);
    console.log(`planted ${PLANTED} B per request: ${memoryLine(samples, slopes)}`);
    expect(slopes.held).toBeGreaterThan(MAX_HELD);
    expect(slopes.held).toBeGreaterThan(PLANTED * 0.8);
  });

  test("when the clients are gone, all that they had opened is closed", { timeout: 60_000 }, async () => {
    // Connections to the origin that are kept for the next request end by themselves, after five seconds.
    const more = async () => {
      const { resources, sockets } = await report(false);
      return {
        resources: Object.entries(resources).filter(([type, count]) => count > (before.resources[type] ?? 0)),
        sockets: Math.max(0, sockets - before.sockets),
      };
    };
    await expect.poll(more, { timeout: 20_000, interval: 500 }).toEqual({ resources: [], sockets: 0 });
  });
});
