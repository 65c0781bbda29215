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

  const path = `/actions/runs?event=pull_request&head_sha=${pull.head.sha}&status=success&per_page=100`;
  const { workflow_runs: runs } = await github.get<{ workflow_runs: WorkflowRun[] }>(path);
  const reviewed = runs.filter(({ path: file }) => file === ".github/workflows/pull-request.yml");
  const newest = Math.max(...reviewed.map(({ id }) => id));
  if (reviewed.length === 0)
    throw new Error(`no successful review of pull request #${pull.number}: nothing to compare with`);

  const outputs = { pull: pull.number, head: pull.head.sha, run: newest };
  const lines = Object.entries(outputs).map(([name, value]) => `${name}=${value}\n`);
  await appendFile(setting("GITHUB_OUTPUT", /./), lines.join(""));
}

runScript(main);
