import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmdirSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, startOf } from "../process-alive";

/** Who uses a workspace's state. */
export interface StateOwner {
  pid: number;
  /** When that process was started, where the system tells: numbers of processes are given again. */
  start?: string;
  /** Its command, e.g. `up`. */
  command: string;
  /** Since when, ISO 8601. */
  since: string;
}

/** A hold on a workspace's state. */
export interface StateLock {
  release(): void;
}

/** Milliseconds after which whoever was taking a dead process's lock away has died in the middle of it. */
const TAKING_MS = 5000;

/**
 * Takes the state of a workspace for a sandbox in this process, or says who has it. Each sandbox keeps the account in
 * memory and writes the file whole, so that of two at once each would undo what the other has done. A process that
 * ended without letting go holds nothing.
 */
export function takeState(dir: string, command: string): StateLock | { owner: StateOwner } {
  const path = join(dir, "sandbox.lock");
  const own: StateOwner = {
    pid: process.pid,
    start: startOf(process.pid),
    command,
    since: new Date().toISOString(),
  };
  const text = `${JSON.stringify(own)}\n`;
  for (;;) {
    if (placed(path, text)) return heldLock(path, text);
    const owner = ownerOf(path);
    if (owner === undefined) continue;
    if (isRunning(owner)) return { owner };
    removeDead(path);
  }
}

/** A link to a complete file: the lock never is there without saying whose it is. */
function placed(path: string, text: string): boolean {
  const temporary = `${path}.${process.pid}-${randomUUID()}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    unlinkSync(temporary);
  }
}

function heldLock(path: string, text: string): StateLock {
  const release = () => {
    process.off("exit", release);
    if (read(path) === text) unlinkSync(path);
  };
  process.on("exit", release);
  return { release };
}

/**
 * Removes the lock of a process that is gone, one remover at a time: between a look at the lock and its removal,
 * another could have put its own there.
 */
function removeDead(path: string): void {
  const taking = `${path}.taking`;
  try {
    mkdirSync(taking);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    const made = statSync(taking, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - made > TAKING_MS) rmdirSync(taking);
    return;
  }
  try {
    const owner = ownerOf(path);
    if (owner !== undefined && !isRunning(owner)) unlinkSync(path);
  } finally {
    rmdirSync(taking);
  }
}

function isRunning({ pid, start }: StateOwner): boolean {
  return isAlive(pid) && (start === undefined || startOf(pid) === start);
}

/** Undefined when nobody holds it. A file that is none of ours says nothing of a process that runs. */
function ownerOf(path: string): StateOwner | undefined {
  const text = read(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as StateOwner;
  } catch {
    return { pid: 0, command: "", since: "" };
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";
