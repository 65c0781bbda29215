// Proposes a stack config with a service token's next version as a pull request, by the API: no git credential is kept.
//
// Environment: FILE, TOKEN (the service token's name), GITHUB_TOKEN.
import { readFile } from "node:fs/promises";
import { currentRun, runScript, setting } from "#environment";
import { GitHub } from "#github-api";

interface Pull {
  html_url: string;
  head: { ref: string };
}

async function main(): Promise<void> {
  const file = setting("FILE", /^Pulumi\.[\w-]+\.yaml$/);
  const token = setting("TOKEN", /^[a-z0-9-]{1,48}$/);
  const run = currentRun();
  const github = new GitHub({ ...run, token: setting("GITHUB_TOKEN", /./) });
  const branch = `rotate/${token}-${run.id}`;
  const title = `Rotate the service token ${token}`;

  const waiting = (await github.all<Pull>("/pulls?state=open&per_page=100")).find(
    ({ head }) => head.ref !== branch && head.ref.replace(/-\d+$/, "") === `rotate/${token}`,
  );
  if (waiting !== undefined) {
    process.stdout.write(`proposed already: ${waiting.html_url}\n`);
    return;
  }

  const base = await github.get<{ object: { sha: string } }>("/git/ref/heads/main");
  const { sha } = await github.get<{ sha: string }>(`/contents/${file}?ref=${base.object.sha}`);
  const ref = { ref: `refs/heads/${branch}`, sha: base.object.sha };
  await github.post("/git/refs", ref, () => github.get(`/git/ref/heads/${branch}`));
  const content = (await readFile(file)).toString("base64");
  await github.put(`/contents/${file}`, { message: title, content, sha, branch });

  const body = [
    "Merging makes a new secret. The one before is accepted until `previousExpiresAt`; clients take the new one with",
    `\`npm run env\`.\n\nClose and reopen this to start its checks. [The run](${run.url})`,
  ].join(" ");
  const made = await github.post<Pull>("/pulls", { title, body, head: branch, base: "main" }, async () => {
    const open = await github.all<Pull>("/pulls?state=open&per_page=100");
    return open.find(({ head }) => head.ref === branch);
  });
  process.stdout.write(`proposed ${made.html_url}\n`);
}

runScript(main);
