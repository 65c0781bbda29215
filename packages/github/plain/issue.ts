// Opens, updates or closes the one issue about the state of what is live.
//
// Environment: FINDINGS_FILE (may be missing: the check itself failed), STACK (<project>/<stack>), GITHUB_TOKEN.
import { appendFile, readFile } from "node:fs/promises";
import { currentRun, runScript, setting, WORKFLOW_LOGIN } from "#environment";
import { type Findings, MalformedFindings, parseFindings, renderFindings } from "#findings";
import { GitHub } from "#github-api";

interface Issue {
  number: number;
  title: string;
  body?: string | null;
  user: { login: string } | null;
  pull_request?: unknown;
}

const LABEL = "access-drift";

/** Findings that say only that there are none to go by. */
function failed(why: string): Findings {
  return { version: 2, failure: [why], drift: [], access: [], undeployed: [], unseen: [], expiring: [] };
}

async function readFindings(file: string): Promise<Findings> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return failed("The check ended before it had a result.");
  try {
    return parseFindings(text);
  } catch (error) {
    if (!(error instanceof MalformedFindings)) throw error;
    return failed(`The result is not of the agreed form: ${error.message}`);
  }
}

/** When this workflow last ran by its schedule: GitHub stops schedules silently, and only this shows it. */
async function lastScheduledRun(github: GitHub): Promise<string | undefined> {
  const path = "/actions/workflows/drift.yml/runs?event=schedule&status=completed&per_page=1";
  const { workflow_runs: runs } = await github.get<{ workflow_runs: { created_at: string }[] }>(path);
  return runs[0]?.created_at;
}

async function main(): Promise<void> {
  const run = currentRun();
  const key = setting("STACK", /^[\w.-]{1,100}\/[\w.-]{1,100}$/);
  const github = new GitHub({ ...run, token: setting("GITHUB_TOKEN", /./) });
  const findings = await readFindings(setting("FINDINGS_FILE", /./));
  const { found, body } = renderFindings(findings, {
    key,
    runUrl: run.url,
    lastRun: await lastScheduledRun(github),
  });
  await appendFile(setting("GITHUB_STEP_SUMMARY", /./), body);
  if (found) process.exitCode = 1;

  const [marker = ""] = body.split("\n", 1);
  const find = async () => {
    const open = await github.all<Issue>(`/issues?state=open&labels=${LABEL}&per_page=100`);
    return open.find(({ user, body: text, pull_request: pull }) => {
      return pull === undefined && user?.login === WORKFLOW_LOGIN && (text ?? "").startsWith(marker);
    });
  };
  const existing = await find();
  const title = `${key}: what is live is not as declared, or will soon stop working`;
  if (existing === undefined) {
    if (found) await github.post("/issues", { title, body, labels: [LABEL] }, find);
  } else if (!found) {
    await github.patch(`/issues/${existing.number}`, { body, state: "closed", state_reason: "completed" });
  } else if (existing.body !== body) {
    await github.patch(`/issues/${existing.number}`, { body });
  }
}

runScript(main);
