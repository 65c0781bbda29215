import { escaped } from "../../access-diff/report";
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

/** The report as Markdown, for an issue or a run's page; nothing of a name can become markup. */
export function renderMarkdown(report: DriftReport): string {
  const { word, text } = verdictWords(report);
  const parts = partsOf(report).map(({ title, groups }) =>
    [`#### ${title}`, ...groups.map(groupLines)].join("\n\n"),
  );
  return `${[
    `### Drift of ${escaped(report.environment)}: **${word}**`,
    `${capital(`${sinceWords(report).trimStart()}: ${text}`.replace(/^: /, ""))}.`,
    ...parts,
    ...unseenPart(report),
    `<sub>${comparedWords(report)}</sub>`,
  ].join("\n\n")}\n`;
}

function groupLines({ heading, lines }: Group): string {
  const items = lines.flatMap(({ about, text, opens }) => [
    `- ${about === "" ? "" : `\`${about.replaceAll("`", "'")}\` `}${escaped(text)}`,
    ...(opens === undefined ? [] : [`  - ⚠️ ${escaped(opens)}`]),
  ]);
  return [...(heading === "" ? [] : [`**${escaped(heading)}**`, ""]), ...items].join("\n");
}

function unseenPart({ unseen }: DriftReport): string[] {
  if (unseen.length === 0) return [];
  const rows = unseen.map((each) => {
    const cells = [each.what, each.why, unseenWords(each), RESULTS[each.result]];
    return `| ${cells.map((cell) => escaped(cell).replaceAll("\n", " ")).join(" | ")} |`;
  });
  return [
    [
      "<details><summary>Cannot be seen, and how it was checked instead</summary>",
      ["| what | why | checked instead | result |", "|---|---|---|---|", ...rows].join("\n"),
      "</details>",
    ].join("\n\n"),
  ];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
