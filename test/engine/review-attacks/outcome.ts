import { JUDGES_HEADING } from "../../../packages/github/plain/judges-section";
import { type Review, SECTIONS } from "../../../packages/github/plain/review";
import type { Attack } from "./attack";

/** What a review says of a change. */
export interface Outcome {
  /** Whether the check of the pull request passes without any label. */
  green: boolean;
  /** What each section that is not the same comes to; `no review` where nothing could be compared. */
  verdict: string;
  /** The comment's first heading. */
  heading: string;
  /** Every line with the part of the review that it stands in: the judges, a section, a guardrail, or what the engine says. */
  lines: { part: string; text: string }[];
  /** What the jobs printed. */
  said: string;
}

interface Ended {
  /** Of the job that comments, which is the check. */
  code: number | null;
  comment: string;
  /** What was handed over, if anything. */
  review: string | undefined;
  said: string;
}

export function outcomeOf({ code, comment, review, said }: Ended): Outcome {
  const found = review === undefined ? {} : (JSON.parse(review) as Partial<Review>);
  const heading = /^### (.*)$/m.exec(comment)?.[1] ?? "no comment";
  return {
    green: code === 0,
    verdict: verdictOf(found),
    heading,
    lines: [...judgesLines(comment), ...linesOf(found)],
    said,
  };
}

function verdictOf({ access }: Partial<Review>): string {
  if (access === undefined) return "no review";
  const verdicts = SECTIONS.map((name) => [name, access.sections[name].verdict] as const);
  const changed = verdicts.filter(([, verdict]) => verdict !== "same");
  return changed.map(([name, verdict]) => `${name} ${verdict}`).join(", ") || "same";
}

/** What stands above everything else; the review does not know of it. */
function judgesLines(comment: string): Outcome["lines"] {
  const [, told = ""] = comment.split(`${JUDGES_HEADING}\n`);
  const [own = ""] = told.split("\n#");
  const lines = own.split("\n").filter((line) => line.startsWith("- "));
  return lines.map((text) => ({ part: "judges", text }));
}

function linesOf(review: Partial<Review>): Outcome["lines"] {
  const { access, accessTests, guardrails = [], diagnostics = [] } = review;
  return [
    ...SECTIONS.flatMap((part) => (access?.sections[part].lines ?? []).map((text) => ({ part, text }))),
    ...(accessTests?.failures ?? []).map((text) => ({ part: "access tests", text })),
    ...guardrails.map(({ rule, message }) => ({ part: `guardrail ${rule}`, text: message })),
    ...diagnostics.map((text) => ({ part: "refused", text })),
  ];
}

/**
 * How a review deals with an attack.
 * - `green`: its check passes;
 * - `unnamed`: it is stopped, and where somebody would look nothing says by what: a guardrail may;
 * - `named`: it is stopped, and named in its section or among what is not judged.
 */
export type Dealt = "green" | "unnamed" | "named";

/** How the review deals with an attack, and where it names it. */
export function judged(
  { named, section }: Attack,
  { green, lines }: Outcome,
): { dealt: Dealt; parts: string[] } {
  const parts = [...new Set(lines.flatMap(({ text, part }) => (named.test(text) ? [part] : [])))];
  if (green) return { dealt: "green", parts };
  const isNamed = parts.includes(section) || parts.includes("notJudged");
  return { dealt: isNamed ? "named" : "unnamed", parts };
}
