import { WIDTH, wrapped as wrappedAt } from "../../../base/wrap";
import { GROUP_TITLES, type RowGroup, type VerifyReport, type VerifyRow } from "../report";
import { WHAT, WHAT_NAMES, WHO, WHO_NAMES } from "../target";
import { type AlikeRows, alike, isOpen, titleOf } from "./alike";
import { MARK_NAMES, MARKS } from "./marks";

const NAME_WIDTH = 20;
const LABEL_WIDTH = 10;

/** The report as text of at most 100 columns: the matrix, the other checks, then each failure in detail. */
export function toTable(report: VerifyReport): string {
  const lines = [
    ...wrapped(`${report.environment}: ${report.summary.verdict}`, 0),
    ...report.notes.flatMap((note) => wrapped(note, 2)),
    "",
    ...report.applications.flatMap(({ name, url }) => [...matrix(report.rows, name, url), ""]),
    `  ${Object.entries(MARKS)
      .map(([result, mark]) => `${mark} ${MARK_NAMES[result as keyof typeof MARKS]}`)
      .join("   ")}`,
    "",
    ...OTHER_GROUPS.flatMap((group) => list(report.rows, group)),
    ...alike(report.rows.filter(({ result }) => result === "failed")).flatMap(failure),
    ...alike(report.rows.filter(({ result }) => result === "undecided")).flatMap(failure),
    ...alike(report.rows.filter(isOpen)).flatMap(open),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

const OTHER_GROUPS: readonly RowGroup[] = ["session", "tests", "around", "barriers", "neighbours"];

function matrix(rows: readonly VerifyRow[], application: string, url: string): string[] {
  const own = rows.filter((row) => row.group === "matrix" && row.application === application);
  const columns = WHAT.map((what) => WHAT_NAMES[what]);
  const line = (cells: readonly string[]) =>
    cells.map((cell, index) => cell.padEnd((columns[index] ?? "").length + 3)).join("");
  return [
    `  ${application}  ${url}`,
    "",
    `  ${"".padEnd(NAME_WIDTH)}${line(columns)}`.trimEnd(),
    ...WHO.flatMap((who) => {
      const cells = own.filter((row) => row.who === WHO_NAMES[who]);
      if (cells.length === 0) return [];
      const marks = WHAT.map((what) => {
        const cell = cells.find((row) => row.what === WHAT_NAMES[what]);
        return cell === undefined ? "" : MARKS[cell.result];
      });
      return `  ${WHO_NAMES[who].padEnd(NAME_WIDTH)}${line(marks)}`.trimEnd();
    }),
  ];
}

function list(rows: readonly VerifyRow[], group: RowGroup): string[] {
  const own = rows.filter((row) => row.group === group);
  if (own.length === 0) return [];
  const named = own.map((row) => ({ row, name: `${row.who}, ${row.what}` }));
  const width = Math.min(52, Math.max(...named.map(({ name }) => name.length)));
  return [
    `  ${GROUP_TITLES[group]}`,
    ...named.map(({ row, name }) =>
      cut(
        `  ${MARKS[row.result]} ${cut(name, width).padEnd(width)}  ${row.got || row.detail || ""}`,
        WIDTH,
      ).trimEnd(),
    ),
    "",
  ];
}

function failure(rows: AlikeRows): string[] {
  return [
    ...wrapped(`${MARKS[rows.result]} ${titleOf(rows)}`, 2),
    ...labelled("expected", rows.expected.join("; ")),
    ...labelled("got", rows.got),
    ...labelled("barrier", rows.detail),
    ...labelled("cause", rows.cause),
    ...labelled("next", rows.next),
    "",
  ];
}

function open(rows: AlikeRows): string[] {
  return [
    ...wrapped(`${MARKS[rows.result]} ${titleOf(rows)}`, 2),
    ...labelled("why", rows.detail),
    ...labelled("next", rows.next),
    "",
  ];
}

function labelled(label: string, text: string | undefined): string[] {
  if (text === undefined || text === "") return [];
  const [first = "", ...rest] = wrapped(text, LABEL_WIDTH + 4);
  return [`    ${label.padEnd(LABEL_WIDTH)}${first.trimStart()}`, ...rest];
}

/** What is too long for a line, such as a command, is broken anywhere. */
const wrapped = (text: string, indent: number): string[] => wrappedAt(text, indent, { cutsWords: true });

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
