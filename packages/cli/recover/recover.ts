import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ApiError } from "../../base/errors";
import { type Fields, fieldsOf, isJson, listOf } from "../../base/json-values";
import { exportedResources, pendingOperations } from "../../cloudflare/stack-export";
import { type PulumiTarget, pulumi } from "../engine/pulumi";
import { configFileArgs, type EngineAccess, runEngine } from "../secrets/engine-cli";
import { fileBackendFolder } from "../stack/file-backend";
import { pastLock } from "../stack/past-lock";

/** What was put right after a run that was cut off. */
export interface Recovery {
  /** Half-written files of a file backend that were removed, by path. */
  removed: string[];
  /** Set when a dead run's lock was removed: whose it was. */
  unlocked?: string;
  /** URNs of the objects that the run was about to make, and whose end the state did not know. */
  cleared: string[];
}

/** How long to wait for an update that somebody else runs, in milliseconds. */
const LOCK_PATIENCE = 2_000;

/**
 * Makes a stack usable after a run that was cut off: removes its lock when it is certain that its process is no more,
 * and forgets about the creations that it had begun, which every later run would warn of. Objects that were made all
 * the same are found by the next `up` or by `orphans`. Nothing in the account is read or changed.
 * @throws {UserError} when another run holds the stack, {ApiError} when the engine fails.
 */
export async function recover(engine: EngineAccess, stack: string): Promise<Recovery> {
  const removed = await removeHalfWritten(engine);
  const purpose = `read the state of stack ${stack}`;
  const text = await runEngine(engine, { purpose, args: ["stack", "export", "--stack", stack] });
  const cleared = pendingOperations(text)
    .filter(({ type }) => type === "creating")
    .map(({ urn }) => urn);
  const root = exportedResources(text, `the state of stack ${stack}`).find(
    ({ type }) => type === "pulumi:pulumi:Stack",
  );
  let unlocked: string | undefined;
  // The root has no provider, so a refresh of it alone asks nobody. It takes the lock in any case.
  const only = typeof root?.["urn"] === "string" ? ["--target", root["urn"]] : [];
  const args = ["refresh", "--yes", "--skip-preview", "--clear-pending-creates", ...only];
  const result = await pastLock(engine, stack, [...args, "--stack", stack, ...configFileArgs(engine)], {
    patience: LOCK_PATIENCE,
    onUnlock: (detail) => {
      unlocked = detail;
    },
  });
  if (result.code !== 0) {
    throw new ApiError({
      action: "clear",
      object: `what stack ${stack} had begun (refresh ended with ${result.code})`,
      detail: `${result.stdout}\n${result.stderr}`.trim().split("\n").slice(-5).join("\n"),
    });
  }
  return { ...(unlocked === undefined ? {} : { unlocked }), cleared, removed };
}

/**
 * Beside each file of a file backend stands one with its attributes (`.attrs`). The engine makes it empty and fills it
 * then; when it is killed in between, it cannot read the state any more ("failed to load checkpoint: EOF"). Without the
 * file of attributes it reads it as ever.
 */
async function removeHalfWritten(engine: EngineAccess): Promise<string[]> {
  const url = engine.env["PULUMI_BACKEND_URL"] ?? (await loggedIn(engine));
  const root = fileBackendFolder(url, engine.cwd);
  if (root === undefined) return [];
  const files = await readdir(root, { recursive: true }).catch(() => []);
  const removed: string[] = [];
  for (const name of files.filter((each) => each.endsWith(".attrs"))) {
    const file = join(root, name);
    const text = await readFile(file, "utf8").catch(() => "{}");
    if (isJson(text)) continue;
    await rm(file, { force: true });
    removed.push(file);
  }
  return removed;
}

async function loggedIn(engine: EngineAccess): Promise<string | undefined> {
  const { code, stdout } = await pulumi(engine, ["whoami", "--json"]);
  try {
    const { url } = JSON.parse(code === 0 ? stdout : "{}") as { url?: unknown };
    return typeof url === "string" ? url : undefined;
  } catch {
    return undefined;
  }
}

/** What was done, for people; and what to do next. */
export function renderRecovery(
  stack: string,
  { unlocked, cleared, removed }: Recovery,
  next: string,
): string {
  const names = cleared.map((urn) => urn.split("::").slice(2).join(" ").split("$").at(-1) ?? urn);
  const lines = [
    ...removed.map((file) => `removed a file that was half written, and says nothing of the stack: ${file}`),
    ...(unlocked === undefined ? [] : [unlocked]),
    ...names.map((name) => `was being made when the run ended: ${name}`),
  ];
  if (lines.length === 0) return `stack ${stack}: nothing was cut off\n`;
  return `stack ${stack}:\n${lines.map((line) => `  ${line}\n`).join("")}${next}\n`;
}

/** Whether a run of a stack in a file backend was cut off, or still goes on, without starting the engine. */
export async function isCutOff({ env, cwd }: PulumiTarget, project: string, stack: string): Promise<boolean> {
  const backend = fileBackendFolder(env["PULUMI_BACKEND_URL"], cwd);
  if (backend === undefined) return false;
  const locks = await readdir(join(backend, "locks", "organization", project, stack)).catch(() => []);
  if (locks.length > 0) return true;
  const state = await readFile(join(backend, "stacks", project, `${stack}.json`), "utf8").catch(() => "{}");
  // One that is half written is what the engine itself will say.
  const { checkpoint }: Fields = isJson(state) ? fieldsOf(JSON.parse(state)) : {};
  return listOf(fieldsOf(fieldsOf(checkpoint)["latest"])["pending_operations"]).length > 0;
}
