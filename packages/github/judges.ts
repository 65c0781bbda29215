// Says what a pull request changes in files that decide how it is judged: access tests, exceptions, accepted drift and
// packages. Runs the code of the branch that is merged into, with that branch's packages; of the pull request it reads
// these files alone, as text.
//
// Environment: MERGED (the commit of the merge, as GitHub tried it), GITHUB_TOKEN. Step output: found, a JSON list.
import { execFile } from "node:child_process";
import { appendFile } from "node:fs/promises";
import { promisify } from "node:util";
import { guardrailChanges } from "./guardrails-config";
import { packageChanges } from "./package-files";
import { currentRun, runScript, setting } from "./plain/environment";
import { GitHub } from "./plain/github-api";
import { type Found, MOST_FOUND } from "./plain/judges";
import { lostTests, newAcceptances } from "./stack-file";

const STACK_FILE = /^Pulumi\..+\.ya?ml$/;
const MANIFEST = "package.json";
const LOCK = "package-lock.json";

async function main(): Promise<void> {
  const merged = setting("MERGED", /^[0-9a-f]{40}$/);
  const github = new GitHub({ ...currentRun(), token: setting("GITHUB_TOKEN", /./) });
  // What is there without the pull request; the event names what was there when it came.
  const { parents } = await github.get<{ parents: { sha: string }[] }>(`/commits/${merged}`);
  const [base] = parents;
  if (base === undefined || parents.length !== 2) throw new Error(`${merged} is no merge`);
  const before = await Side.read(github, base.sha);
  const after = await Side.read(github, merged);
  const found: Found[] = [];
  for (const file of before.differing(after)) {
    const isStackFile = STACK_FILE.test(file);
    const isJson = file.toLowerCase().endsWith(".json");
    if (!isStackFile && !isJson) continue;
    const [then, now] = [await before.text(file), await after.text(file)];
    if (isStackFile) {
      found.push(...lostTests(file, then, now).map((line) => ({ kind: "access-test", line }) as const));
      found.push(...newAcceptances(file, then, now).map((line) => ({ kind: "accepted", line }) as const));
    }
    if (isJson) {
      found.push(...guardrailChanges(file, then, now).map((line) => ({ kind: "guardrail", line }) as const));
    }
  }
  const [then, now] = [await packagesOf(before), await packagesOf(after)];
  found.push(
    ...packageChanges(then, now, await npmRegistry()).map((line) => ({ kind: "packages", line }) as const),
  );
  await appendFile(setting("GITHUB_OUTPUT", /./), `found=${JSON.stringify(found.slice(0, MOST_FOUND))}\n`);
}

/** Where npm takes packages from on this machine, which the pull request does not configure. */
async function npmRegistry(): Promise<string> {
  return (await promisify(execFile)("npm", ["config", "get", "registry"])).stdout.trim();
}

const packagesOf = async (side: Side) => ({
  manifest: await side.text(MANIFEST),
  lock: await side.text(LOCK),
});

/** The files at a commit. */
class Side {
  private constructor(
    private readonly github: GitHub,
    /** Which object each file is, by its path. */
    private readonly objects: ReadonlyMap<string, string>,
  ) {}

  static async read(github: GitHub, commit: string): Promise<Side> {
    const { tree, truncated } = await github.get<{
      tree: { path: string; type: string; sha: string }[];
      truncated: boolean;
    }>(`/git/trees/${commit}?recursive=1`);
    if (truncated) throw new Error(`${commit} has more files than GitHub lists`);
    const files = tree.filter(({ type }) => type === "blob");
    return new Side(github, new Map(files.map(({ path, sha }) => [path, sha])));
  }

  /** Files that are not the same on another side, or not there. */
  differing(other: Side): string[] {
    const all = [...new Set([...this.objects.keys(), ...other.objects.keys()])];
    return all.filter((file) => this.objects.get(file) !== other.objects.get(file));
  }

  /** A file's text; undefined when it is not there. */
  async text(file: string): Promise<string | undefined> {
    const object = this.objects.get(file);
    if (object === undefined) return undefined;
    const { content, encoding } = await this.github.get<{ content: string; encoding: string }>(
      `/git/blobs/${object}`,
    );
    if (encoding !== "base64") throw new Error(`${file} cannot be read`);
    return Buffer.from(content, "base64").toString("utf8");
  }
}

runScript(main);
