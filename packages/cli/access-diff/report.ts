import type { AccessDiff, DiffVerdict } from "./access-diff";
import {
  type Group,
  needsOf,
  SECTIONS,
  type SectionName,
  type Sections,
  type SectionVerdict,
  sectionsOf,
} from "./sections";

const VERDICTS: Record<DiffVerdict, string> = {
  "no change": "NO CHANGE",
  narrowed: "NARROWED",
  widened: "WIDENED",
  "not decided": "NOT DECIDED",
};

const TITLES: Record<SectionName, string> = {
  access: "Access",
  traffic: "Traffic",
  secrets: "Secrets",
  credentials: "Credentials",
  notJudged: "Not judged",
};

/** What a section's verdict says, in words; a verdict that a section cannot have is left out. */
const SAID: Record<SectionName, Partial<Record<SectionVerdict, string>>> = {
  access: {
    same: "nobody gains or loses access",
    told: "nobody gains or loses access",
    narrower: "nobody gains access",
    wider: "somebody gains access, may gain it, or keeps it for longer",
    undecided: "who gains or loses access cannot be told, see what is not judged",
  },
  traffic: {
    same: "every service is reached as before",
    told: "what is new leads to its service; all else as before",
    moves: "whoever gets in reaches another service than before",
    undecided: "which service is reached cannot be told, see what is not judged",
  },
  secrets: {
    same: "they go where they went before",
    told: "they go where they went before",
    narrower: "they go to fewer places or readers",
    wider: "they go to further places or readers",
    undecided: "where they go cannot be told, see what is not judged",
  },
  credentials: {
    same: "each counts as long as before",
    told: "none counts for longer",
    narrower: "none counts for longer, and some for less long",
    wider: "one counts for longer, without an end, or its end goes unseen",
    undecided: "how long they count cannot be told, see what is not judged",
  },
  notJudged: {
    same: "nothing: all that changes is judged",
    undecided: "something is not, listed with what it bears on",
  },
};

/** One section in one line. */
interface Row {
  name: SectionName;
  title: string;
  verdict: SectionVerdict;
  text: string;
}

function rowsOf(sections: Sections): Row[] {
  return SECTIONS.map((name) => {
    const { verdict } = sections[name];
    return { name, title: TITLES[name], verdict, text: SAID[name][verdict] ?? verdict };
  });
}

/** What agrees to a verdict on the command line, e.g. `--allow-widening`; empty where nothing has to. */
function agreedBy(sections: Sections): string {
  const { widening, notJudged } = needsOf(sections);
  return [...(widening ? ["--allow-widening"] : []), ...(notJudged ? ["--allow-not-judged"] : [])].join(
    " and ",
  );
}

/** The diff as plain text: the verdict, each section in one line, then what they say. */
export function renderText(diff: AccessDiff): string {
  const sections = sectionsOf(diff);
  const rows = rowsOf(sections);
  const width = (of: (row: Row) => string) => Math.max(...rows.map((row) => of(row).length));
  const [titles, verdicts] = [width(({ title }) => title), width(({ verdict }) => verdict)];
  const agreed = agreedBy(sections);
  const head = `${VERDICTS[diff.verdict]}${agreed === "" ? "" : ` (agreed to by ${agreed})`}`;
  const table = rows.map(
    ({ title, verdict, text }) => `  ${title.padEnd(titles)}  ${verdict.padEnd(verdicts)}  ${text}`,
  );
  const blocks = SECTIONS.flatMap((name) => {
    const { groups } = sections[name];
    if (groups.length === 0) return [];
    const lines = groups.flatMap((group) => [
      `  ${group.title}`,
      ...group.lines.map((line) => `    ${group.sign} ${inOneLine(line)}`),
    ]);
    return [[TITLES[name], ...lines].join("\n")];
  });
  return `${[`Verdict: ${head}`, table.join("\n"), ...blocks].join("\n\n")}\n`;
}

/** The diff as Markdown, for a comment; what comes from the configuration cannot become markup. */
export function renderMarkdown(diff: AccessDiff): string {
  const sections = sectionsOf(diff);
  const agreed = agreedBy(sections);
  const table = rowsOf(sections).map(({ title, verdict, text }) => `| ${title} | **${verdict}** | ${text} |`);
  const blocks = SECTIONS.flatMap((name) => {
    const { groups } = sections[name];
    return groups.length === 0 ? [] : [[`#### ${TITLES[name]}`, ...groups.map(listOf)].join("\n\n")];
  });
  const hash = diff.hash === undefined ? [] : [`<sub>access change \`${diff.hash.slice(0, 16)}\`</sub>`];
  return `${[
    `### Verdict: **${VERDICTS[diff.verdict]}**${agreed === "" ? "" : ` (agreed to by \`${agreed.replace(" and ", "` and `")}\`)`}`,
    ["| section | verdict | |", "| --- | --- | --- |", ...table].join("\n"),
    ...blocks,
    ...hash,
  ].join("\n\n")}\n`;
}

const listOf = ({ title, lines }: Group): string =>
  [`**${title}**`, "", ...lines.map((line) => `- ${escaped(inOneLine(line))}`)].join("\n");

/** The diff for a program: each section with its verdict and its lines, then what they were made from. */
export function asJson({ verdict, ...found }: AccessDiff): Record<string, unknown> {
  return { verdict, sections: sectionsOf(found), ...found };
}

/** A name with a line break in it must not pass for a line of ours. */
const inOneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");

/** Nothing of a name may become a mention, a link or markup. */
export function escaped(line: string): string {
  return line
    .replace(/[\\`*_{}[\]<>#|~]/g, (mark) => (mark === "<" ? "&lt;" : mark === ">" ? "&gt;" : `\\${mark}`))
    .replaceAll("@", "@\u200b");
}
