import { readFileSync } from "node:fs";

/** Whether a process with this number runs; one that has ended and only waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const state = statOf(pid)?.[0];
  return state !== "Z" && state !== "X";
}

/**
 * What tells a process from a later one with its number: when it was started, in the kernel's ticks. Undefined where
 * the system does not tell (it is Linux that does), and for a process that is gone.
 */
export function startOf(pid: number): string | undefined {
  return statOf(pid)?.[19];
}

/** The command line of a process; undefined where the system does not tell, and for a process that is gone. */
export function commandLineOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return undefined;
  }
}

/** The fields of proc_pid_stat(5) from the state on: the name before it may hold spaces and brackets. */
function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
