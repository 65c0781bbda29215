import { accessSection, lacking } from "#access-section";
import { code, fenced, fitting, size } from "#escape";
import type { JudgesTouched } from "#judges";
import { judgesReason, judgesSection, packagesNote } from "#judges-section";
import { type Marker, type State, writeMarker } from "#marker";
import { type Review, SECTIONS, type Step } from "#review";

/** GitHub refuses a comment of more than 65,536 characters; the rest is for what this count does not see. */
const MAX_COMMENT = 65_000;

/** Bytes that each section but the access one may take at most; they shrink together when access needs the room. */
const BUDGET = {
  tests: 8_000,
  guardrails: 12_000,
  notable: 6_000,
  preview: 12_000,
  diagnostics: 12_000,
} as const;

/** Bytes kept for titles, notes and the link. */
const FRAME = 4_000;

/** Everything a comment is made of. */
export interface Comment {
  marker: Marker;
  /** What was found; absent while it runs, and when nothing usable was handed over. */
  review?: Review;
  /** What the pull request does to what judges it; absent where nobody looked. */
  judges?: JudgesTouched;
  /** Page of the run, where the whole text is. */
  runUrl: string;
  /** The pull request's newest commit, when the comment speaks of an older one. */
  head?: string;
  /** Why there is no review, in our own words. */
  problem?: string;
}

const VERDICTS: Record<State, string> = {
  running: "⏳ The preview is running",
  "no-changes": "✅ No changes",
  changed: "📝 Changes, and nothing forbids them",
  blocked: "⛔ Blocked",
  failed: "❌ The preview failed",
  stale: "🕰️ Out of date",
  fork: "🍴 From a fork: judged in the sandbox, without any credential",
  applied: "🚀 Applied",
  "apply-failed": "🔥 Applying failed: what is live may be half of it",
  "applied-otherwise": "🚨 Applied, and access changed otherwise than was approved",
  "not-verified": "🔥 Applied, and not everybody gets what is declared",
};

/** What a review amounts to. */
export function stateOf(review: Review): State {
  if (reasonsToBlock(review).length > 0) return "blocked";
  if (!review.completed || review.access === undefined) return "failed";
  const isSame = SECTIONS.every((name) => review.access?.sections[name].verdict === "same");
  return review.steps.length === 0 && isSame ? "no-changes" : "changed";
}

/** Why a review must not be merged, one phrase each. */
function reasonsToBlock({ access, accessTests, guardrails, lowered }: Review): string[] {
  const broken = guardrails.filter(({ level }) => level === "mandatory").length;
  const failed = accessTests.failures.length;
  return [
    ...(access === undefined ? [] : lacking(access)),
    failed > 0 ? `${failed} access ${failed === 1 ? "test fails" : "tests fail"}` : undefined,
    broken > 0 ? `${broken} ${broken === 1 ? "guardrail is" : "guardrails are"} not met` : undefined,
    lowered.length > 0
      ? `the config is older than the last rotation of ${lowered.map(code).join(", ")}`
      : undefined,
  ].filter((reason) => reason !== undefined);
}

/**
 * The comment's text. The access section is never cut: the others give way, by whole lines, and say so. Where it
 * does not fit even alone, the comment says that instead, under the verdict that it has.
 */
export function render(comment: Comment): string {
  const access = accessSection(comment.review);
  const room = MAX_COMMENT - size(heading(comment)) - size(access) - FRAME;
  const wanted = Object.values(BUDGET).reduce((sum, bytes) => sum + bytes, 0);
  if (room < 0) return tooLong(comment);
  const scale = Math.min(1, room / wanted);
  const rest = comment.review === undefined ? [] : otherSections(comment.review, scale);
  return join([heading(comment), access, ...rest, link(comment)]);
}

/** The whole text for the run's own page, where there is room for all of it. */
export function renderSummary(comment: Comment): string {
  const rest = comment.review === undefined ? [] : otherSections(comment.review, 8);
  return join([heading(comment), accessSection(comment.review), ...rest, link(comment)]);
}

