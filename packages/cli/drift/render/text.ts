import type { DriftReport } from "../types";
import {
  comparedWords,
  type Group,
  partsOf,
  RESULTS,
  sinceWords,
  unseenWords,
  verdictWords,
} from "./sections";

/** The report for a terminal. */
export function renderText(report: DriftReport): string {
  const { word, text } = verdictWords(report);
  const parts = partsOf(report).map(({ title, groups }) => {
    return [title, ...groups.flatMap((group) => [...groupLines(group)])].join("\n");
  });
  return `${[
    `Drift of ${report.environment}${sinceWords(report)}\n\n${word}: ${text}`,
    ...parts,
    ...unseenPart(report),
    comparedWords(report),
  ].join("\n\n")}\n`;
}

function groupLines({ heading, lines }: Group): string[] {
  const indent = heading === "" ? "  " : "    ";
  const width = Math.min(40, Math.max(0, ...lines.map(({ about }) => about.length)));
  return [
    ...(heading === "" ? [] : [`  ${heading}`]),
    ...lines.flatMap(({ about, text, opens }) => [
      `${indent}${about === "" ? "" : `${about.padEnd(width)}  `}${text}`,
      ...(opens === undefined ? [] : [`${indent}  ! ${opens}`]),
    ]),
  ];
}

/** Apart from what was found: nobody has to act on it, but has to know it. */
function unseenPart({ unseen }: DriftReport): string[] {
  if (unseen.length === 0) return [];
  const width = Math.max(...unseen.map(({ result }) => RESULTS[result].length));
  const lines = unseen.flatMap((each) => [
    `  ${RESULTS[each.result].padEnd(width)}  ${each.what}`,
    `  ${" ".repeat(width)}    ${each.why}`,
    ...(each.checked === undefined && each.detail === undefined
      ? []
      : [`  ${" ".repeat(width)}    → ${unseenWords(each)}`]),
  ]);
  return [["Cannot be seen, and how it was checked instead", ...lines].join("\n")];
}
