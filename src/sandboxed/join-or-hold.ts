import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { UserError } from "../errors";
import { type LockFile, type LockHolder, takeLock } from "../lock-file";
import { findRunningSandbox, type RunningSandbox, type Workspace } from "./workspace";

/** How long a command waits for another one that uses the sandbox's state, in milliseconds. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 200;

/**
 * The sandbox that runs for play, or else a hold on the workspace's state for one of this process's own: each sandbox
 * keeps the account in memory and writes the file whole, so that of two at once each would undo what the other has
 * done. Waits for another command that has such a hold, and says so.
 * @param patienceMs default: a minute
 * @throws UserError when that one does not end in time, with its process and how to go on.
 */
export async function joinOrHold(
  workspace: Workspace,
  log: (line: string) => void = () => {},
  patienceMs = PATIENCE_MS,
): Promise<{ running: RunningSandbox } | { lock: LockFile }> {
  const until = performance.now() + patienceMs;
  let told: number | undefined;
  for (;;) {
    const running = await findRunningSandbox(workspace);
    if (running !== undefined) return { running };
    const taken = takeLock(join(workspace.dir, "sandbox.lock"));
    if (!("holder" in taken)) return { lock: taken };
    const { holder } = taken;
    if (performance.now() >= until) throw inUse(workspace, holder);
    if (told !== holder.pid) log(`waiting for ${nameOf(holder)}, which uses the sandbox's state`);
    told = holder.pid;
    await pause(LOOK_MS);
  }
}

function inUse(workspace: Workspace, holder: LockHolder): UserError {
  return new UserError(
    `${nameOf(holder)} uses the sandbox's state in ${workspace.dir} since ${holder.since}`,
    "Wait until it has ended. Commands that are to run at once share one sandbox: start `npm run sandbox` first.",
  );
}

const nameOf = ({ command, pid }: LockHolder): string =>
  /^[a-z][a-z-]*$/.test(command) ? `"${command}" (process ${pid})` : `process ${pid}`;
