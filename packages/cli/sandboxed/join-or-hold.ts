import { join } from "node:path";
import { type LockFile, waitForLock } from "../../base/process/lock-file";
import { findRunningSandbox, type RunningSandbox, type Workspace } from "./workspace";

/** How long a command waits for another one that uses the sandbox's state, in milliseconds. */
const PATIENCE_MS = 60_000;

/**
 * The sandbox that runs for play, or else a hold on the workspace's state for one of this process's own: each sandbox
 * keeps the account in memory and writes the file whole, so that of two at once each would undo what the other has
 * done. Waits for another command that has such a hold, and says so.
 * @param patienceMs default: a minute
 * @throws {UserError} when that one does not end in time, with its process and how to go on.
 */
export async function joinOrHold(
  workspace: Workspace,
  log: (line: string) => void = () => {},
  patienceMs = PATIENCE_MS,
): Promise<{ running: RunningSandbox } | { lock: LockFile }> {
  const found = await waitForLock(join(workspace.dir, "sandbox.lock"), {
    patienceMs,
    does: `uses the sandbox's state in ${workspace.dir}`,
    remedy:
      "Wait until it has ended. Commands that are to run at once share one sandbox: start `npm run sandbox` first.",
    waiting: (holder, seconds) =>
      log(`waiting for ${holder}, which uses the sandbox's state${seconds > 0 ? `: ${seconds} s` : ""}`),
    instead: () => findRunningSandbox(workspace),
  });
  return "release" in found ? { lock: found } : { running: found };
}
