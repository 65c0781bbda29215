import type { Place, PlaceKind } from "./places";
import { type Hit, Searcher, type Secret } from "./searcher";

/** A place that may hold some of the secrets, and why. */
export interface Allowance {
  kind: PlaceKind;
  /** Which places, by name. */
  place: RegExp;
  /** Which secrets, by label. */
  secrets: RegExp;
  /** One sentence. */
  because: string;
}

/** A secret where it may not be; holds no part of it. */
export interface Finding extends Hit {
  kind: PlaceKind;
  place: string;
  /** Set where the secret may be in this file, and others may read it: its permissions, octal. */
  openTo?: string;
}

/** What a search looked at. */
export interface Looked {
  secrets: number;
  places: Partial<Record<PlaceKind, number>>;
  bytes: number;
}

export interface SearchResult {
  findings: Finding[];
  looked: Looked;
  /** Allowances that a secret was found under. */
  used: Set<Allowance>;
}

/** Who but its owner may read or write a file that is allowed to hold a secret. */
const OTHERS = 0o077;

/**
 * Looks for every secret in every place.
 * @param allowances what may hold a secret; a file only when its owner alone may read it, whatever the list says.
 */
export function searchPlaces(
  places: readonly Place[],
  secrets: readonly Secret[],
  allowances: readonly Allowance[],
): SearchResult {
  const searcher = new Searcher(secrets);
  const constants = new Set(secrets.filter(({ constant }) => constant).map(({ label }) => label));
  const findings = new Map<string, Finding>();
  const used = new Set<Allowance>();
  const looked: Looked = { secrets: secrets.length, places: {}, bytes: 0 };
  for (const { kind, name, bytes, mode } of places) {
    looked.places[kind] = (looked.places[kind] ?? 0) + 1;
    looked.bytes += bytes.length;
    for (const hit of searcher.search(bytes)) {
      const allowance = allowances.find(
        (each) => each.kind === kind && each.place.test(name) && each.secrets.test(hit.label),
      );
      if (allowance !== undefined) used.add(allowance);
      const open = mode !== undefined && (mode & OTHERS) !== 0;
      if (allowance !== undefined && (!open || constants.has(hit.label))) continue;
      const openTo = allowance === undefined ? {} : { openTo: (mode ?? 0).toString(8) };
      const finding = { ...hit, kind, place: name, ...openTo };
      findings.set(`${kind} ${name} ${hit.label} ${hit.spelling} ${finding.openTo ?? ""}`, finding);
    }
  }
  return { findings: [...findings.values()], looked, used };
}

/** One line for each finding. */
export function findingLines(findings: readonly Finding[]): string[] {
  return findings.map(({ kind, place, label, spelling, part, offset, openTo }) => {
    const where = `${kind} ${place}, byte ${offset}`;
    const what = `${part === "part" ? "a part of the " : ""}${label}, ${spelling}`;
    return openTo === undefined ? `${where}: ${what}` : `${where}: ${what}: its mode is ${openTo}, not 600`;
  });
}

/** What was looked at, in one paragraph. */
export function lookedLines({ secrets, places, bytes }: Looked): string[] {
  const kinds = Object.entries(places).map(([kind, count]) => `${count} × ${kind}`);
  return [`${secrets} secrets in ${(bytes / 1e6).toFixed(1)} MB: ${kinds.join(", ")}`];
}
