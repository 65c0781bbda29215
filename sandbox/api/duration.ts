const UNIT_MS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Go counts nanoseconds in 63 bits: 292 years. */
const TOO_LONG_MS = 2 ** 63 / 1e6;

/**
 * The length in milliseconds of a duration in Go's notation (`300ms`, `2h45m`), which Access uses;
 * undefined when it is none. `0` alone is a duration; a sign is not accepted, nor what Go cannot count.
 * See https://pkg.go.dev/time#ParseDuration.
 */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (!/^(\d+(\.\d+)?(ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  return total < TOO_LONG_MS ? total : undefined;
}
