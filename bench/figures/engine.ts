import { atMost, type Figure, figureOf } from "../figure";
import { inTurn } from "../rounds";
import { type BenchStack, openBenchStack, type Program } from "../stack";
import type { Bench } from "./bench";

const FLAT = "flat program";

const applicationsOf = (size: number): string => `${size} application${size === 1 ? "" : "s"}`;

/** Previews of a stack that is as declared: against the flat and the empty program, by hand and as the scripts do. */
export async function previewFigures({ sizes, rounds, progress, programDir }: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const size of sizes) {
    await withStacks(
      size,
      size === 1 ? ["this", "flat", "empty"] : ["this", "flat"],
      programDir,
      async (stacks) => {
        const series = await inTurn(
          [
            { name: FLAT, run: () => stacks.flat.preview("by hand") },
            { name: "this program", run: () => stacks.this.preview("by hand") },
            { name: "guarded", run: () => stacks.this.preview("by hand", { guarded: true }) },
            { name: "scripts", run: () => stacks.this.preview("scripts") },
            { name: "guarded scripts", run: () => stacks.this.preview("scripts", { guarded: true }) },
            ...(size === 1 ? [{ name: "empty program", run: () => stacks.empty.preview("by hand") }] : []),
          ],
          rounds(11),
          (text) => progress(`preview, ${applicationsOf(size)}: ${text}`),
        );
        const all = applicationsOf(size);
        const add = (
          name: string,
          measured: string,
          reference: string,
          limit?: number,
          referenceName?: string,
        ) =>
          figures.push(
            figureOf(series, {
              name: `${name}, ${all}`,
              measured,
              reference,
              referenceName,
              limit: limit === undefined ? undefined : atMost(limit),
            }),
          );
        add("preview", "this program", FLAT, 1.1);
        if (size === 1) add("preview", "this program", "empty program", 1.8);
        add("preview as the scripts run it", "scripts", FLAT, 0.9);
        add("the same with guardrails", "guarded scripts", FLAT);
        add("preview with guardrails", "guarded", "this program", 1.25, "without guardrails");
      },
    );
  }
  return figures;
}

/** The first `up` of a stack, and one that finds nothing to change. */
export async function upFigures({ sizes, rounds, progress, programDir }: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const size of sizes) {
    await withStacks(size, ["this", "flat"], programDir, async (stacks) => {
      const fresh = async (stack: BenchStack) => {
        await stack.forget();
        return stack.up("by hand");
      };
      for (const [name, run, count] of [
        ["up of a new stack", fresh, size > 10 ? 5 : 7],
        ["up without changes", (stack: BenchStack) => stack.up("by hand"), 7],
      ] as const) {
        const series = await inTurn(
          [
            { name: FLAT, run: () => run(stacks.flat) },
            { name: "this program", run: () => run(stacks.this) },
          ],
          rounds(count),
          (text) => progress(`${name}, ${applicationsOf(size)}: ${text}`),
        );
        figures.push(
          figureOf(series, {
            name: `${name}, ${applicationsOf(size)}`,
            measured: "this program",
            reference: FLAT,
          }),
        );
      }
    });
  }
  return figures;
}

async function withStacks(
  size: number,
  programs: readonly Program[],
  programDir: string | undefined,
  use: (stacks: Record<Program, BenchStack>) => Promise<void>,
): Promise<void> {
  const stacks = {} as Record<Program, BenchStack>;
  try {
    for (const program of programs) stacks[program] = await openBenchStack(program, size, programDir);
    await use(stacks);
  } finally {
    for (const stack of Object.values(stacks)) await stack.close();
  }
}
