import type { Language } from "../languages";

/** A program in a file: the whole of it, or one that stands in it, e.g. a block of a page. */
export interface Part {
  language: Language;
  code: string;
  /** The file's line of one of its own, both 1-based. */
  lineOf: (line: number) => number;
}

/** A part whose lines are the file's, from one on. */
export function partAt(language: Language, code: string, offset: number): Part {
  return { language, code, lineOf: (line) => line + offset };
}
