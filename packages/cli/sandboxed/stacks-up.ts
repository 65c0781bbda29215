import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fieldsOf, listOf, textOf } from "../../base/json-values";
import { TYPES } from "../../cloudflare/kinds";
import { fileBackendFolder } from "../stack/file-backend";
import { projectDir } from "./workspace";

/** Types of the resource that holds a stack's ingress rules, in its own tunnel or in a shared one. */
const INGRESS: readonly string[] = [TYPES.ownIngress, TYPES.sharedIngress];

/**
 * Tells which tunnels serve a stack that is up: those whose ingress rules stand in the state of one. Read from a file
 * backend without the engine; files that did not change are not read again, and of one that is just being written the
 * last good reading counts.
 * @param backend as `PULUMI_BACKEND_URL` names it
 */
export function stacksUp(backend: string | undefined): () => ReadonlySet<string> {
  const folder = fileBackendFolder(backend, projectDir);
  const known = new Map<string, { stamp: string; tunnels: readonly string[] }>();
  return () => {
    const files = folder === undefined ? [] : stateFiles(join(folder, "stacks"));
    for (const [file, stamp] of files) {
      if (known.get(file)?.stamp === stamp) continue;
      const tunnels = tunnelsIn(file);
      if (tunnels !== undefined) known.set(file, { stamp, tunnels });
    }
    const there = new Set(files.map(([file]) => file));
    return new Set([...known].flatMap(([file, { tunnels }]) => (there.has(file) ? tunnels : [])));
  };
}

/** Each stack's file, and what changes when it is written. */
function stateFiles(stacks: string): [file: string, stamp: string][] {
  return entries(stacks).flatMap((project) =>
    entries(join(stacks, project))
      .filter((name) => name.endsWith(".json"))
      .flatMap((name): [string, string][] => {
        const file = join(stacks, project, name);
        const found = statSync(file, { throwIfNoEntry: false });
        return found === undefined ? [] : [[file, `${found.mtimeMs} ${found.size} ${found.ino}`]];
      }),
  );
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No stack was made yet.
    return [];
  }
}

function tunnelsIn(file: string): string[] | undefined {
  try {
    const state = fieldsOf(JSON.parse(readFileSync(file, "utf8")));
    const { resources } = fieldsOf(fieldsOf(state["checkpoint"])["latest"]);
    return listOf(resources)
      .map(fieldsOf)
      .filter((resource) => INGRESS.includes(String(resource["type"])) && resource["delete"] !== true)
      .flatMap(({ inputs }) => textOf(fieldsOf(inputs)["tunnelId"]) ?? []);
  } catch {
    return undefined;
  }
}
