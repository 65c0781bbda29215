import { appendFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROPERTY_SEED } from "../support/property-seed";
import type { Attack } from "./review-attacks/attack";
import { type Change, hidden } from "./review-attacks/change";
import { CONFIG_ROWS } from "./review-attacks/config-rows";
import { HARMLESS_ROWS } from "./review-attacks/harmless";
import { HIDING_ROWS } from "./review-attacks/hiding-rows";
import { JUDGE_ROWS } from "./review-attacks/judge-rows";
import { KIND_ROWS } from "./review-attacks/kind-rows";
import { KNOWN, PASSES_UPDATE, UNNAMED, UNNAMED_AT_UPDATE } from "./review-attacks/open-list";
import { type Dealt, judged, type Outcome } from "./review-attacks/outcome";
import { type Deployed, ReviewRig } from "./review-attacks/rig";
import { TRANSFORM_ROWS } from "./review-attacks/transform-rows";

// FULL_TABLES=1: every row. ATTACKS_ONLY=regex: these rows, by kind and name. ATTACKS_LANES=2: how many at a time.
// ATTACKS_FILE=path: what the review says of each row is written there. PROPERTY_SEED: which rows of the slice.
const env = process.env;
const FULL = env["FULL_TABLES"] === "1";
const ONLY = env["ATTACKS_ONLY"];
const LANES = Number(env["ATTACKS_LANES"] ?? 2);
/** One row of so many is played where not all are. */
const STEP = 15;

const ATTACKS: readonly Attack[] = [
  ...CONFIG_ROWS,
  ...TRANSFORM_ROWS,
  ...KIND_ROWS,
  ...HIDING_ROWS,
  ...JUDGE_ROWS,
];

let rig: ReviewRig;

beforeAll(async () => {
  rig = await ReviewRig.open(LANES);
});
afterAll(() => rig?.close());

const keyOf = ({ kind, name }: Pick<Attack, "kind" | "name">): string => `${kind}: ${name}`;

function chosen<T>(rows: readonly T[], key: (row: T) => string): T[] {
  if (ONLY !== undefined) return rows.filter((row) => new RegExp(ONLY).test(key(row)));
  return FULL ? [...rows] : slice(rows);
}

function slice<T>(rows: readonly T[], step = STEP): T[] {
  const first = PROPERTY_SEED % Math.min(step, rows.length);
  return rows.filter((_, index) => index % step === first);
}

test("the table has no row twice, and the lists of what is open name rows of it", () => {
  const keys = ATTACKS.map(keyOf);
  expect(new Set(keys).size).toBe(keys.length);
  for (const lists of [
    [KNOWN, UNNAMED],
    [PASSES_UPDATE, UNNAMED_AT_UPDATE],
  ]) {
    const listed = lists.flatMap((list) => Object.keys(list));
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed.filter((key) => !keys.includes(key))).toEqual([]);
  }
});

/** How the review should deal with a row: as the lists say, or by naming it. */
function expected(row: Attack): Dealt {
  const key = keyOf(row);
  if (key in KNOWN) return "green";
  return key in UNNAMED ? "unnamed" : "named";
}

test("whoever widens, redirects or hides something is named by the review, which is not green", async () => {
  const table: string[] = [];
  const wrong: string[] = [];
  await rig.reviewAll(
    chosen(ATTACKS, (row) => keyOf(row)),
    (row, outcome) => {
      const { dealt, parts } = judged(row, outcome);
      const line = [keyOf(row), dealt, outcome.verdict, row.section, parts.join("; ") || "nowhere"].join(
        " | ",
      );
      console.log(line);
      table.push(line);
      note(keyOf(row), outcome);
      if (expected(row) !== dealt) wrong.push(line);
    },
  );
  console.log(["row | dealt with | verdict | belongs to | named in", ...table, ...openLines()].join("\n"));
  expect(wrong).toEqual([]);
}, 86_400_000);

function openLines(): string[] {
  const reasons = (list: Readonly<Record<string, string>>) =>
    Object.entries(list).map(([key, reason]) => `  ${key}: ${reason}`);
  return [
    `${Object.keys(KNOWN).length} pass as green:`,
    ...reasons(KNOWN),
    `${Object.keys(UNNAMED).length} are stopped and not named where they belong:`,
    ...reasons(UNNAMED),
  ];
}

test("what changes nothing of it stays green", async () => {
  const wrong: string[] = [];
  await rig.reviewAll(
    chosen(HARMLESS_ROWS, ({ name }) => `harmless: ${name}`),
    (row, outcome) => {
      const line = `harmless: ${row.name} | ${outcome.green ? "green" : "not green"} | ${outcome.verdict} | ${outcome.heading}`;
      console.log(line);
      note(`harmless: ${row.name}`, outcome);
      if (!outcome.green || outcome.verdict !== "same") wrong.push(line);
    },
  );
  expect(wrong).toEqual([]);
}, 86_400_000);

/** The rows whose change a program can make while it runs, and do so in the update alone. */
async function hiddenRows(): Promise<(Attack & { hides: Change & { name: string } })[]> {
  const config = await rig.config();
  return ATTACKS.flatMap((row) => {
    const change = hidden(row, config);
    return change === undefined ? [] : [{ ...row, hides: { name: `hidden ${keyOf(row)}`, ...change } }];
  });
}

test("the same, hidden from the preview, is nothing that a preview tells", async () => {
  const all = (await hiddenRows()).map(({ hides }) => hides);
  expect(all.length).toBeGreaterThan(60);
  const rows = ONLY === undefined ? slice(all, FULL ? STEP : 3 * STEP) : chosen(all, ({ name }) => name);
  const told: string[] = [];
  await rig.reviewAll(rows, (row, outcome) => {
    console.log(`${row.name} | ${outcome.verdict}`);
    note(row.name, outcome);
    if (outcome.verdict !== "same") told.push(`${row.name} | ${outcome.verdict}`);
  });
  expect(told).toEqual([]);
}, 86_400_000);

test("and where it is approved, the comparison after the update stops the deployment and names it", async () => {
  // An update asks none of the judges that a program could hide from it.
  const all = (await hiddenRows()).filter(({ kind }) => kind !== "judge");
  const rows = ONLY === undefined && !FULL ? slice(all, 4 * STEP) : chosen(all, ({ hides }) => hides.name);
  const wrong: string[] = [];
  for (const row of rows) {
    const deployed = await rig.deploy(row.hides);
    const { approved, step, stopped, said } = deployed;
    note(row.hides.name, deployed);
    const isNamed = said.split("\n").some((line) => row.named.test(line));
    const end = !stopped ? "passes" : isNamed ? "named" : "unnamed";
    const line = [row.hides.name, end, step, `approved as ${approved}`].join(" | ");
    console.log(line);
    if (end !== endAtUpdate(keyOf(row)) || approved !== "same") wrong.push(line);
    if (!(await rig.restored())) await reopen();
  }
  expect(wrong).toEqual([]);
}, 86_400_000);

async function reopen(): Promise<void> {
  await rig.close();
  rig = await ReviewRig.open(LANES);
}

function endAtUpdate(key: string): "passes" | "unnamed" | "named" {
  if (key in PASSES_UPDATE) return "passes";
  return key in UNNAMED_AT_UPDATE ? "unnamed" : "named";
}

function note(key: string, outcome: Outcome | Deployed): void {
  const file = env["ATTACKS_FILE"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ key, ...outcome }, null, 1)}\n`);
}
