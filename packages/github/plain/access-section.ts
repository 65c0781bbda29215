import { fenced } from "#escape";
import {
  type AccessChange,
  labelsFor,
  missingLabels,
  type Review,
  SECTIONS,
  type SectionChange,
  type SectionName,
} from "#review";

const WIDENS: Partial<Record<SectionName, string>> = {
  access: "access widens",
  traffic: "requests go elsewhere",
  secrets: "secrets go further",
  credentials: "credentials count for longer",
};

/** Why a change must not be merged, one phrase for each label that it lacks. */
export function lacking(access: AccessChange): string[] {
  const wider = SECTIONS.filter((name) => ["wider", "moves"].includes(access.sections[name].verdict));
  const what = {
    "access-widens": wider.map((name) => WIDENS[name] ?? TITLES[name]).join(" and "),
    "access-not-judged": "something is not judged",
  };
  return missingLabels(access).map((label) => `${what[label]} without the label \`${label}\``);
}

/** What changes, each section in one line, then the labels that agree to it, then every line of what changes. */
export function accessSection(review: Review | undefined): string {
  if (review === undefined) return "";
  const { access } = review;
  if (access === undefined) return "#### Who gains and who loses access\n\nNot computed.";
  const rows = SECTIONS.map((name) => {
    const { verdict } = access.sections[name];
    return `| ${MARKS[verdict]} | ${TITLES[name]} | ${WORDS[name][verdict] ?? verdict} |`;
  });
  const table = ["| | | |", "| --- | --- | --- |", ...rows].join("\n");
  const details = SECTIONS.flatMap((name) => {
    const { lines } = access.sections[name];
    return lines.length === 0 ? [] : [`#### ${TITLES[name]}`, fenced(lines, "diff")];
  });
  return [table, ...asked(access), ...details].join("\n\n");
}

/** Which labels agree, and to what: nobody has to look that up. */
function asked(access: AccessChange): string[] {
  const missing = missingLabels(access);
  return labelsFor(access).map((label) =>
    missing.includes(label)
      ? `**The label \`${label}\` agrees ${AGREES[label]}.** It is missing.`
      : `The label \`${label}\` agrees ${AGREES[label]}.`,
  );
}

const AGREES = {
  "access-widens": "to what widens or goes elsewhere below",
  "access-not-judged": "to what is not judged or cannot be told, as it is listed below",
} as const;

const TITLES: Record<SectionName, string> = {
  access: "Access",
  traffic: "Traffic",
  secrets: "Secrets",
  credentials: "Credentials",
  notJudged: "Not judged",
};

const MARKS: Record<SectionChange["verdict"], string> = {
  same: "✅",
  told: "✅",
  narrower: "🔽",
  wider: "⚠️",
  moves: "⚠️",
  undecided: "❓",
};

/** What a section's verdict says; one that a section cannot have is left out. */
const WORDS: Record<SectionName, Partial<Record<SectionChange["verdict"], string>>> = {
  access: {
    same: "Nobody gains or loses access",
    told: "Nobody gains or loses access",
    narrower: "Access narrows: nobody gains",
    wider: "**Access widens**: somebody gains, may gain, or stays logged in for longer",
    undecided: "**Not decided** who gains or loses access",
  },
  traffic: {
    same: "Every service is reached as before",
    told: "What is new leads to its service, all else as before",
    moves: "**Requests go elsewhere**: whoever gets in reaches another service",
    undecided: "**Not decided** which service is reached",
  },
  secrets: {
    same: "Secrets go where they went",
    told: "Secrets go where they went",
    narrower: "Secrets go to fewer places or readers",
    wider: "**Secrets go to further places or readers**",
    undecided: "**Not decided** where secrets go",
  },
  credentials: {
    same: "Credentials count as long as before",
    told: "No credential counts for longer",
    narrower: "Credentials count for less long",
    wider: "**A credential counts for longer**, without an end, or its end goes unseen",
    undecided: "**Not decided** how long credentials count",
  },
  notJudged: {
    same: "All that changes is judged",
    undecided: "**Something is not judged or cannot be read**, listed with what it bears on",
  },
};
