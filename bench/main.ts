import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { table } from "../packages/cli/demo/steps";
import { projectDir } from "../packages/cli/sandboxed/workspace";
import { withResults } from "./document";
import { type Figure, misses } from "./figure";
import type { Bench } from "./figures/bench";
import { clientFigures } from "./figures/client";
import { type DemoStep, demoSteps } from "./figures/demo";
import { previewFigures, upFigures } from "./figures/engine";
import { envFigures } from "./figures/env";
import { merged } from "./merge";
import { plot } from "./plot";
import { demoRows, figureRows, machineText, type Report, thisMachine } from "./report";

const GROUPS = {
  preview: previewFigures,
  up: upFigures,
  env: envFigures,
  client: clientFigures,
} satisfies Record<string, (bench: Bench) => Promise<Figure[]>>;

const SIZES = [1, 10, 50];

const HELP = `npm run bench: measures this program, each figure as a ratio to a reference measured in turn with it

  --json            one JSON object on standard output
  --program FOLDER  measures another copy of the program, e.g. another checkout, with this one's references
  --help            this text

Environment: BENCH_ONLY=${[...Object.keys(GROUPS), "demo"].join(",")} (some of them), BENCH_SIZES=${SIZES.join(",")} (numbers
of applications), BENCH_ROUNDS (of every figure but the client's). A run rewrites its rows of docs/performance.md and the
picture, except with --program; what it did not measure stays when the same machine gave it. Exit code 0: all limits hold;
1: one is missed, or a run failed; 2: wrong use.
`;

class UsageError extends Error {}

async function main(): Promise<number> {
  const { json, program, help } = options();
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const only = listOf("BENCH_ONLY", (name) => name in GROUPS || name === "demo");
  const sizes = listOf("BENCH_SIZES", (size) => /^[1-9]\d*$/.test(size))?.map(Number);
  const [rounds] = listOf("BENCH_ROUNDS", (count) => /^[1-9]\d*$/.test(count))?.map(Number) ?? [];
  const bench: Bench = {
    sizes: sizes ?? SIZES,
    rounds: (wanted) => rounds ?? wanted,
    progress: showProgress,
    programDir: program === undefined ? undefined : resolve(program),
  };

  const machine = await thisMachine();
  const at = new Date().toISOString();
  const figures: Figure[] = [];
  for (const [name, measure] of Object.entries(GROUPS)) {
    if (only !== undefined && !only.includes(name)) continue;
    figures.push(...(await measure(bench)).map((figure) => ({ ...figure, group: name, at })));
  }
  const demo: DemoStep[] | undefined =
    only === undefined || only.includes("demo") ? await demoSteps(bench) : undefined;
  showProgress("");
  const report: Report = { machine, at, figures, demo, misses: misses(figures) };
  if (json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else print(report);
  if (program === undefined) await write(report);
  for (const line of report.misses) process.stderr.write(`missed: ${line}\n`);
  return report.misses.length === 0 ? 0 : 1;
}

function options() {
  try {
    return parseArgs({
      options: {
        json: { type: "boolean" },
        program: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** A comma-separated list from the environment. */
function listOf(name: string, isKnown: (item: string) => boolean): string[] | undefined {
  const items = process.env[name]?.split(",").map((item) => item.trim());
  const unknown = items?.find((item) => !isKnown(item));
  if (unknown !== undefined) throw new UsageError(`${name} has ${JSON.stringify(unknown)}: see --help`);
  return items;
}

function print({ machine, figures, demo }: Report): void {
  const lines = [machineText(machine), `Providers: ${machine.providers}`];
  if (figures.length > 0) lines.push("", ...table(figureRows(figures)));
  if (demo !== undefined) lines.push("", ...table(demoRows(demo)));
  process.stdout.write(`${lines.join("\n")}\n`);
}

async function write(now: Report): Promise<void> {
  const kept = join(projectDir, "docs", "images", "performance.json");
  const last = await readFile(kept, "utf8").then(
    (text) => JSON.parse(text) as Omit<Report, "misses">,
    () => undefined,
  );
  const report = merged(last, now, Object.keys(GROUPS));
  // Without the misses, which follow from the rest.
  await writeFile(kept, `${JSON.stringify({ ...report, misses: undefined }, null, 2)}\n`);
  const page = join(projectDir, "docs", "performance.md");
  await writeFile(page, withResults(await readFile(page, "utf8"), report));
  const caption = `${report.at.slice(0, 10)}, ${machineText(report.machine)}`;
  await writeFile(join(projectDir, "docs", "images", "performance.svg"), plot(report.figures, caption));
}

/** On a terminal one line that changes; elsewhere nothing, since the rounds are many. */
function showProgress(text: string): void {
  if (process.stderr.isTTY)
    process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns ?? 100) - 1)}`);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
