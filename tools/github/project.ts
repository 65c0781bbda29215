import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { projectDir } from "../../src/sandboxed/workspace";

/** The project's name, as Pulumi.yaml has it. */
export async function projectName(): Promise<string> {
  const { name } = parse(await readFile(join(projectDir, "Pulumi.yaml"), "utf8")) as { name: string };
  return name;
}
