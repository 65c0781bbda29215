import { relative } from "node:path";
import fc from "fast-check";
import { expect, TestRunner } from "vitest";
import { isWhole, PROPERTY_SEED } from "./property-seed";

/** How one property is tried. */
export interface Trial {
  /** Cases in a run of CI; a whole run (`FULL_TABLES=1`) tries ten times as many. Default: 1000. */
  runs?: number;
  /** Ends the trial early, without a failure, after so many milliseconds; the cases that ran count. A whole run has ten times as many. */
  withinMs?: number;
  /** Cases to try first, whatever the seed: those that once failed. */
  examples?: unknown[];
}

declare module "vitest" {
  interface TaskMeta {
    /** Cases that really ran in this test, and how long they took. */
    properties?: { cases: number; ms: number };
  }
}

/**
 * Tries a property on many cases, inside a test. The cases follow from PROPERTY_SEED, so that CI repeats itself;
 * a failure names the smallest case that it found and the command that repeats it. What really ran is counted, and
 * `property-count.ts` prints the sums.
 */
export function holds<Case>(property: fc.IProperty<Case>, trial: Trial = {}): void {
  const started = performance.now();
  const found = fc.check(property, parametersOf<Case>(trial)) as fc.RunDetails<Case>;
  const smaller = isMadeSmaller(found)
    ? (fc.check(property, shrinking<Case>(found, trial)) as fc.RunDetails<Case>)
    : found;
  settle(found, smaller, started);
}

/** {@link holds}, for a property that has to be waited for; its cases run one after another. */
export async function holdsInTime<Case>(property: fc.IAsyncProperty<Case>, trial: Trial = {}): Promise<void> {
  const started = performance.now();
  const found = await fc.check(property, parametersOf<Case>(trial));
  settle(
    found,
    isMadeSmaller(found) ? await fc.check(property, shrinking<Case>(found, trial)) : found,
    started,
  );
}

/** How many cases are meant by a number of CI's: itself, or ten times as many in a whole run. */
export function caseCount(inCi: number): number {
  const { PROPERTY_RUNS } = process.env;
  return PROPERTY_RUNS ? Number(PROPERTY_RUNS) : inCi * (isWhole() ? 10 : 1);
}

/** Counts cases that ran outside of {@link holds}, all at once, e.g. in another process. */
export function countCases(cases: number, ms: number): void {
  const meta = TestRunner.getCurrentTest()?.meta;
  if (meta === undefined) throw new Error("cases are counted inside a test");
  const { properties = { cases: 0, ms: 0 } } = meta;
  meta.properties = { cases: properties.cases + cases, ms: properties.ms + ms };
}

/** A case that fails is made smaller for so long at most. */
const LONGEST_MS = 20_000;

function parametersOf<Case>({ runs = 1000, withinMs, examples }: Trial): fc.Parameters<Case> {
  const { PROPERTY_PATH: path } = process.env;
  return {
    seed: PROPERTY_SEED,
    numRuns: caseCount(runs),
    ...(path ? { path } : {}),
    ...(examples ? { examples: examples as Case[] } : {}),
    ...(withinMs === undefined ? {} : { interruptAfterTimeLimit: withinMs * (isWhole() ? 10 : 1) }),
    // Made smaller by itself, since only that is limited in time.
    endOnFailure: true,
  };
}

const isMadeSmaller = ({
  failed,
  counterexamplePath,
}: {
  failed: boolean;
  counterexamplePath: string | null;
}): boolean => failed && counterexamplePath !== null;

/** The failed case once more, to be made smaller. */
function shrinking<Case>(
  { counterexamplePath }: fc.RunDetails<Case>,
  { examples }: Trial,
): fc.Parameters<Case> {
  return {
    seed: PROPERTY_SEED,
    ...(counterexamplePath ? { path: counterexamplePath } : {}),
    ...(examples ? { examples: examples as Case[] } : {}),
    interruptAfterTimeLimit: LONGEST_MS,
    markInterruptAsFailure: true,
  };
}

function settle<Case>(found: fc.RunDetails<Case>, smaller: fc.RunDetails<Case>, started: number): void {
  countCases(found.numRuns, performance.now() - started);
  if (!found.failed) return;
  // The time may have ended before the case was met again.
  const details = smaller.counterexample === null ? found : smaller;
  const { currentTestName = "", testPath = "" } = expect.getState();
  // A pattern for names that quotes and brackets in them cannot disturb.
  const pattern = (currentTestName.split(" > ").at(-1) ?? "").replace(/[^\w ]/g, ".");
  const again = [
    `PROPERTY_SEED=${details.seed}`,
    `PROPERTY_PATH=${details.counterexamplePath?.split(":")[0]}`,
    `npx vitest run ${relative(process.cwd(), testPath)} -t '${pattern}'`,
  ].join(" ");
  const why = details.errorInstance instanceof Error ? details.errorInstance.message : details.errorInstance;
  throw new Error(
    `does not hold for ${fc.stringify(details.counterexample)}\n${why ?? "the property is false"}\n` +
      `Case ${found.numRuns} of those of seed ${details.seed}, made smaller ${details.numShrinks} times.\n` +
      `To repeat it: ${again}`,
    { cause: details.errorInstance },
  );
}
