import { parseDuration as secondsOf } from "../../base/duration";

/**
 * The length in milliseconds of a duration in Go's notation (`300ms`, `2h45m`), which Access uses;
 * undefined when it is none. `0` alone is a duration; a sign is not accepted, nor what Go cannot count.
 * See https://pkg.go.dev/time#ParseDuration.
 */
export function parseDuration(text: string): number | undefined {
  // Go takes both of Unicode's signs for micro.
  const seconds = text === "0" ? 0 : secondsOf(text.replaceAll("μs", "µs"));
  return seconds === undefined ? undefined : seconds * 1000;
}
