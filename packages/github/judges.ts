// Says which access tests a pull request removes or changes. Runs the code of the branch that is merged into, with that
// branch's packages; of the pull request it reads the stack files alone, as text.
//
// Environment: MERGED (the commit of the merge, as GitHub tried it), GITHUB_TOKEN. Step output: lost, a JSON list.
import { appendFile } from "node:fs/promises";
import { lostTests } from "./lost-tests";
import { currentRun, runScript, setting } from "./plain/environment";
import { GitHub, GitHubError } from "./plain/github-api";

/** More than this does not fit into a comment, and a step's output has to end somewhere. */
const MOST = 200;

const STACK_FILE = /^Pulumi\..+\.ya?ml$/;

async function main(): Promise<void> {
  const merged = setting("MERGED", /^[0-9a-f]{40}$/);
  const github = new GitHub({ ...currentRun(), token: setting("GITHUB_TOKEN", /./) });
  // What is there without the pull request; the event names what was there when it came.
  const { parents } = await github.get<{ parents: { sha: string }[] }>(`/commits/${merged}`);
  const [base] = parents;
  if (base === undefined || parents.length !== 2) throw new Error(`${merged} is no merge`);
  const files = await github.get<{ name: string }[]>(`/contents/?ref=${base.sha}`);
  const lost: string[] = [];
  for (const { name } of files.filter((file) => STACK_FILE.test(file.name))) {
    lost.push(
      ...lostTests(name, (await textOf(github, name, base.sha)) ?? "", await textOf(github, name, merged)),
    );
  }
  const told = lost.length > MOST ? [...lost.slice(0, MOST), `and ${lost.length - MOST} more`] : lost;
  await appendFile(setting("GITHUB_OUTPUT", /./), `lost=${JSON.stringify(told)}\n`);
}

/** A file's text at a commit; undefined when it is not there. */
async function textOf(github: GitHub, name: string, commit: string): Promise<string | undefined> {
  try {
    const path = `/contents/${encodeURIComponent(name)}?ref=${commit}`;
    const { content, encoding } = await github.get<{ content: string; encoding: string }>(path);
    // GitHub gives no text of a file beyond 1 MB.
    if (encoding !== "base64") throw new Error(`${name} at ${commit} is too large`);
    return Buffer.from(content, "base64").toString("utf8");
  } catch (error) {
    if (error instanceof GitHubError && error.status === 404) return undefined;
    throw error;
  }
}

runScript(main);
