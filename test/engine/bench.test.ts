import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { atMost, type Figure, figureOf, misses } from "../../bench/figure";
import type { Bench } from "../../bench/figures/bench";
import { comparePreviews } from "../../bench/figures/engine";
import { envFigures } from "../../bench/figures/env";
import { inTurn } from "../../bench/rounds";
import { type BenchStack, openBenchStack } from "../../bench/stack";
import { projectDir } from "../../packages/cli/sandboxed/workspace";

// A quick look at what `npm run bench` measures with care: few rounds, and limits that a busy machine may pass by a
// quarter. What costs a program half as much again is told.
const TOLERANCE = 1.25;
const quick = (count: number): Bench => ({ sizes: [1], rounds: () => count, progress: () => {} });

let flat: BenchStack;
let ours: BenchStack;
let slowed: BenchStack;
let slowedDir: string;

beforeAll(async () => {
  slowedDir = await slowedProgram();
  flat = await openBenchStack("flat", 1);
  ours = await openBenchStack("this", 1);
  slowed = await openBenchStack("this", 1, slowedDir);
});

afterAll(async () => {
  for (const stack of [flat, ours, slowed]) await stack?.close();
  await rm(slowedDir, { recursive: true, force: true });
});

test("preview and its guardrails hold their limits", async () => {
  const figures = await comparePreviews({ this: ours, flat }, 1, quick(2));
  expect(figures).toHaveLength(3);
  expect(misses(figures, TOLERANCE), said(figures)).toEqual([]);
});

test("a program that was made slower is told", async () => {
  const series = await inTurn(
    [
      { name: "flat program", run: () => flat.preview("by hand") },
      { name: "slowed", run: () => slowed.preview("by hand") },
    ],
    1,
  );
  const limit = atMost(1.1);
  const figure = figureOf(series, { name: "preview", measured: "slowed", reference: "flat program", limit });
  expect(misses([figure], TOLERANCE)).toEqual([
    expect.stringMatching(/^preview: \d+\.\d+ of flat program, at most 1\.38 is wanted$/),
  ]);
});

test("env holds its limit", async () => {
  const figures = await envFigures(quick(3));
  expect(misses(figures, TOLERANCE), said(figures)).toEqual([]);
});

const said = (figures: readonly Figure[]): string =>
  figures
    .map(({ name, reference, ratio }) => `${name} / ${reference}: ${ratio.median.toFixed(2)}`)
    .join("\n");

/** A copy of this program that loads all of @pulumi/gcp and computes for a while, as one might by mistake. */
async function slowedProgram(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "comfyui-access-slowed-"));
  for (const name of ["Pulumi.yaml", "package.json", "tsconfig.json"]) {
    await cp(join(projectDir, name), join(dir, name));
  }
  for (const name of ["node_modules", "tools", "packages", "policies", "config", "components"]) {
    await symlink(join(projectDir, name), join(dir, name));
  }
  const program = await readFile(join(projectDir, "index.ts"), "utf8");
  // Processor time: on a busy machine it grows with what it is compared with.
  const slow = 'import "@pulumi/gcp";\nwhile (process.cpuUsage().user < 2_500_000);\n';
  await writeFile(join(dir, "index.ts"), `${slow}${program}`);
  return dir;
}
