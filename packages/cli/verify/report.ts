import type { Cause } from "./cause";
import type { Outcome } from "./outcome";

/**
 * How a row ended. `undecided`: it was tried, and the answer does not say whether it is as declared. `person`: it needs
 * somebody to try it. `not-applicable`: nothing there to try, and why.
 */
export type RowResult = "passed" | "failed" | "undecided" | "person" | "not-applicable";

/** The parts of a report, in order. */
export type RowGroup = "matrix" | "session" | "tests" | "around" | "barriers" | "neighbours";

/** Titles of the parts, as a reader sees them. */
export const GROUP_TITLES: Record<RowGroup, string> = {
  matrix: "Who gets what",
  session: "Login and logout",
  tests: "Access tests of the stack",
  around: "Ways around Access",
  barriers: "Keys and barriers",
  neighbours: "Other host names of the tunnel",
};

/** One thing that was tried. Holds no secret. */
export interface VerifyRow {
  /** Unique in the report and the same in every run, e.g. `comfyui/nobody/page`. */
  id: string;
  group: RowGroup;
  /** Name of the application, when the row is about one. */
  application?: string;
  /** Who asked, e.g. `no credential`. */
  who: string;
  /** What was asked for, e.g. `WebSocket`. */
  what: string;
  expected: string;
  /** What came; empty when nothing was tried. */
  got: string;
  /** What came, as a row of the matrix was judged by it. */
  outcome?: Outcome;
  result: RowResult;
  /** Anything else worth knowing: which barrier refused, why nothing was tried. */
  detail?: string;
  /** Of a row that failed or is not decided: what probably is wrong, by code, with what it was told by. */
  finding?: Cause;
  /** The same in words. */
  cause?: string;
  /** Of a row that is not as declared, not decided or for a person: what to do. */
  next?: string;
  /** Milliseconds. */
  ms: number;
  /** What somebody got to who must not: ComfyUI, or the application's name. Worse than any other failure. */
  intrusion?: string;
  /** A picture of what the browser showed, as a data URI. */
  screenshot?: string;
}

/** How many rows ended how. */
export interface VerifySummary {
  passed: number;
  failed: number;
  undecided: number;
  person: number;
  notApplicable: number;
  /** One sentence: the verdict. */
  verdict: string;
}

/** Everything that one run of `verify` found. Holds no secret. */
export interface VerifyReport {
  /** ISO date and time. */
  startedAt: string;
  durationMs: number;
  /** What was verified, e.g. `sandbox, stack dev`. */
  environment: string;
  applications: { name: string; url: string }[];
  /** Facts for the head of the report: what was used and what was not, one sentence each. */
  notes: string[];
  rows: VerifyRow[];
  summary: VerifySummary;
}

/** Counts the rows and says the verdict. */
export function summarize(rows: readonly VerifyRow[]): VerifySummary {
  const count = (result: RowResult) => rows.filter((row) => row.result === result).length;
  const counts = {
    passed: count("passed"),
    failed: count("failed"),
    undecided: count("undecided"),
    person: count("person"),
    notApplicable: count("not-applicable"),
  };
  const open = [...new Set(rows.flatMap(({ intrusion }) => intrusion ?? []))];
  const verdict = verdictOf(counts);
  if (open.length === 0) return { ...counts, verdict };
  const are = `${open.join(", ")} ${open.length === 1 ? "is" : "are"} open to the wrong callers.`;
  return { ...counts, verdict: `${are} ${verdict}` };
}

function verdictOf({
  passed,
  failed,
  undecided,
  person,
  notApplicable,
}: Omit<VerifySummary, "verdict">): string {
  const tried = passed + failed + undecided;
  const open = [
    ...(failed > 0 && undecided > 0 ? [`${undecided} not decided`] : []),
    ...(person > 0 ? [`${person} need${person === 1 ? "s" : ""} a person`] : []),
    ...(notApplicable > 0 ? [`${notApplicable} could not be tried`] : []),
  ];
  const rest = open.length > 0 ? `; ${open.join(", ")}` : "";
  if (tried === 0) return `Nothing could be tried${rest}.`;
  if (failed > 0) return `${failed} of ${tried} checks are not as declared${rest}.`;
  if (undecided > 0) return `${undecided} of ${tried} checks are not decided${rest}.`;
  return `All ${tried} checks are as declared${rest}.`;
}

/**
 * The exit code of a report: 0 everything tried is as declared, 1 something is not or nothing could be tried, 3 nothing
 * is wrong but some rows are not decided, 4 nothing is wrong but some rows need a person.
 */
export function exitCode({ summary }: Pick<VerifyReport, "summary">): 0 | 1 | 3 | 4 {
  const { failed, passed, undecided, person } = summary;
  if (failed > 0 || passed + undecided === 0) return 1;
  if (undecided > 0) return 3;
  return person > 0 ? 4 : 0;
}
