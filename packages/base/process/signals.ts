import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What must not outlive this process. */
const children = new Set<ChildProcess>();

/** Commands that end in their own way. */
const takers = new Set<() => void>();

let ending: NodeJS.Signals | undefined;

/** Notes a child process, so that an interruption of this one waits for its orderly end. */
export function guardChild<T extends ChildProcess>(child: T): T {
  children.add(child);
  const gone = () => {
    children.delete(child);
    if (ending !== undefined && children.size === 0) leave(ending);
  };
  child.once("error", gone);
  child.once("close", gone);
  return child;
}

/**
 * Takes over what an interruption does, for a command that stops at a place of its own choice.
 * @returns gives it back.
 */
export function onInterruption(stop: () => void): () => void {
  takers.add(stop);
  return () => void takers.delete(stop);
}

/**
 * Has interruptions end this process in order: the engine first, which lets go of its lock on the stack, then this,
 * with 130 for Ctrl-C and 143 for SIGTERM. A second one does not wait.
 */
export function endInOrder(): void {
  for (const signal of SIGNALS) process.on(signal, () => interrupted(signal));
}

function interrupted(signal: (typeof SIGNALS)[number]): void {
  if (ending !== undefined || takers.size > 0) {
    if (takers.size === 0) leave(signal);
    // Once: a second one is for a process that does not come to its end.
    for (const stop of takers) stop();
    takers.clear();
    return;
  }
  ending = signal;
  if (children.size === 0) leave(signal);
  // Ctrl-C reaches the whole group by itself, and a second one makes the engine give up at once.
  if (signal !== "SIGINT") for (const child of children) child.kill("SIGINT");
}

function leave(signal: NodeJS.Signals): never {
  process.exit(128 + constants.signals[signal]);
}
