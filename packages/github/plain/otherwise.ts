import { type AccessChange, SECTIONS, type SectionName } from "#review";

/** Where what was applied is not what was approved. */
export interface Otherwise {
  /** Lines of what changed, and nobody approved. */
  unapproved: string[];
  /** Lines of what was approved, and did not happen. */
  missing: string[];
}

/**
 * A state tells neither another secret, which it holds encrypted, nor what the config alone says of secrets. And what
 * could not be read before the update can be read after it: if it granted anything, that stands among the rest.
 */
const UNTOLD_BY_STATES: readonly SectionName[] = ["secrets", "notJudged"];

/**
 * Compares what an update changed with what its plan said. Equal hashes say it all. Where they differ, because ids or
 * secrets became known by the update, the lines decide: they hold neither.
 */
export function otherwise(approved: AccessChange, applied: AccessChange): Otherwise {
  if (approved.hash !== undefined && approved.hash === applied.hash) return { unapproved: [], missing: [] };
  return {
    unapproved: SECTIONS.flatMap((name) => only(applied, approved, name)),
    missing: SECTIONS.filter((name) => !UNTOLD_BY_STATES.includes(name)).flatMap((name) =>
      only(approved, applied, name),
    ),
  };
}

/** Lines that one has and another has not; headings and what only informs are none. */
function only(one: AccessChange, other: AccessChange, name: SectionName): string[] {
  const known = new Set(other.sections[name].lines);
  return one.sections[name].lines.filter((line) => /^[-+!?]/.test(line) && !known.has(line));
}
