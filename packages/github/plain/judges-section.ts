import { code, fitting } from "#escape";
import { FOUND, JUDGES_LABEL, type JudgesTouched, needsJudgesLabel } from "#judges";

/** Bytes that the lists may take; what does not fit is counted. */
const ROOM = 8_000;

/** Begins what stands of it in a comment. */
export const JUDGES_HEADING = "#### ⚖️ This changes what judges it";

/** Above everything else in a comment: what the pull request does to what judges it. Empty when that is nothing. */
export function judgesSection(judges: JudgesTouched | undefined): string {
  if (judges === undefined || !needsJudgesLabel(judges)) return "";
  const { touched, found, unknown, agreed } = judges;
  const items = [
    ...unknown.map((line) => `- cannot be told: ${code(line)}`),
    ...found.map(({ kind, line }) => `- ${FOUND[kind]}: ${code(line)}`),
    ...touched.map(({ what, files }) => `- ${what}: ${files.map(code).join(", ")}`),
  ];
  const { kept, cut } = fitting(items, ROOM);
  const more =
    cut === 0
      ? []
      : [`_${cut} more ${cut === 1 ? "line is" : "lines are"} left out: see the changed files._`];
  const label = `The label ${code(JUDGES_LABEL)} agrees to that.`;
  return [
    JUDGES_HEADING,
    "What stands below may have been judged by the pull request's own rules. Read these first:",
    ...(kept.length > 0 ? [kept.join("\n")] : []),
    ...more,
    agreed ? label : `**${label}** It is missing.`,
  ].join("\n\n");
}

/** What asks for no label, and is good to know: that the review runs with other packages. Empty when it does not. */
export const packagesNote = (judges: JudgesTouched | undefined): string =>
  judges === undefined || judges.versions.length === 0
    ? ""
    : `📦 The packages that the review itself runs with change: ${judges.versions.map(code).join(", ")}.`;

/** Why the change must not be merged, as a phrase; undefined when nothing is missing. */
export const judgesReason = (judges: JudgesTouched | undefined): string | undefined =>
  judges !== undefined && needsJudgesLabel(judges) && !judges.agreed
    ? `it changes what judges it without the label ${code(JUDGES_LABEL)}`
    : undefined;
