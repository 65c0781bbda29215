import { INTRUDERS, WHO_NAMES } from "./target";

/** How a row ended. `person`: it needs somebody to try it. `not-applicable`: nothing there to try, and why. */
export type RowResult = "passed" | "failed" | "person" | "not-applicable";

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
  result: RowResult;
  /** Anything else worth knowing: which barrier refused, why nothing was tried. */
  detail?: string;
  /** Of a failed row: what probably is wrong. */
  cause?: string;
  /** Of a failed row or one for a person: what to do. */
  next?: string;
  /** Milliseconds. */
  ms: number;
  /** A picture of what the browser showed, as a data URI. */
  screenshot?: string;
}

/** How many rows ended how. */
export interface VerifySummary {
  passed: number;
  failed: number;
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
    person: count("person"),
    notApplicable: count("not-applicable"),
  };
  const verdict = verdictOf(counts);
  return {
    ...counts,
    verdict: rows.some(isIntrusion) ? `ComfyUI is open to the wrong callers. ${verdict}` : verdict,
  };
}

/** Worse than any other failure: somebody got to ComfyUI who must not. */
function isIntrusion({ result, group, who, got }: VerifyRow): boolean {
  if (result !== "failed") return false;
  const keptOut = INTRUDERS.some((intruder) => WHO_NAMES[intruder] === who);
  return group === "around" || (group === "matrix" && keptOut && /from ComfyUI$|^opened/.test(got));
}

function verdictOf({ passed, failed, person, notApplicable }: Omit<VerifySummary, "verdict">): string {
  const tried = passed + failed;
  const open = [
    ...(person > 0 ? [`${person} need${person === 1 ? "s" : ""} a person`] : []),
    ...(notApplicable > 0 ? [`${notApplicable} could not be tried`] : []),
  ];
  const rest = open.length > 0 ? `; ${open.join(", ")}` : "";
  if (tried === 0) return `Nothing could be tried${rest}.`;
  if (failed > 0) return `${failed} of ${tried} checks are not as declared${rest}.`;
  return `All ${tried} checks are as declared${rest}.`;
}

/**
 * The exit code of a report: 0 everything tried is as declared, 1 something is not or nothing could be tried,
 * 4 nothing is wrong but some rows need a person.
 */
export function exitCode({ summary }: Pick<VerifyReport, "summary">): 0 | 1 | 4 {
  if (summary.failed > 0 || summary.passed === 0) return 1;
  return summary.person > 0 ? 4 : 0;
}
