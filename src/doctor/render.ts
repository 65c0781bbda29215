import type { Checked } from "./check";
import { exitCode, type Report } from "./doctor";
import type { Finding, Severity } from "./findings";

const MARKS: Record<Checked["status"], string> = { ok: "✓", error: "✗", warning: "!", skipped: "–" };

/** The report for a terminal: a line for each thing looked at, more only for what is not as it should be. */
export function toText(report: Report): string {
  const { checks, environment, purpose } = report;
  const width = Math.max(...checks.map(({ title }) => title.length));
  const blocks = checks.map((check) => blockOf(check, width));
  return `${environment}, before ${purpose}\n\n${blocks.join("\n")}\n\n${totals(report)}\n`;
}

function blockOf({ title, status, summary, findings, notes }: Checked, width: number): string {
  const indent = " ".repeat(width + 4);
  const mark = MARKS[status];
  const said = notes.map((note) => `${indent}${note}`);
  const [first, ...rest] = findings;
  if (first === undefined) {
    const skipped = status === "skipped" ? "not looked at: " : "";
    return [`${mark} ${title.padEnd(width)}  ${skipped}${summary}`, ...said].join("\n");
  }
  const lines = [
    `${mark} ${title.padEnd(width)}  ${bodyOf(first, indent)}`,
    ...rest.map((each) => `${MARKS[each.severity]} ${" ".repeat(width)}  ${bodyOf(each, indent)}`),
  ];
  return [...lines, ...said].join("\n");
}

const bodyOf = ({ what, why, mend }: Finding, indent: string): string =>
  [what, why, `→ ${mend}`].join(`\n${indent}`);

function totals(report: Report): string {
  const findings = report.checks.flatMap((check) => check.findings);
  const count = (severity: Severity) => findings.filter((each) => each.severity === severity).length;
  const skipped = report.checks.filter(({ status }) => status === "skipped").length;
  const parts = [
    numbered(count("error"), "error"),
    numbered(count("warning"), "warning"),
    skipped === 0 ? undefined : `${skipped} not looked at`,
  ].filter((part) => part !== undefined);
  return parts.length === 0
    ? `Sound: ${report.checks.length} checks, nothing found.`
    : `${parts.join(", ")}.`;
}

function numbered(count: number, word: string): string | undefined {
  if (count === 0) return undefined;
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** The report for programs. */
export function toJson(report: Report): string {
  const findings = report.checks.flatMap((check) => check.findings);
  const verdict = { 0: "sound", 3: "errors", 4: "warnings" }[exitCode(report)];
  return `${JSON.stringify({ verdict, ...report, findings }, null, 2)}\n`;
}
