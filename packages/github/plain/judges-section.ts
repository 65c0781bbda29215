import { code, fitting } from "#escape";
import { JUDGES_LABEL, type JudgesTouched, needsJudgesLabel } from "#judges";

/** Bytes that the lists may take; what does not fit is counted. */
const ROOM = 8_000;

/** Above everything else in a comment: what the pull request does to what judges it. Empty when that is nothing. */
export function judgesSection(judges: JudgesTouched | undefined): string {
  if (judges === undefined || !needsJudgesLabel(judges)) return "";
  const { touched, lost, unknown, agreed } = judges;
  const items = [
    ...lost.map((line) => `- access test removed or changed: ${code(line)}`),
    ...unknown.map((line) => `- cannot be told: ${code(line)}`),
    ...touched.map(({ what, files }) => `- ${what}: ${files.map(code).join(", ")}`),
  ];
  const { kept, cut } = fitting(items, ROOM);
  const more =
    cut === 0
      ? []
      : [`_${cut} more ${cut === 1 ? "line is" : "lines are"} left out: see the changed files._`];
  const label = `The label ${code(JUDGES_LABEL)} agrees to that.`;
  return [
    "#### ⚖️ This changes what judges it",
    "What stands below may have been judged by the pull request's own rules. Read these first:",
    ...(kept.length > 0 ? [kept.join("\n")] : []),
    ...more,
    agreed ? label : `**${label}** It is missing.`,
  ].join("\n\n");
}

/** Why the change must not be merged, as a phrase; undefined when nothing is missing. */
export const judgesReason = (judges: JudgesTouched | undefined): string | undefined =>
  judges !== undefined && needsJudgesLabel(judges) && !judges.agreed
    ? `it changes what judges it without the label ${code(JUDGES_LABEL)}`
    : undefined;
