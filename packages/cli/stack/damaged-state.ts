import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors";
import { isJson } from "../../base/json-values";
import { projectDir } from "../sandboxed/workspace";
import { fileBackendFolder } from "./file-backend";

/**
 * What to do when the engine cannot read a stack's state: in a file backend there is the state before it beside it.
 * Undefined when the engine's words are not about that.
 */
export function damagedStateRemedy(
  words: string,
  stack: string,
  backend: string | undefined,
): string | undefined {
  if (!/failed to load checkpoint/.test(words)) return undefined;
  const file = stateFileOf(backend, stack);
  if (file === undefined) {
    return "The stack's state is damaged: put the last good one in its place (`pulumi stack export --version`, then `pulumi stack import`).";
  }
  // Then it is what stands beside it.
  return isJson(readFileSync(file, "utf8"))
    ? `Run \`npm run cli -- recover --stack ${stack}\`.`
    : restore(file);
}

/**
 * For commands whose errors the engine prints itself, which names neither the file nor a way out.
 * @throws {UserError} when the state in this file backend is no JSON.
 */
export function refuseDamagedState(backend: string | undefined, stack: string): void {
  const file = stateFileOf(backend, stack);
  if (file === undefined) return;
  if (!isJson(readFileSync(file, "utf8"))) {
    throw new UserError(`could not read the state of stack ${stack}: it is no JSON`, restore(file));
  }
}

function restore(file: string): string {
  const before = `${file}.bak`;
  return existsSync(before)
    ? `The state file ${file} is damaged. The state before it is ${before}: copy that over it, then run \`pulumi refresh\`.`
    : `The state file ${file} is damaged, and there is no ${before}: put a copy of your own in its place.`;
}

function stateFileOf(backend: string | undefined, stack: string): string | undefined {
  const folder = fileBackendFolder(backend, projectDir);
  if (folder === undefined) return undefined;
  const stacks = join(folder, "stacks");
  try {
    for (const project of readdirSync(stacks)) {
      const file = join(stacks, project, `${stack}.json`);
      if (existsSync(file)) return file;
    }
  } catch {
    // Laid out in another way.
  }
  return undefined;
}
