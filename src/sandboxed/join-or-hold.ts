import { setTimeout as pause } from "node:timers/promises";
import { UserError } from "../errors";
import { type StateLock, type StateOwner, takeState } from "./state-lock";
import { findRunningSandbox, type RunningSandbox, type Workspace } from "./workspace";

/** How long a command waits for another one that uses the sandbox's state, in milliseconds. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 200;

/**
 * The sandbox that runs for play, or else a hold on the workspace's state for one of this process's own. Waits for
 * another command that has such a hold, and says so.
 * @param patienceMs default: a minute
 * @throws UserError when that one does not end in time, with its process and how to go on.
 */
export async function joinOrHold(
  workspace: Workspace,
  log: (line: string) => void = () => {},
  patienceMs = PATIENCE_MS,
): Promise<{ running: RunningSandbox } | { lock: StateLock }> {
  const until = performance.now() + patienceMs;
  let told: number | undefined;
  for (;;) {
    const running = await findRunningSandbox(workspace);
    if (running !== undefined) return { running };
    const taken = takeState(workspace.dir, process.argv[2] ?? "");
    if (!("owner" in taken)) return { lock: taken };
    const { owner } = taken;
    if (performance.now() >= until) throw inUse(workspace, owner);
    if (told !== owner.pid) log(`waiting for ${nameOf(owner)}, which uses the sandbox's state`);
    told = owner.pid;
    await pause(LOOK_MS);
  }
}

function inUse(workspace: Workspace, owner: StateOwner): UserError {
  return new UserError(
    `${nameOf(owner)} uses the sandbox's state in ${workspace.dir} since ${owner.since}`,
    "Wait until it has ended. Commands that are to run at once share one sandbox: start `npm run sandbox` first.",
  );
}

const nameOf = ({ command, pid }: StateOwner): string =>
  /^[a-z][a-z-]*$/.test(command) ? `"${command}" (process ${pid})` : `process ${pid}`;
