import type { Series } from "./rounds";
import { pairedRatio, type Spread, spreadOf } from "./statistics";

/** What a ratio must not be above, or below. */
export interface Limit {
  side: "at most" | "at least";
  ratio: number;
}

/** One ratio, and what it is made of. */
export interface Figure {
  /** Which part of the benchmarks gave it, as BENCH_ONLY names it, and when (RFC 3339); set when a run reports. */
  group?: string;
  at?: string;
  /** Number of applications; absent where it does not matter. */
  size?: number;
  /** What is measured, e.g. `preview, 50 applications`. */
  name: string;
  /** What it is compared with, e.g. `flat program`. */
  reference: string;
  rounds: number;
  /** Of the wall time; of what is done per second for the client. */
  ratio: Spread;
  /** Of the processor time; absent where it was not taken. */
  cpuRatio?: Spread;
  /** Medians of both, with their unit. */
  measured: number;
  compared: number;
  unit: "s" | "/s";
  /** Absent where the figure is for information. */
  limit?: Limit;
}

/** A figure out of two series that were measured in turn. */
export function figureOf<Name extends string>(
  series: Series<Name>,
  {
    measured,
    reference,
    ...rest
  }: { measured: Name; reference: Name } & Pick<Figure, "name" | "limit" | "size"> & {
      referenceName?: string;
    },
): Figure {
  const [ours, theirs] = [series[measured], series[reference]];
  return {
    name: rest.name,
    size: rest.size,
    reference: rest.referenceName ?? reference,
    rounds: ours.wallMs.length,
    ratio: pairedRatio(ours.wallMs, theirs.wallMs),
    cpuRatio: pairedRatio(ours.cpuMs, theirs.cpuMs),
    measured: spreadOf(ours.wallMs).median / 1000,
    compared: spreadOf(theirs.wallMs).median / 1000,
    unit: "s",
    limit: rest.limit,
  };
}

export const atMost = (ratio: number): Limit => ({ side: "at most", ratio });
export const atLeast = (ratio: number): Limit => ({ side: "at least", ratio });

/**
 * The figures that miss their limit, one line each.
 * @param tolerance how far beyond a limit is still let pass, for a quick look: 1.2 lets a fifth pass. Default: nothing.
 */
export function misses(figures: readonly Figure[], tolerance = 1): string[] {
  return figures.flatMap(({ name, reference, ratio: { median }, limit }) => {
    if (limit === undefined) return [];
    const bound = limit.side === "at most" ? limit.ratio * tolerance : limit.ratio / tolerance;
    // Written so that a figure that could not be had (not a number) is missed too.
    const held = limit.side === "at most" ? median <= bound : median >= bound;
    if (held) return [];
    return [
      `${name}: ${median.toFixed(3)} of ${reference}, ${limit.side} ${bound.toFixed(2).replace(/0$/, "")} is wanted`,
    ];
  });
}
