import type { Finding } from "../base/finding";
import { type Problem, ProblemsError } from "../base/problems";
import type { ApiAccess } from "./api-client";
import { problemOf } from "./preflight-words";

/** A finding with what its words are made of. */
export type Told = Finding & { data: unknown };

/**
 * The error for what stops a preview, each finding once: several checks may hear the same of the token.
 * @param where where all of them are, e.g. `account 0123…`
 */
export function refusal(
  where: string,
  findings: readonly Told[],
  access: Partial<Pick<ApiAccess, "baseUrl">> = {},
): ProblemsError {
  const problems = findings.map((finding): Problem => problemOf(finding, access));
  const each = new Map(problems.map((problem) => [`${problem.path}\n${problem.found}`, problem]));
  return new ProblemsError(where, [...each.values()], findings);
}
