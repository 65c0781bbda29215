import type { Severity } from "../../base/finding";
import { wrapped } from "../../base/wrap";
import { type Checked as AnyChecked, exitCode, type Report } from "./doctor";
import type { ToldFinding } from "./words";

type Checked = AnyChecked<ToldFinding>;

const MARKS: Record<Checked["status"], string> = { ok: "✓", error: "✗", warning: "!", skipped: "–" };
/** Sentences are broken there; what is to be copied never is. */
const COLUMNS = 110;

/** The report for a terminal: a line for each thing looked at, more only for what is not as it should be. */
export function toText(report: Report): string {
  const { checks, environment, purpose } = report;
  const width = Math.max(...checks.map(({ title }) => title.length));
  const isBare = ({ status, notes }: Checked) => status === "skipped" && notes.length === 0;
  const blocks = [
    ...checks.filter((check) => !isBare(check)).map((check) => blockOf(check, width)),
    ...skippedBlocks(checks.filter(isBare), width),
  ];
  return `${environment}, as ${purpose} needs it\n\n${blocks.join("\n")}\n\n${totals(report)}\n`;
}

function blockOf({ title, status, summary, findings, notes }: Checked, width: number): string {
  const [first, ...rest] = findings;
  const said =
    first === undefined
      ? [line(MARKS[status], title, status === "skipped" ? `not looked at: ${summary}` : summary, width)]
      : [first, ...rest].map((each, index) =>
          line(MARKS[each.severity], index === 0 ? title : "", bodyOf(each, width), width),
        );
  return [...said, ...notes.map((note) => `${indentOf(width)}${note}`)].join("\n");
}

/** One block for all that the same reason keeps from being looked at. */
function skippedBlocks(skipped: readonly Checked[], width: number): string[] {
  const reasons = [...new Set(skipped.map(({ summary }) => summary))];
  return reasons.map((reason) => {
    const titles = skipped.filter(({ summary }) => summary === reason).map(({ title }) => title);
    return line(MARKS.skipped, "not looked at", folded(`${titles.join(", ")}: ${reason}`, width), width);
  });
}

const indentOf = (width: number): string => " ".repeat(width + 4);

const line = (mark: string, title: string, text: string, width: number): string =>
  `${mark} ${title.padEnd(width)}  ${text.replaceAll("\n", `\n${indentOf(width)}`)}`;

const bodyOf = ({ what, why, mend }: ToldFinding, width: number): string =>
  [folded(what, width), folded(why, width), `→ ${mend}`].join("\n");

const folded = (text: string, width: number): string =>
  wrapped(text, 0, { width: COLUMNS - width - 4 }).join("\n");

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
  const verdict = { 0: "sound", 3: "errors", 4: "warnings" }[exitCode(report)];
  return `${JSON.stringify({ verdict, ...report }, null, 2)}\n`;
}
