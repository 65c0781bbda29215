import type { Entry } from "./entries";
import { linesOf } from "./entry-words";
import type { Fact } from "./fact";
import { PARTS, type Part, type Undecided } from "./undecided";

/** The parts of a review, in the order in which they are told; the last is what none of the others can say. */
export const SECTIONS = [...PARTS, "notJudged"] as const;
export type SectionName = (typeof SECTIONS)[number];

/**
 * What one section comes to.
 * - `same`: nothing of it changes;
 * - `told`: something changes and nobody has to agree, as where a new host name leads;
 * - `narrower`, `wider`: less or more than before, `wider` also where some of both;
 * - `moves`: requests that reached one service reach another;
 * - `undecided`: something that is not judged may change it, or cannot be read.
 */
export type SectionVerdict = "same" | "told" | "narrower" | "wider" | "moves" | "undecided";

/** Lines under one heading. */
export interface Group {
  title: string;
  /** What stands before each line: gained, lost, may be either, has to be looked at, merely told. */
  sign: "+" | "-" | "?" | "!" | " ";
  lines: string[];
}

export interface Section {
  verdict: SectionVerdict;
  /** None is without lines. */
  groups: Group[];
}

export type Sections = Readonly<Record<SectionName, Section>>;

/** What a comparison found, before it is sorted. */
export interface Found {
  entries: readonly Entry[];
  facts: readonly Fact[];
  undecided: readonly Undecided[];
}

/** Which section tells a fact. */
const SECTION_OF: Readonly<Record<Fact["kind"], Part>> = {
  application: "access",
  "connector check": "access",
  proxying: "access",
  published: "access",
  preflights: "access",
  "foreign pages": "access",
  "login offered": "access",
  origin: "traffic",
  "origin options": "traffic",
  tunnel: "traffic",
  secrets: "secrets",
  "secret readers": "secrets",
  "connector token": "secrets",
  token: "credentials",
  "token duration": "credentials",
  "previous secret": "credentials",
  "expiry alarm": "credentials",
};

/** Sorts what was found into sections, each with its own verdict. */
export function sectionsOf(found: Found): Sections {
  const open = found.entries.filter(({ kind }) => kind === "not decided");
  const notJudged = withLines([
    { title: "Cannot be read, or is not judged", sign: "!", lines: openLines(found.undecided) },
    { title: "Too much is unknown", sign: "!", lines: linesOf(open) },
  ]);
  return {
    access: section("access", found),
    traffic: section("traffic", found),
    secrets: section("secrets", found),
    credentials: section("credentials", found),
    notJudged: { verdict: notJudged.length > 0 ? "undecided" : "same", groups: notJudged },
  };
}

/** Every group, whatever the section. */
export const groupsOf = (found: Found): Group[] =>
  Object.values(sectionsOf(found)).flatMap(({ groups }) => groups);

/** Whether somebody has to agree with the label `access-widens`. */
const isWider = ({ verdict }: Section): boolean => verdict === "wider" || verdict === "moves";

/** What somebody has to agree to. */
export interface Needs {
  /** Somebody gains, requests go elsewhere, secrets too, or something counts for longer. */
  widening: boolean;
  /** What is not judged, as it is listed. */
  notJudged: boolean;
}

export function needsOf(sections: Sections): Needs {
  return {
    widening: Object.values(sections).some(isWider),
    notJudged: sections.notJudged.verdict === "undecided",
  };
}

/** By heading: which lines of entries, and which facts. The order is that of a report. */
const ENTRIES: readonly (Omit<Group, "lines"> & { kinds: readonly Entry["kind"][] })[] = [
  { title: "Gains access", sign: "+", kinds: ["gain"] },
  { title: "Depends on what the plan cannot know", sign: "?", kinds: ["depends"] },
  { title: "Stays logged in for longer", sign: "+", kinds: ["longer"] },
  { title: "Loses access", sign: "-", kinds: ["loss"] },
  { title: "Stays logged in for less long", sign: "-", kinds: ["shorter"] },
];

type FactGroups = readonly (Omit<Group, "lines"> & { effect: Fact["effect"] })[];

const FACTS: Readonly<Record<Part, FactGroups>> = {
  access: [
    { title: "Also widens", sign: "+", effect: "widens" },
    { title: "Also narrows", sign: "-", effect: "narrows" },
    { title: "Also changes", sign: " ", effect: "informs" },
  ],
  traffic: [
    { title: "Goes elsewhere", sign: "!", effect: "moves" },
    { title: "Is new", sign: " ", effect: "informs" },
  ],
  secrets: [
    { title: "Get secrets", sign: "+", effect: "widens" },
    { title: "No longer get secrets", sign: "-", effect: "narrows" },
    { title: "Also changes", sign: " ", effect: "informs" },
  ],
  credentials: [
    { title: "Counts for longer, or its end goes unseen", sign: "+", effect: "widens" },
    { title: "Counts for less long", sign: "-", effect: "narrows" },
    { title: "Also changes", sign: " ", effect: "informs" },
  ],
};

function section(part: Part, { entries, facts, undecided }: Found): Section {
  const own = facts.filter(({ kind }) => SECTION_OF[kind] === part);
  const here = part === "access" ? entries : [];
  const groups = withLines([
    ...(part === "access" ? ENTRIES : []).map(({ kinds, title, sign }) => ({
      title,
      sign,
      lines: linesOf(here.filter(({ kind }) => kinds.includes(kind))),
    })),
    ...FACTS[part].map(({ effect, title, sign }) => ({
      title,
      sign,
      lines: unique(own.filter((fact) => fact.effect === effect)),
    })),
  ]);
  return {
    verdict: verdictOf(
      here,
      own,
      undecided.some(({ bears }) => bears.includes(part)),
      groups,
    ),
    // What widens first, whether it is an entry or a fact.
    groups: [...groups].sort((a, b) => ORDER.indexOf(a.sign) - ORDER.indexOf(b.sign)),
  };
}

const ORDER: readonly Group["sign"][] = ["+", "?", "!", "-", " "];

function verdictOf(
  entries: readonly Entry[],
  facts: readonly Fact[],
  isOpen: boolean,
  groups: readonly Group[],
): SectionVerdict {
  const has = (effect: Fact["effect"]) => facts.some((fact) => fact.effect === effect);
  if (has("moves")) return "moves";
  if (has("widens") || entries.some(mayWiden)) return "wider";
  if (isOpen || entries.some(({ kind }) => kind === "not decided")) return "undecided";
  if (has("narrows") || entries.length > 0) return "narrower";
  return groups.length > 0 ? "told" : "same";
}

/** Each with what may be otherwise by it. */
const openLines = (undecided: readonly Undecided[]): string[] => [
  ...new Set(
    undecided.map(({ text, bears }) => {
      const all = bears.length === PARTS.length;
      return `${text}; bears on ${all ? "everything" : bears.join(" and ")}`;
    }),
  ),
];

const mayWiden = ({ kind, may }: Entry): boolean =>
  [kind, ...may].some((each) => each === "gain" || each === "longer");

const unique = (told: readonly { text: string }[]): string[] => [...new Set(told.map(({ text }) => text))];

const withLines = (groups: readonly Group[]): Group[] => groups.filter(({ lines }) => lines.length > 0);
