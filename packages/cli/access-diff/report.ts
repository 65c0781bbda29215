import type { AccessDiff, DiffVerdict } from "./access-diff";
import type { Entry } from "./entries";
import type { Fact } from "./facts";

const VERDICTS: Record<DiffVerdict, string> = {
  "no change": "NO CHANGE in who gets in",
  narrowed: "NARROWED: nobody gains access",
  widened: "WIDENED: somebody gains access, keeps it for longer, or gets secrets",
  "not decided": "NOT DECIDED: the plan does not tell who gets in",
};

/** What lines stand under which heading, most important first; the first four of the kinds widen or may widen. */
const HEADINGS: readonly [title: string, effect: Section["effect"], kinds: readonly Entry["kind"][]][] = [
  ["Gains access", "widens", ["gain"]],
  ["Depends on what the plan cannot know", "open", ["depends"]],
  ["Not decided", "open", ["not decided"]],
  ["Stays logged in for longer", "widens", ["longer"]],
  ["Loses access", "narrows", ["loss"]],
  ["Stays logged in for less long", "narrows", ["shorter"]],
];

/** One section of a report. */
export interface Section {
  title: string;
  /** What its lines do to who gets in; `open`: that cannot be told. */
  effect: Fact["effect"] | "open";
  lines: string[];
}

/** The diff as plain text: the verdict, then who gains and who loses. */
export function renderText(diff: AccessDiff): string {
  const blocks = sectionsOf(diff).map(({ title, lines }) =>
    [title, ...lines.map((line) => `  ${line}`)].join("\n"),
  );
  return `${[`Access: ${VERDICTS[diff.verdict]}`, ...blocks].join("\n\n")}\n`;
}

/** The diff as Markdown, for a comment; what comes from the configuration cannot become markup. */
export function renderMarkdown(diff: AccessDiff): string {
  const [word = "", ...rest] = VERDICTS[diff.verdict].split(/(?<=[A-Z])(?=[ :])(?! [A-Z])/);
  const sections = sectionsOf(diff).map(({ title, lines }) =>
    [`**${title}**`, "", ...lines.map((line) => `- ${escaped(line)}`)].join("\n"),
  );
  const hash = diff.hash === undefined ? [] : [`<sub>access change \`${diff.hash.slice(0, 16)}\`</sub>`];
  return `${[`### Access: **${word}**${rest.join("")}`, ...sections, ...hash].join("\n\n")}\n`;
}

/** The sections of a report, without the verdict. */
export function sectionsOf({ entries, facts, undecided }: AccessDiff): Section[] {
  const changes = HEADINGS.map(
    ([title, effect, kinds]): Section => ({
      title,
      effect,
      lines: linesOf(entries.filter(({ kind }) => kinds.includes(kind))),
    }),
  );
  const about = (title: string, effect: Fact["effect"]): Section => ({
    title,
    effect,
    lines: [...new Set(facts.filter((fact) => fact.effect === effect).map(({ text }) => text))],
  });
  return [
    { title: "Cannot be read, so it blocks", effect: "open" as const, lines: [...undecided] },
    ...changes.slice(0, 4),
    about("Also widens", "widens"),
    ...changes.slice(4),
    about("Also narrows", "narrows"),
    about("Also changes", "informs"),
  ].filter(({ lines }) => lines.length > 0);
}

/** One line for all who fare alike at the same place. */
function linesOf(entries: readonly Entry[]): string[] {
  const alike = new Map<string, string[]>();
  for (const entry of entries) {
    const where = placeOf(entry);
    const rest = `${where} – ${howOf(entry)}`;
    alike.set(rest, [...(alike.get(rest) ?? []), entry.who]);
  }
  return [...alike].map(([rest, who]) => `${who.join(", ")} → ${rest}`);
}

function placeOf({ hostname, paths }: Entry): string {
  return paths.length === 0 ? hostname : `${hostname} (${paths.join("; ")})`;
}

function howOf(entry: Entry): string {
  const { kind, by, session, on, may, when } = entry;
  const condition = when.length === 0 ? "" : `, ${when.join(" or ")}`;
  switch (kind) {
    case "gain":
      return `${way(by, session.after)}${condition}`;
    case "loss":
      return `until now ${way(by, session.before)}${condition}`;
    case "longer":
    case "shorter":
      return `${lengthOf(session.after)} instead of ${lengthOf(session.before)}${condition}`;
    case "depends":
      return `may ${may.map((each) => OUTCOMES[each]).join(" or ")}, depending on ${on.join(" and ")}${condition}`;
    case "not decided":
      return `too much is unknown: ${on.join(", ")}${condition}`;
  }
}

const OUTCOMES = {
  gain: "gain access",
  loss: "lose access",
  longer: "stay logged in for longer",
  shorter: "stay logged in for less long",
} as const;

function way(by: Entry["by"], session: number | undefined): string {
  if (by === "login") return `by logging in, for ${lengthOf(session)}`;
  return by === "token" ? "with the token alone, as long as it is valid" : "WITHOUT ANY CHECK";
}

function lengthOf(seconds: number | undefined): string {
  if (seconds === undefined) return "an unknown time";
  if (seconds === Number.POSITIVE_INFINITY) return "ever";
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const rest = seconds % 60;
  return `${hours > 0 ? `${hours}h` : ""}${minutes > 0 ? `${minutes}m` : ""}${rest > 0 || seconds === 0 ? `${rest}s` : ""}`;
}

/** Nothing of a name may become a mention, a link or markup. */
export function escaped(line: string): string {
  return line
    .replace(/[\\`*_{}[\]<>#|~]/g, (mark) => (mark === "<" ? "&lt;" : mark === ">" ? "&gt;" : `\\${mark}`))
    .replaceAll("@", "@\u200b");
}
