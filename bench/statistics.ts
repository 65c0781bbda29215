/** A median and how far the middle half of the values lies around it. */
export interface Spread {
  median: number;
  /** First and third quartile. */
  low: number;
  high: number;
}

/**
 * Median and quartiles, between two values where none stands in that place; not a number without values.
 * @param values in any order
 */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

/**
 * The ratio of two series that were measured in turn: of each round's pair first, so that a load which comes and goes
 * touches both halves of a pair alike.
 */
export function pairedRatio(measured: readonly number[], reference: readonly number[]): Spread {
  const pairs = Math.min(measured.length, reference.length);
  return spreadOf(
    Array.from({ length: pairs }, (_, round) => (measured[round] as number) / (reference[round] as number)),
  );
}

function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
