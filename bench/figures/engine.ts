import { atMost, type Figure, figureOf } from "../figure";
import { inTurn } from "../rounds";
import { type BenchStack, openBenchStack, type Program } from "../stack";
import type { Bench } from "./bench";

const FLAT = "flat program";

const applicationsOf = (size: number): string => `${size} application${size === 1 ? "" : "s"}`;

/** Previews of a stack that is as declared: against the flat and the empty program, by hand and as the scripts do. */
export async function previewFigures(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const size of bench.sizes) {
    const programs: Program[] = size === 1 ? ["this", "flat", "empty"] : ["this", "flat"];
    await withStacks(size, programs, bench.programDir, async (stacks) => {
      figures.push(...(await comparePreviews(stacks, size, bench)));
    });
  }
  return figures;
}

const FLAT_PLAIN = "flat program, plain";
const THIS = "this program";
const EMPTY = "empty program";

/** One size's figures, all of the same rounds. */
export async function comparePreviews(
  stacks: Pick<Record<Program, BenchStack>, "this" | "flat"> & { empty?: BenchStack },
  size: number,
  { rounds, progress }: Pick<Bench, "rounds" | "progress">,
): Promise<Figure[]> {
  const { flat, empty } = stacks;
  const all = applicationsOf(size);
  const series = await inTurn(
    [
      { name: FLAT, run: () => flat.preview("by hand") },
      { name: THIS, run: () => stacks.this.preview("by hand") },
      { name: "guarded", run: () => stacks.this.preview("by hand", { guarded: true }) },
      { name: FLAT_PLAIN, run: () => flat.preview("plain") },
      { name: "scripts", run: () => stacks.this.preview("scripts") },
      ...(empty === undefined ? [] : [{ name: EMPTY, run: () => empty.preview("by hand") }]),
    ],
    rounds(size === 1 ? 9 : 5),
    (text) => progress(`preview, ${all}: ${text}`),
  );
  const figure = (name: string, measured: string, reference: string, limit: number, referenceName?: string) =>
    figureOf(series, {
      name: `${name}, ${all}`,
      size,
      measured,
      reference,
      referenceName,
      limit: atMost(limit),
    });
  return [
    figure("preview", THIS, FLAT, 1.1),
    ...(empty === undefined ? [] : [figure("preview", THIS, EMPTY, 1.8)]),
    figure("preview as scripts run it", "scripts", FLAT_PLAIN, 0.9),
    figure("preview with guardrails", "guarded", THIS, 1.25, "without guardrails"),
  ];
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
      for (const [name, run] of [
        ["up of a new stack", fresh],
        ["up without changes", (stack: BenchStack) => stack.up("by hand")],
      ] as const) {
        const series = await inTurn(
          [
            { name: FLAT, run: () => run(stacks.flat) },
            { name: THIS, run: () => run(stacks.this) },
          ],
          rounds(size === 1 ? 5 : 3),
          (text) => progress(`${name}, ${applicationsOf(size)}: ${text}`),
        );
        figures.push(
          figureOf(series, {
            name: `${name}, ${applicationsOf(size)}`,
            size,
            measured: THIS,
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