function join(sections: string[]): string {
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function heading({ marker, review, judges, head, problem }: Comment): string {
  const reasons = [judgesReason(judges), ...(review === undefined ? [] : reasonsToBlock(review))].filter(
    (reason) => reason !== undefined,
  );
  const why = reasons.length > 0 ? `: ${reasons.join(", ")}` : "";
  const lines = [
    writeMarker(marker),
    `### ${VERDICTS[marker.state]}${why}`,
    `${code(marker.key)} at ${code(marker.commit.slice(0, 12))}`,
  ];
  if (marker.state === "stale" && head !== undefined) {
    lines.push(`This is not what would be merged: the newest commit is ${code(head.slice(0, 12))}.`);
  }
  const judged = judgesSection(judges);
  if (judged !== "") lines.push(judged);
  const packages = packagesNote(judges);
  if (packages !== "") lines.push(packages);
  if (problem !== undefined) lines.push(problem);
  return lines.join("\n\n");
}

function otherSections(review: Review, scale: number): string[] {
  const within = (bytes: number) => Math.floor(bytes * scale);
  return [
    tests(review, within(BUDGET.tests)),
    guardrails(review, within(BUDGET.guardrails)),
    changes(review, within(BUDGET.notable)),
    diagnostics(review, within(BUDGET.diagnostics)),
    preview(review, within(BUDGET.preview)),
  ];
}

function tests({ accessTests: { passed, failures } }: Review, bytes: number): string {
  if (failures.length === 0) return `#### Access tests: ${passed === 0 ? "none" : `${passed} passed`}`;
  return bullets(`#### Access tests: ${failures.length} failed, ${passed} passed`, failures.map(code), bytes);
}

function guardrails({ guardrails }: Review, bytes: number): string {
  if (guardrails.length === 0) return "#### Guardrails: met";
  const items = [...guardrails]
    .sort((one, other) => Number(other.level === "mandatory") - Number(one.level === "mandatory"))
    .map(
      ({ rule, level, resource, message }) => `${level} ${code(rule)} on ${code(resource)}: ${code(message)}`,
    );
  return bullets(`#### Guardrails: ${guardrails.length} not met`, items, bytes);
}

const isNotable = ({ op }: Step) => op.includes("replace") || op.startsWith("delete");

/** Counts of all, and by name what is deleted or replaced: those can take something away from somebody. */
function changes({ counts, steps }: Review, bytes: number): string {
  const numbers = Object.entries(counts)
    .filter(([op]) => op !== "same")
    .map(([op, number]) => `${number} ${op}`);
  const same = counts["same"] ?? 0;
  const title = `#### Resources: ${numbers.length > 0 ? `${numbers.join(", ")}, ` : ""}${same} unchanged`;
  const notable = steps.filter(isNotable);
  if (notable.length === 0) return title;
  return bullets(
    title,
    notable.map(({ op, type, name }) => `**${op}** ${code(name)}, ${code(type)}`),
    bytes,
  );
}

function diagnostics({ diagnostics }: Review, bytes: number): string {
  if (diagnostics.length === 0) return "";
  const { kept, cut } = fitting(diagnostics, bytes);
  return ["#### What the engine says", fenced(kept), ...note(cut)].join("\n\n");
}

function preview({ steps }: Review, bytes: number): string {
  if (steps.length === 0) return "";
  const lines = steps.map(({ op, type, name, properties }) => {
    return `${op} ${type} ${name}${properties.length > 0 ? `: ${properties.join(", ")}` : ""}`;
  });
  const { kept, cut } = fitting(lines, bytes);
  const folded = `<details><summary>Every resource that changes</summary>\n\n${fenced(kept)}\n\n</details>`;
  return [folded, ...note(cut)].join("\n\n");
}

function bullets(title: string, items: string[], bytes: number): string {
  const { kept, cut } = fitting(
    items.map((item) => `- ${item}`),
    bytes,
  );
  return [title, ...(kept.length > 0 ? [kept.join("\n")] : []), ...note(cut)].join("\n\n");
}

function note(cut: number): string[] {
  return cut === 0
    ? []
    : [`_${cut} more ${cut === 1 ? "line is" : "lines are"} left out here; the run has all._`];
}

function link({ runUrl }: Comment): string {
  return `[The run, with the whole text](${runUrl})`;
}

/** The least that a comment can say: a reader must never take a part of the access changes for all of them. */
export function tooLong(comment: Comment): string {
  const problem = "What was found is too long for a comment. Read it in the run.";
  return join([heading({ ...comment, problem }), link(comment)]);
}
