import { hostname } from "node:os";
import { commandLineOf, isAlive } from "../../base/process/process-alive";

/** Who holds a lock on a stack, as the engine says. */
export interface LockOwner {
  user: string;
  host: string;
  pid: number;
}

/**
 * The owners of the locks that the engine's words name; undefined when they are not about locks. File backends only:
 * Pulumi Cloud ends the lock of a dead update itself.
 */
export function lockOwners(stderr: string): LockOwner[] | undefined {
  if (!/the stack is currently locked by \d+ lock/.test(stderr)) return undefined;
  return [...stderr.matchAll(/created by (\S+)@(\S+) \(pid (\d+)\)/g)].map(
    ([, user = "", host = "", pid]) => {
      return { user, host, pid: Number(pid) };
    },
  );
}

/** Whether it is certain that the owner is no more: it ran on this machine, and runs no longer. */
export function isGone({ host, pid }: LockOwner): boolean {
  if (host !== hostname()) return false;
  if (!isAlive(pid)) return true;
  // The number may have been given to another process since.
  const command = commandLineOf(pid);
  return command !== undefined && !command.includes("pulumi");
}
