/** Memory of a process at one point of a load, in bytes. */
export interface MemorySample {
  /** Requests served by then. */
  requests: number;
  /** Heap in use after a forced collection. */
  heapUsed: number;
  /** Memory outside the heap that objects in it hold: buffers, TLS. */
  external: number;
  rss: number;
}

/** Bytes that each request leaves behind, by kind of memory. */
export interface Slopes {
  /** What the program holds: `heapUsed + external`. */
  held: number;
  rss: number;
}

/**
 * The slope of each kind of memory over the requests, as the median of the slopes between all pairs of samples
 * (Theil and Sen): one sample that a late collection has raised does not count for more than the others.
 * @param samples of equal points of equal rounds, those of the warm-up left out; at least four
 */
export function slopesOf(samples: readonly MemorySample[]): Slopes {
  if (samples.length < 4) throw new Error(`${samples.length} samples say nothing of a slope`);
  const slope = (memory: (sample: MemorySample) => number) =>
    median(
      samples.flatMap((one, index) =>
        samples
          .slice(index + 1)
          .map((other) => (memory(other) - memory(one)) / (other.requests - one.requests)),
      ),
    );
  return { held: slope(({ heapUsed, external }) => heapUsed + external), rss: slope(({ rss }) => rss) };
}

/** The middle one; NaN of none. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The value below which this share of the values lies; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** One line about memory, for the output of a test. */
export function memoryLine(samples: readonly MemorySample[], { held, rss }: Slopes): string {
  const mib = (bytes = 0) => (bytes / 1024 ** 2).toFixed(1);
  const [first, last] = [samples[0], samples.at(-1)];
  const heldOf = (sample?: MemorySample) => (sample?.heapUsed ?? 0) + (sample?.external ?? 0);
  return (
    `memory over ${(last?.requests ?? 0) - (first?.requests ?? 0)} requests: held ${mib(heldOf(first))} → ` +
    `${mib(heldOf(last))} MiB (${held.toFixed(0)} B per request), RSS ${mib(first?.rss)} → ${mib(last?.rss)} MiB ` +
    `(${rss.toFixed(0)} B per request)`
  );
}
