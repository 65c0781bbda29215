import type { Finding } from "../base/finding";
import { type Problem, ProblemsError } from "../base/problems";
import type { ApiAccess } from "./api-client";

/** A finding with what its words are made of. */
export type Told = Finding & { data: unknown };

/**
 * The error for what stops a preview, each finding once: several checks may hear the same of the token. The words are
 * loaded here, since nearly every run goes without them.
 * @param where where all of them are, e.g. `account 0123…`
 */
export async function refusal(
  where: string,
  findings: readonly Told[],
  access: Partial<Pick<ApiAccess, "baseUrl">> = {},
): Promise<ProblemsError> {
  const { problemOf } = await import("./preflight-words.js");
  const problems = findings.map((finding): Problem => problemOf(finding, access));
  const each = new Map(problems.map((problem) => [`${problem.path}\n${problem.found}`, problem]));
  return new ProblemsError(where, [...each.values()], findings);
}
