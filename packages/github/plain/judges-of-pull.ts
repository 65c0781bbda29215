import { setting } from "#environment";
import type { GitHub } from "#github-api";
import { type ChangedFile, type JudgesTouched, MOST_FOUND, parseFound, touchedJudges } from "#judges";

/**
 * What a pull request does to what judges it.
 *
 * Environment: JUDGES_AGREED, JUDGES_FOUND (what the job `judges` found, empty when it did not end).
 * @param commit the one that is reviewed: another one that came meanwhile has a review of its own
 */
export async function judgesOfPull(github: GitHub, pull: number, commit: string): Promise<JudgesTouched> {
  const files = await github.all<ChangedFile>(`/pulls/${pull}/files?per_page=100`);
  // Read after the files: they are those of the newest commit at that moment.
  const { head, changed_files: count } = await github.get<{ head: { sha: string }; changed_files: number }>(
    `/pulls/${pull}`,
  );
  const found = parseFound(process.env["JUDGES_FOUND"] ?? "");
  const { touched, versions, unknown } = touchedJudges(files, count, found);
  return {
    touched,
    versions,
    found: found ?? [],
    unknown: [
      ...unknown,
      ...(found === undefined
        ? ["which access tests are removed or rules loosened: the job that compares them has no result"]
        : []),
      ...(found?.length === MOST_FOUND
        ? [`what more is removed or loosened: the job lists ${MOST_FOUND} at most`]
        : []),
      ...(head.sha === commit ? [] : ["which files this commit changes: a newer one has come"]),
    ],
    agreed: setting("JUDGES_AGREED", /^(true|false)$/) === "true",
  };
}
