import { GROUP_TITLES, type RowGroup, type VerifyReport, type VerifyRow } from "../report";
import { escaped } from "./markup";

/**
 * The report as JUnit XML, one suite per part, for a CI system to show.
 * What was not tried is `skipped` and what is not decided an `error`, neither ever passed.
 */
export function toJUnit(report: VerifyReport): string {
  const groups = (Object.keys(GROUP_TITLES) as RowGroup[])
    .map((group) => ({ group, rows: report.rows.filter((row) => row.group === group) }))
    .filter(({ rows }) => rows.length > 0);
  const suites = groups.map(({ group, rows }) => suite(GROUP_TITLES[group], rows, report.startedAt));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="comfyui-access verify"${counts(report.rows)} time="${seconds(report.durationMs)}">`,
    ...suites,
    "</testsuites>",
    "",
  ].join("\n");
}

function suite(name: string, rows: readonly VerifyRow[], startedAt: string): string {
  const time = seconds(rows.reduce((sum, row) => sum + row.ms, 0));
  const head = `name="${escaped(name)}"${counts(rows)} timestamp="${escaped(startedAt)}" time="${time}"`;
  return [`  <testsuite ${head}>`, ...rows.map(testCase), "  </testsuite>"].join("\n");
}

function counts(rows: readonly VerifyRow[]): string {
  const failed = rows.filter((row) => row.result === "failed").length;
  const skipped = rows.filter((row) => row.result === "person" || row.result === "not-applicable").length;
  const undecided = rows.filter((row) => row.result === "undecided").length;
  return ` tests="${rows.length}" failures="${failed}" errors="${undecided}" skipped="${skipped}"`;
}

function testCase(row: VerifyRow): string {
  const name = escaped(`${row.who}: ${row.what}`);
  const className = escaped(`verify.${row.application ?? row.group}`);
  const head = `    <testcase name="${name}" classname="${className}" time="${seconds(row.ms)}"`;
  if (row.result === "passed") return `${head}/>`;
  const wrong = { failed: "failure", undecided: "error", person: undefined, "not-applicable": undefined };
  const tag = wrong[row.result];
  const inner =
    tag !== undefined
      ? `<${tag} message="${escaped(`expected ${row.expected}, got ${row.got}`)}">${escaped(
          [row.detail, row.cause, row.next].filter((text) => text !== undefined).join("\n"),
        )}</${tag}>`
      : `<skipped message="${escaped([row.detail, row.next].filter((text) => text !== undefined).join(" "))}"/>`;
  return `${head}>\n      ${inner}\n    </testcase>`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
