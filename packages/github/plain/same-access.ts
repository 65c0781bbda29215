// Ends with an error unless access changes on main exactly as it was approved.
//
// Environment: APPROVED_FILE and REVIEW_FILE, both reviews; APPROVED_COMMIT.
import { readFile } from "node:fs/promises";
import { runScript, setting } from "#environment";
import { stateOf } from "#render";
import { parseReview } from "#review";

async function main(): Promise<void> {
  const commit = setting("APPROVED_COMMIT", /^[0-9a-f]{40}$/);
  const approved = parseReview(await readFile(setting("APPROVED_FILE", /./), "utf8"));
  const now = parseReview(await readFile(setting("REVIEW_FILE", /./), "utf8"));
  if (approved.commit !== commit) throw new Error("the approved review is about another commit");
  if (`${approved.project}/${approved.stack}` !== `${now.project}/${now.stack}`) {
    throw new Error("the approved review is about another stack");
  }
  const state = stateOf(now);
  if (state === "blocked" || state === "failed")
    throw new Error(`the review on main is ${state}: nothing was applied`);
  if (now.access?.hash === undefined || now.access.hash !== approved.access?.hash) {
    throw new Error(
      "access would change in another way than was approved, since something else was deployed in between: " +
        "nothing was applied. Open a pull request with the difference, or revert.",
    );
  }
  process.stdout.write("access changes exactly as approved\n");
}

runScript(main);
