import { readFile } from "node:fs/promises";
import { hostname } from "node:os";

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
export async function isGone({ host, pid }: LockOwner): Promise<boolean> {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  // The number may have been given to another process since, or its process wait for nothing but to be reaped.
  const [stat, command] = await Promise.all([
    readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined),
    readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => undefined),
  ]);
  if (stat === undefined || command === undefined) return false;
  return /\) [ZX] /.test(stat) || !command.includes("pulumi");
}
