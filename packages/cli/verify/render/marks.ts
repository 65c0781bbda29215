import type { RowResult } from "../report";

/** One character per result, the same in every form of the report. */
export const MARKS: Record<RowResult, string> = {
  passed: "✓",
  failed: "✗",
  undecided: "~",
  person: "?",
  "not-applicable": "–",
};

/** What each mark means. */
export const MARK_NAMES: Record<RowResult, string> = {
  passed: "as declared",
  failed: "not as declared",
  undecided: "not decided",
  person: "needs a person",
  "not-applicable": "could not be tried",
};
