// Finds what was approved for the commit to be deployed: the merged pull request, and the run that reviewed it.
//
// Environment: COMMIT, GITHUB_TOKEN. Step outputs: pull, head, run.
import { appendFile } from "node:fs/promises";
import { currentRun, runScript, setting } from "#environment";
import { GitHub } from "#github-api";

interface Pull {
  number: number;
  merged_at: string | null;
  merge_commit_sha: string | null;
  head: { sha: string };
  base: { ref: string };
}

interface WorkflowRun {
  id: number;
  path: string;
  conclusion: string | null;
}

async function main(): Promise<void> {
  const commit = setting("COMMIT", /^[0-9a-f]{40}$/);
  const run = currentRun();
  const github = new GitHub({ ...run, token: setting("GITHUB_TOKEN", /./) });

  const pulls = await github.all<Pull>(`/commits/${commit}/pulls?per_page=100`);
  const pull = pulls.find(({ merged_at, base }) => merged_at !== null && base.ref === "main");
  if (pull === undefined)
    throw new Error(`commit ${commit} came to main without a pull request: nobody approved it`);

  const path = `/actions/runs?event=pull_request&head_sha=${pull.head.sha}&per_page=100`;
  const { workflow_runs: runs } = await github.get<{ workflow_runs: WorkflowRun[] }>(path);
  const [newest] = runs
    .filter(({ path: file }) => file === ".github/workflows/pull-request.yml")
    .sort((one, other) => other.id - one.id);
  // Whatever an older one said: somebody took the label back, or a rule was added.
  if (newest?.conclusion !== "success") {
    const ended =
      newest === undefined ? "there is none" : `the newest ended as ${newest.conclusion ?? "not yet"}`;
    throw new Error(`no successful review of pull request #${pull.number} to compare with: ${ended}`);
  }

  const outputs = { pull: pull.number, head: pull.head.sha, run: newest.id };
  const lines = Object.entries(outputs).map(([name, value]) => `${name}=${value}\n`);
  await appendFile(setting("GITHUB_OUTPUT", /./), lines.join(""));
}

runScript(main);
