import type { DriftReport, Verdict } from "./types";

/** Which of what was found ends a command with a code of its own. */
export type FailOn = "change" | "widening";

/** In `--help` and in the documentation. */
export const EXIT_CODES =
  "Exit 0: as the last `up` left it, 1: failed, or a check could not be made, 2: wrong use, " +
  "3: something changed, but nobody gains access by it, " +
  "4: somebody can get in who could not before, or a guard is gone";

const CODES: Record<Verdict, number> = { none: 0, changed: 3, widened: 4 };

/** The worst that is known counts: that somebody gets in before a check that could not be made, and that before a change. */
export function exitCode({ verdict, failures }: DriftReport, failOn: FailOn = "change"): number {
  if (verdict === "widened") return CODES.widened;
  if (failures.length > 0) return 1;
  return failOn === "widening" ? 0 : CODES[verdict];
}
