import type { SectionName } from "../../../packages/github/plain/review";
import type { Change } from "./change";

/**
 * Where a review has to name a change: in a section of its own, in `judges`, the list of changed files that judge, or in
 * `refused`, what the program says that declines it.
 */
export type Section = SectionName | "judges" | "refused";

/** Where it is hidden, or what it uses. */
type AttackKind =
  | "config"
  | "code"
  | "component"
  | "transform"
  | "other kind"
  | "provider"
  | "hiding"
  | "judge";

/** A change that a reviewer must not overlook. */
export interface Attack extends Change {
  name: string;
  kind: AttackKind;
  /** Where the review has to name it. */
  section: Section;
  /** A line of the review that tells of it. */
  named: RegExp;
}

/** Somebody whom nobody knows. */
export const STRANGER = "second@partner-studio.com";
