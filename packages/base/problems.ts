import { UserError } from "./errors";
import type { Finding } from "./finding";

/** One mistake among several that are reported together. No part of it ever holds a secret. */
export interface Problem {
  /** Where, as `pulumi config set --path` spells it, e.g. `applications[0].hostname`. */
  path: string;
  /** What was found there. */
  found: string;
  /** What to do about it. */
  remedy: string;
}

/** Everything that was found wrong, in one error. */
export class ProblemsError extends UserError {
  constructor(
    /** Where all of them are, e.g. `the config of stack dev`. */
    where: string,
    readonly problems: readonly Problem[],
    /** What they were told by, where something is decided by that. */
    readonly findings: readonly Finding[] = [],
  ) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const list = problems.map(({ path, found, remedy }) => `\n  ${path}: ${found}\n    → ${remedy}`);
    super(
      `${count} in ${where}, nothing was created:${list.join("")}`,
      "Mend what is listed, then run the command again.",
    );
  }
}
