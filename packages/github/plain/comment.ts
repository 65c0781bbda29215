// Writes a review to the pull request's comment and to the run's page.
//
// Environment: MODE (running, review, fork, fork-judges, applied, applied-otherwise, not-verified, apply-failed, not-as-approved, not-applied), COMMIT,
// STACK (<project>/<stack>), REVIEW_FILE (may be missing: the review then failed), and but for a fork GITHUB_TOKEN and
// PULL_REQUEST; for a review, and for the judges of a fork's (MODE fork-judges), also JUDGES_AGREED and JUDGES_FOUND; for a
// review AGREED and AGREED_NOT_JUDGED: whether the pull request carries these labels.
import { appendFile, readFile } from "node:fs/promises";
import { currentRun, type Run, runScript, setting, WORKFLOW_LOGIN } from "#environment";
import { GitHub } from "#github-api";
import { judgesOfPull } from "#judges-of-pull";
import { judgesReason } from "#judges-section";
import type { State } from "#marker";
import { publish } from "#publish";
import { type Comment, renderSummary, stateOf } from "#render";
import { LABELS, type Label, MalformedReview, parseReview, type Review } from "#review";

interface Found {
  review?: Review;
  problem?: string;
}

/** What went wrong after the update, by mode. */
const APPLIED: Readonly<Record<string, string>> = {
  "applied-otherwise":
    "What is live is not what this comment says: the program did otherwise in the update than in its preview. " +
    "The run says what was granted that nobody approved, and the way back.",
  "not-verified": "The run says who gets in and should not, or does not and should.",
};

/** Why a merged change is not live, by mode. */
const NOT_APPLIED: Readonly<Record<string, string>> = {
  "not-applied": "Merged, but nothing was applied: the run says why.",
  "not-as-approved":
    "Merged, but nothing was applied: main would not change access as it was approved, as after something else was " +
    "deployed in between. Open a pull request with the difference, or revert.",
};

/** Reads what the other job handed over, and refuses what is not about this commit and stack. */
async function readReview(file: string, key: string, commit: string): Promise<Found> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return { problem: "The job ended before it had a result; its log says why." };
  try {
    const review = parseReview(text);
    if (`${review.project}/${review.stack}` !== key || review.commit !== commit) {
      return { problem: "The result that was handed over is about another commit or stack." };
    }
    return { review };
  } catch (error) {
    if (!(error instanceof MalformedReview)) throw error;
    return { problem: `The result that was handed over is not of the agreed form: ${error.message}.` };
  }
}

/** By which setting the workflow says that the pull request carries a label. */
const AGREED: Readonly<Record<Label, string>> = {
  "access-widens": "AGREED",
  "access-not-judged": "AGREED_NOT_JUDGED",
};

/** The review with the labels as the event has them: the review was written where the pull request's own code ran. */
function withLabels(review: Review): Review {
  if (review.access === undefined) return review;
  const labels = LABELS.filter((label) => setting(AGREED[label], /^(true|false)$/) === "true");
  return { ...review, access: { ...review.access, labels } };
}

function stateFor(mode: string, review: Review | undefined): State {
  if (mode in NOT_APPLIED) return "blocked";
  if (mode === "fork-judges") return "fork";
  if (mode !== "review") return mode as State;
  return review === undefined ? "failed" : stateOf(review);
}

const githubOf = (run: Run) => new GitHub({ ...run, token: setting("GITHUB_TOKEN", /./) });
const pullRequest = () => Number(setting("PULL_REQUEST", /^[1-9]\d{0,9}$/));

async function main(): Promise<void> {
  const run = currentRun();
  const mode = setting(
    "MODE",
    /^(running|review|fork|fork-judges|applied|applied-otherwise|not-verified|apply-failed|not-as-approved|not-applied)$/,
  );
  const key = setting("STACK", /^[\w.-]{1,100}\/[\w.-]{1,100}$/);
  const commit = setting("COMMIT", /^[0-9a-f]{40}$/);
  const expectsReview = mode !== "running" && mode !== "fork-judges";
  const found = expectsReview ? await readReview(setting("REVIEW_FILE", /./), key, commit) : {};
  if (mode === "review" && found.review !== undefined) found.review = withLabels(found.review);
  const judges =
    mode === "review" || mode === "fork-judges"
      ? await judgesOfPull(githubOf(run), pullRequest(), commit)
      : undefined;
  const isJudgesOpen = judgesReason(judges) !== undefined;
  const state = isJudgesOpen && found.review !== undefined ? "blocked" : stateFor(mode, found.review);
  const marker = { key, commit, run: run.id, attempt: run.attempt, state };
  const comment: Comment = { marker, runUrl: run.url, judges, ...found };
  const problem = NOT_APPLIED[mode] ?? APPLIED[mode];
  if (problem !== undefined) comment.problem = problem;

  if (mode !== "running") await appendFile(setting("GITHUB_STEP_SUMMARY", /./), renderSummary(comment));
  // The check fails with the review, whatever becomes of the comment.
  if (found.review !== undefined && ["blocked", "failed"].includes(stateOf(found.review)))
    process.exitCode = 1;
  if (isJudgesOpen || (expectsReview && found.review === undefined)) process.exitCode = 1;
  if (mode === "fork" || mode === "fork-judges") return;

  const published = await publish(githubOf(run), comment, {
    pull: pullRequest(),
    author: WORKFLOW_LOGIN,
    followsHead: mode === "running" || mode === "review",
  });
  process.stdout.write(
    published === "refused"
      ? "::notice::This token may only read: the result stands on the run's page instead of in a comment.\n"
      : `comment ${published}\n`,
  );
}

runScript(main);
