import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { projectDir } from "../../packages/cli/sandboxed/workspace";

/** What an npm script runs, so that it and nothing else is measured. */
export async function scriptWords(name: string): Promise<string[]> {
  const file = JSON.parse(await readFile(join(projectDir, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const script = file.scripts[name];
  if (script === undefined) throw new Error(`package.json has no script ${name}`);
  return script.split(" ");
}
