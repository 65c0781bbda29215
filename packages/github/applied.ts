// Ends with an error when an update changed access in another way than its review said.
//
//   npm run github:applied -- --stack prod --before before.json [--review review.json] [--mask true]
//
// Environment: GITHUB_STEP_SUMMARY, where what differs is listed.
import "../base/process/no-environment-in-reports";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { inFolder } from "../base/process/in-folder";
import { engineAccess } from "../cli/stack/engine-access";
import { exportState } from "../cli/stack/read-stack";
import { accessChangeOf } from "./access-change";
import { runAccessDiff } from "./access-diff-run";
import { runScript, setting } from "./plain/environment";
import { fenced } from "./plain/escape";
import { otherwise } from "./plain/otherwise";
import { type AccessChange, parseReview } from "./plain/review";

/** What works: the program of before declares what there was, and the state knows what to take back. */
const WAY_BACK = [
  "git checkout HEAD^1 && npm ci",
  "pulumi up --stack STACK --policy-pack policies/run   # takes back what was granted",
  "npm run verify -- --stack STACK",
  "# then open a pull request that reverts the merge: the next deployment would apply it again",
];

async function changeSince(before: string, stack: string, mask: boolean): Promise<AccessChange> {
  return inFolder("applied", async (dir) => {
    const after = join(dir, "after.json");
    await writeFile(after, await exportState(await engineAccess(false), stack), { mode: 0o600 });
    const log = (line: string) => process.stderr.write(`${line}\n`);
    const json = await runAccessDiff(["--from", before, "--to", after], { mask, log });
    if (json === undefined)
      throw new Error("what the update changed cannot be told: access-diff gave no answer");
    return accessChangeOf(json, []);
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      stack: { type: "string", default: "prod" },
      before: { type: "string", default: "before.json" },
      review: { type: "string", default: "review.json" },
      mask: { type: "string", default: "true" },
    },
  });
  const { stack } = values;
  const { access: approved } = parseReview(await readFile(values.review, "utf8"));
  if (approved === undefined) throw new Error("the review does not say how access changes");
  const applied = await changeSince(values.before, stack, values.mask !== "false");
  const { unapproved, missing } = otherwise(approved, applied);
  if (unapproved.length === 0 && missing.length === 0) {
    process.stdout.write("the update changed access exactly as approved\n");
    return;
  }
  const list = (title: string, lines: string[]) =>
    lines.length === 0 ? [] : [`#### ${title}`, fenced(lines, "diff")];
  const page = [
    "### 🚨 Applied otherwise than was approved",
    ...list("Changed, and nobody approved it", unapproved),
    ...list("Approved, and did not happen", missing),
    "#### The way back",
    fenced(WAY_BACK.map((line) => line.replaceAll("STACK", stack))),
  ].join("\n\n");
  await appendFile(setting("GITHUB_STEP_SUMMARY", /./), `${page}\n`);
  process.stdout.write([...unapproved, ...missing.map((line) => `missing: ${line}`), ""].join("\n"));
  throw new Error(
    `the update changed access otherwise than was approved, in ${unapproved.length + missing.length} lines: ` +
      "the run's page has them, and the way back",
  );
}

runScript(main);
