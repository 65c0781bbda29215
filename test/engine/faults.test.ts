import { afterAll, beforeAll, expect, test } from "vitest";
import { PROPERTY_SEED } from "../support/property-seed";
import { randomFrom } from "../support/random";
import { type CallName, FAULTS, type Fault, faultsOf } from "./faults/faults";
import { Lane } from "./faults/lane";
import { OPERATIONS, type OperationName, operation } from "./faults/operations";
import { lineOf, type Row, Rows, summary } from "./faults/table";

// FULL_TABLES=1: every case. FAULTS_ONLY=up,rotate: these operations. FAULTS_KINDS='500,half an answer': these faults.
// FAULTS_CALLS=regex: these calls. FAULTS_SHARD=1/2: every second case. FAULTS_FILE=path: rows are written there as
// they come, and those that it has already are not played again. FAULTS_LANES=2: how many at a time.
// FAULTS_SAMPLE=5: so many cases of each operation. PROPERTY_SEED: which ones.
const env = process.env;
const FULL = env["FULL_TABLES"] === "1";
/** How many cases of each operation; of the full table all, unless it is said. */
const SAMPLE = env["FAULTS_SAMPLE"] ?? (FULL ? undefined : "1");
/** The longest first; rotate.test.ts plays a few cases of a rotation, which takes by far the longest. */
const BRIEFLY: OperationName[] = ["adopt", "up", "update", "replace", "destroy"];

// One of the faults is asked again and again, with a pause before each.
env["COMFYUI_ACCESS_PAUSES"] ??= "0.01";

interface Case {
  operation: OperationName;
  call: CallName;
  fault: Fault;
}

const rows = new Rows(env["FAULTS_FILE"]);
const lanes: Lane[] = [];

beforeAll(async () => {
  const count = Number(env["FAULTS_LANES"] ?? 2);
  lanes.push(...(await Promise.all(Array.from({ length: count }, () => Lane.open()))));
});
afterAll(async () => {
  await Promise.all(lanes.map((lane) => lane.close()));
});

test("whatever befalls a call, the same command again comes to the same", async () => {
  const names = list(env["FAULTS_ONLY"], FULL ? OPERATIONS : BRIEFLY);
  const played: Row[] = [];
  // In the sample each operation is prepared in one lane only; in the full table every lane takes what is next.
  const queue = FULL ? names.flatMap((name) => lanes.map(() => name)) : names;
  const pending = new Map<OperationName, Case[]>();
  await Promise.all(
    lanes.map(async (lane) => {
      for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
        const calls = await lane.begin(operation(name));
        const cases = pending.get(name) ?? chosen(name, calls);
        if (!pending.has(name)) console.log(`${name}: ${calls.length} calls, ${cases.length} cases`);
        pending.set(name, cases);
        for (let next = cases.shift(); next !== undefined; next = cases.shift()) {
          const row = await lane.play(next.call, next.fault, !FULL);
          rows.add(row);
          played.push(row);
          console.log(lineOf(row));
        }
      }
    }),
  );
  const shown = FULL ? rows.all.filter((row) => names.includes(row.operation)) : played;
  console.log(
    `${SAMPLE === undefined ? "all cases" : `a sample of the cases, seed ${PROPERTY_SEED}`}\n\n${summary(shown)}`,
  );
  const failing = shown.filter(({ problems }) => problems.length > 0);
  expect(failing.map(lineOf)).toEqual([]);
}, 86_400_000);

function chosen(name: OperationName, calls: readonly CallName[]): Case[] {
  const faults = list(env["FAULTS_KINDS"], FAULTS);
  const matching = calls.filter(({ key }) => new RegExp(env["FAULTS_CALLS"] ?? "").test(key));
  const all = matching.flatMap((call) =>
    faultsOf(call)
      .filter((fault) => faults.includes(fault))
      .map((fault) => ({ operation: name, call, fault })),
  );
  if (SAMPLE !== undefined) return sample(all, name, Number(SAMPLE));
  const [shard = 1, shards = 1] = (env["FAULTS_SHARD"] ?? "1/1").split("/").map(Number);
  return all.filter(({ call, fault }, index) => index % shards === shard - 1 && !rows.has(name, call, fault));
}

/** The same few in every run, as long as the calls are the same. */
function sample(all: Case[], name: string, size: number): Case[] {
  const random = randomFrom(
    [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), PROPERTY_SEED),
  );
  // Calls that are made at once come in any order.
  const order = new Intl.Collator("en");
  // Most calls are reads, of which a fault changes nothing: one in a sample teaches little.
  const writes = all.filter(({ call }) => !call.key.startsWith("GET "));
  const left = writes.toSorted((a, b) => order.compare(a.call.key, b.call.key) || a.call.nth - b.call.nth);
  const chosen = Array.from({ length: Math.min(size, writes.length) }, () =>
    left.splice(Math.floor(random() * left.length), 1),
  );
  return chosen.flat().filter(({ call, fault }) => !rows.has(name as OperationName, call, fault));
}

function list<T extends string>(value: string | undefined, known: readonly T[]): T[] {
  if (value === undefined) return [...known];
  const separator = value.includes(";") ? ";" : ",";
  const names = value.split(separator).map((name) => name.trim());
  const wrong = names.find((name) => !known.includes(name as T));
  if (wrong !== undefined) throw new Error(`there is no ${wrong}; known are ${known.join("; ")}`);
  return names as T[];
}
