import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { CallName, Fault } from "./faults";
import type { OperationName } from "./operations";

/** One case: an operation disturbed at one call by one fault, and the same command again. */
export interface Row {
  operation: OperationName;
  call: string;
  nth: number;
  fault: Fault;
  /** How the disturbed run ended; null: killed. */
  first: number | null;
  /** How the next one ended. */
  next: number | null;
  /** Whether `recover` was needed before it: the run was cut off. */
  recovered: boolean;
  /** Objects that `orphans` lists in the end. */
  orphans: string[];
  /** How often a stranger looked. */
  looks: number;
  /** Versions of stored secrets that are enabled beyond those after an undisturbed run. */
  versions: number;
  /** Whether one run more changes what this one left. */
  later: boolean;
  /** Why the case does not hold; none when it does. */
  problems: string[];
  ms: number;
}

/** Rows that are written down as they come, and read back by a run that goes on. */
export class Rows {
  readonly all: Row[];

  /** @param file where to write them; absent: nowhere */
  constructor(private readonly file?: string) {
    const text = file !== undefined && existsSync(file) ? readFileSync(file, "utf8") : "";
    this.all = text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Row);
  }

  has(operation: OperationName, { key, nth }: CallName, fault: Fault): boolean {
    return this.all.some(
      (row) => row.operation === operation && row.call === key && row.nth === nth && row.fault === fault,
    );
  }

  add(row: Row): void {
    this.all.push(row);
    if (this.file !== undefined) appendFileSync(this.file, `${JSON.stringify(row)}\n`);
  }
}

const HEAD = [
  "operation",
  "calls",
  "faults",
  "cases",
  "hold",
  "a run later",
  "fail",
  "1st: 0",
  "1st: failed",
  "1st: killed",
  "recovered",
  "orphans",
  "versions",
  "looks",
  "s/case",
];

/** Counts by operation, as a table of Markdown. */
export function summary(rows: readonly Row[]): string {
  const names = [...new Set(rows.map(({ operation }) => operation))];
  const body = names.map((name) =>
    counts(
      name,
      rows.filter(({ operation }) => operation === name),
    ),
  );
  const all = names.length > 1 ? [counts("all", rows)] : [];
  return markdown([HEAD, ...body, ...all]);
}

function counts(name: string, rows: readonly Row[]): string[] {
  const of = (test: (row: Row) => boolean) => String(rows.filter(test).length);
  return [
    name,
    String(new Set(rows.map(({ operation, call, nth }) => `${operation} ${call} ${nth}`)).size),
    String(new Set(rows.map(({ fault }) => fault)).size),
    String(rows.length),
    of(({ problems }) => problems.length === 0),
    of(({ later }) => later),
    of(({ problems }) => problems.length > 0),
    of(({ first }) => first === 0),
    of(({ first }) => first !== 0 && first !== null),
    of(({ first }) => first === null),
    of(({ recovered }) => recovered),
    of(({ orphans }) => orphans.length > 0),
    of(({ versions }) => versions !== 0),
    String(rows.reduce((sum, { looks }) => sum + looks, 0)),
    (rows.reduce((sum, { ms }) => sum + ms, 0) / Math.max(1, rows.length) / 1000).toFixed(1),
  ];
}

function markdown(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(" | ")} |`;
  const rule = `|${widths.map((width, at) => (at === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line)].join("\n");
}

/** One case on one line. */
export function lineOf({
  operation,
  call,
  nth,
  fault,
  first,
  next,
  recovered,
  orphans,
  problems,
  later,
  versions,
  ms,
}: Row): string {
  const after = [
    recovered ? "recovered" : "",
    later ? "one run later" : "",
    versions === 0 ? "" : `${versions} more versions`,
    ...orphans.map((orphan) => `orphan ${orphan}`),
  ]
    .filter(Boolean)
    .join(", ");
  const cells = [
    problems.length === 0 ? "holds" : "FAILS",
    operation.padEnd(7),
    `${call}${nth === 1 ? "" : ` (${nth})`}`.padEnd(60),
    fault.padEnd(21),
    `${first ?? "killed"}`.padEnd(6),
    `${next ?? "killed"}`,
    `${(ms / 1000).toFixed(1)} s`,
    after,
  ];
  return [cells.join("  ").trimEnd(), ...problems.map((problem) => `         ${problem}`)].join("\n");
}
