import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DEV_TOKENS } from "../../packages/sandbox/account/seed";
import { PROPERTY_SEED } from "../support/property-seed";
import { randomFrom } from "../support/random";
import { callerOf } from "./api-objects";
import { differences, Writer } from "./api-writers";
import { Worker } from "./worker";

const isFull = process.env["FULL_TABLES"] === "1";
const KILLS = isFull ? 30 : 3;
const WRITERS = 20;

let folder: string;
let worker: Worker | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sandbox-killed-"));
});
afterEach(async () => {
  await worker?.end("SIGKILL");
  rmSync(folder, { recursive: true });
});

test(`killed ${KILLS} times while ${WRITERS} write, it goes on with all that was answered`, {
  timeout: 600_000,
}, async () => {
  const file = join(folder, "cloudflare.json");
  const random = randomFrom(PROPERTY_SEED);
  let url = "";
  const call = (method: string, path: string, body?: unknown) =>
    callerOf(url, DEV_TOKENS.admin)(method, path, body);
  const writers: Writer[] = [];
  let looks = 0;
  let leftovers = 0;
  for (let kill = 0; kill <= KILLS; kill += 1) {
    worker = Worker.start(join(__dirname, "api-process.ts"));
    url = await worker.call<string>("start", file);
    // Nothing of the process before is left beside the file, which holds secrets.
    expect(readdirSync(folder)).toEqual(kill === 0 ? [] : ["cloudflare.json"]);
    expect(await differences(call, writers)).toEqual([]);
    expect(writers.flatMap(({ wrong }) => wrong)).toEqual([]);
    if (kill === KILLS) break;

    const now = Array.from(
      { length: WRITERS },
      (_, index) => new Writer(call, `w${kill}-${index}`, PROPERTY_SEED + kill * 100 + index),
    );
    writers.push(...now);
    const writing = Promise.allSettled(now.map((writer) => writer.run(Number.POSITIVE_INFINITY)));
    const until = performance.now() + 150 + random() * 350;
    const answeredNow = () => now.reduce((sum, writer) => sum + writer.answered, 0);
    // On a busy machine longer: a kill before anything was written would prove nothing.
    while (performance.now() < until || answeredNow() <= 2 * WRITERS) {
      // Whole at every moment at which somebody looks.
      if (looks > 0 || readdirSync(folder).includes("cloudflare.json")) {
        expect(JSON.parse(readFileSync(file, "utf8"))).toHaveProperty("tunnels");
        expect(statSync(file).mode & 0o777).toBe(0o600);
        looks += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await worker.end("SIGKILL");
    await writing;
    leftovers += readdirSync(folder).length - 1;
  }
  const answered = writers.reduce((sum, writer) => sum + writer.answered, 0);
  console.log(
    `${KILLS} kills, ${WRITERS} writers each, ${answered} writes answered, ${looks} looks at the file, ` +
      `${leftovers} half-written files removed, seed ${PROPERTY_SEED}`,
  );
  expect(answered).toBeGreaterThan(KILLS * WRITERS);
});
