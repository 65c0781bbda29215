import { sectionsOf } from "../../access-diff/report";
import type { DriftReport, Unseen } from "../types";
import { byObject, changeWords } from "./words";

/** One line of a report: what it is about, what is said of it, and what it opens. */
interface Line {
  /** What it is about; empty: the line stands for itself. */
  about: string;
  text: string;
  /** What it opens, or which guard it takes away. */
  opens?: string;
}

/** Lines under one heading. */
export interface Group {
  /** Empty: the lines stand alone. */
  heading: string;
  lines: Line[];
}

/** A part of a report, with what nobody has to act on apart from the rest. */
export interface Part {
  title: string;
  groups: Group[];
}

/** The verdict in one line. */
export function verdictWords({ verdict, failures }: DriftReport): { word: string; text: string } {
  const missing = failures.length > 0;
  switch (verdict) {
    case "widened":
      return { word: "WIDENED", text: "somebody can get in who could not before, or a guard is gone" };
    case "changed":
      return missing
        ? { word: "CHANGED", text: "and not everything could be checked" }
        : { word: "CHANGED", text: "nobody gains access by it" };
    case "none":
      return missing
        ? { word: "NOT KNOWN", text: "no change was found, but not everything could be checked" }
        : { word: "NO CHANGE", text: "everything that can be seen is as the last up left it" };
  }
}

/** When the state was written, as people read it. */
export function sinceWords({ since }: Pick<DriftReport, "since">): string {
  if (since === undefined || Number.isNaN(Date.parse(since))) return "";
  return ` since ${new Date(since).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** What was compared, in one line. */
export function comparedWords({ compared }: DriftReport): string {
  return `${compared.objects} objects and ${compared.fields} fields compared.`;
}

/** The parts of a report that have something to say, most urgent first. */
export function partsOf(report: DriftReport): Part[] {
  const { changes, names, access, orphans, expiring, failures } = report;
  const parts: Part[] = [
    {
      title: "Could not be checked",
      groups: [single(failures.map(({ what, why }) => ({ about: what, text: why })))],
    },
    {
      title: "What changed",
      groups: byObject(changes).map(({ object, changes: of }) => ({
        heading: object,
        lines: of.map((change) => ({
          about: change.field ?? "",
          text: changeWords(change, names),
          ...(change.opens === undefined ? {} : { opens: change.opens }),
        })),
      })),
    },
    {
      title: "Who gains and who loses",
      groups: sectionsOf({ ...access, undecided: [] }).map(({ title, lines }) => ({
        heading: title,
        lines: lines.map((text) => ({ about: "", text })),
      })),
    },
    {
      title: "Looks like this stack's, and its state does not know it",
      groups: [
        single(
          orphans.map(({ kind, name, id, why, createdAt, lastUsedAt, usedBy }) => ({
            about: `${kind} ${name}`,
            text: [
              id,
              ...(createdAt === undefined ? [] : [`made at ${createdAt}`]),
              ...(lastUsedAt === undefined
                ? []
                : [`last used ${lastUsedAt === "never" ? "never" : `at ${lastUsedAt}`}`]),
              why,
              ...(usedBy === undefined ? [] : [usedBy]),
            ].join(", "),
          })),
        ),
      ],
    },
    {
      title: "Service tokens that end soon",
      groups: [
        single(
          expiring.map(({ name, expiresAt }) => ({
            about: name,
            text: `${Date.parse(expiresAt) <= Date.now() ? "ended" : "ends"} at ${expiresAt}`,
          })),
        ),
      ],
    },
  ];
  return parts
    .map(({ title, groups }) => ({ title, groups: groups.filter(({ lines }) => lines.length > 0) }))
    .filter(({ groups }) => groups.length > 0);
}

const single = (lines: Line[]): Group => ({ heading: "", lines });

/** What stands for a result in a report. */
export const RESULTS: Record<Unseen["result"], string> = {
  "as expected": "as expected",
  "not as expected": "NOT AS EXPECTED",
  open: "open",
};

/** How something that cannot be seen was checked instead, and what that found. */
export function unseenWords({ checked, detail }: Unseen): string {
  if (checked === undefined) return detail ?? "nothing shows it";
  return detail === undefined ? checked : `${checked}: ${detail}`;
}
