import { groupsOf } from "../../access-diff/sections";
import type { Orphan } from "../../orphans/orphan";
import { told } from "../../orphans/words";
import type { Accepted, DriftReport, IdleAcceptance, Unseen } from "../types";
import { byObject, changeWords, objectWords } from "./words";

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
export function verdictWords({
  verdict,
  failures,
  accepted,
}: Pick<DriftReport, "verdict" | "failures" | "accepted">): { word: string; text: string } {
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
        : {
            word: "NO CHANGE",
            text: `${accepted.length > 0 ? "but for what is accepted, " : ""}everything that can be seen is as the last up left it`,
          };
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
      groups: groupsOf({ ...access, undecided: [] }).map(({ title, lines }) => ({
        heading: title,
        lines: lines.map((text) => ({ about: "", text })),
      })),
    },
    {
      title: "Looks like this stack's, and its state does not know it",
      groups: [
        single(
          orphans.map((orphan) => ({ about: `${orphan.kind} ${orphan.name}`, text: orphanWords(orphan) })),
        ),
      ],
    },
    ...acceptedParts(report),
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
  return withLines(parts);
}

const withLines = (parts: readonly Part[]): Part[] =>
  parts
    .map(({ title, groups }) => ({ title, groups: groups.filter(({ lines }) => lines.length > 0) }))
    .filter(({ groups }) => groups.length > 0);

/** What the config accepts, and which of its acceptances accept nothing: shown, and not counted. */
export function acceptedParts({
  accepted,
  acceptedAccess,
  idle,
  names,
}: Pick<DriftReport, "accepted" | "acceptedAccess" | "idle" | "names">): Part[] {
  return withLines([
    {
      title: "Accepted for a while, and not counted",
      groups: [
        ...accepted.map((each) => acceptedGroup(each, names)),
        ...groupsOf({ ...acceptedAccess, undecided: [] }).map(({ title, lines }) => ({
          heading: `By what is accepted: ${title}`,
          lines: lines.map((text) => ({ about: "", text })),
        })),
      ],
    },
    {
      title: "In driftAccepted, and accepts nothing",
      groups: [
        single(
          idle.map(({ resource, finding, reason, expires, why }) => ({
            about: `${resource} ${finding}`,
            text: `${IDLE[why]} (until ${expires}: ${reason})`,
          })),
        ),
      ],
    },
  ]);
}

const IDLE: Record<IdleAcceptance["why"], string> = {
  expired: "has expired, so that it counts again",
  "matches nothing": "matches nothing that was found",
  "fits several": "fits several objects of that name: give the id of one",
};

function orphanWords(orphan: Orphan): string {
  const { id, why, createdAt, lastUsedAt, usedBy } = told(orphan);
  return [
    id,
    ...(createdAt === undefined ? [] : [`made at ${createdAt}`]),
    ...(lastUsedAt === undefined
      ? []
      : [`last used ${lastUsedAt === "never" ? "never" : `at ${lastUsedAt}`}`]),
    why,
    ...(usedBy === undefined ? [] : [usedBy]),
  ].join(", ");
}

/** What is accepted, in the words that it would have if it counted, with why and until when. */
function acceptedGroup({ change, orphan, reason, expires }: Accepted, names: DriftReport["names"]): Group {
  const until = { about: "", text: `accepted until ${expires}: ${reason}` };
  if (change !== undefined) {
    const { opens } = change;
    const line = { about: change.field ?? "", text: changeWords(change, names) };
    return {
      heading: objectWords(change),
      lines: [opens === undefined ? line : { ...line, opens }, until],
    };
  }
  return {
    heading: orphan === undefined ? "" : `${orphan.kind} ${orphan.name}`,
    lines: [...(orphan === undefined ? [] : [{ about: "", text: orphanWords(orphan) }]), until],
  };
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
