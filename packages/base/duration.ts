const UNIT_SECONDS: Record<string, number> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Go counts nanoseconds in 63 bits: 292 years. */
const TOO_LONG_SECONDS = 2 ** 63 / 1e9;

/**
 * Reads a Go duration such as `24h` or `1h30m`.
 * @returns seconds, or undefined when the text is not one, or one that is longer than Go can count
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    seconds += Number(amount) * (UNIT_SECONDS[unit ?? ""] ?? 0);
  }
  return seconds < TOO_LONG_SECONDS ? seconds : undefined;
}
