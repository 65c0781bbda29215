import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmdirSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { isAlive, startOf } from "./process-alive";

/** Who holds a lock. */
export interface LockHolder {
  pid: number;
  /** When that process was started, where the system tells: numbers of processes are given again. */
  start?: string;
  /** Its command, e.g. `up`. */
  command: string;
  /** Since when, ISO 8601. */
  since: string;
}

/** A lock that this process holds. */
export interface LockFile {
  release(): void;
}

/** Milliseconds after which a step that takes a moment, and is not done, has died in the middle. */
const MOMENT_MS = 5000;

/**
 * Takes a lock that is a file, or says who has it; a process that ended without letting go has nothing. Known to this
 * project's commands alone, on one machine: an editor heeds it as little as a process elsewhere on a shared disk.
 */
export function takeLock(path: string): LockFile | { holder: LockHolder } {
  const own: LockHolder = {
    pid: process.pid,
    start: startOf(process.pid),
    command: process.argv[2] ?? "",
    since: new Date().toISOString(),
  };
  const text = `${JSON.stringify({ ...own, id: randomUUID() })}\n`;
  for (;;) {
    if (placed(path, text)) return held(path, text);
    const holder = holderOf(path);
    if (holder === undefined) continue;
    if (isHeld(path, holder)) return { holder };
    removeDead(path);
  }
}

/** A link to a complete file, so that the lock says at once whose it is; some file systems have no links. */
function placed(path: string, text: string): boolean {
  const temporary = `${path}.${process.pid}-${randomUUID()}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  try {
    try {
      linkSync(temporary, path);
    } catch (error) {
      if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(codeOf(error))) throw error;
      writeFileSync(path, text, { mode: 0o600, flag: "wx" });
    }
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    unlinkSync(temporary);
  }
}

function held(path: string, text: string): LockFile {
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
    if (!isOfThisMoment(taking)) removeFolder(taking);
    return;
  }
  try {
    const holder = holderOf(path);
    if (holder !== undefined && !isHeld(path, holder)) unlinkSync(path);
  } finally {
    removeFolder(taking);
  }
}

function isHeld(path: string, { pid, start }: LockHolder): boolean {
  // Without links, a lock is there a moment before it says whose it is.
  if (pid === 0) return isOfThisMoment(path);
  return isAlive(pid) && (start === undefined || startOf(pid) === start);
}

function isOfThisMoment(path: string): boolean {
  const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  return Date.now() - made < MOMENT_MS;
}

function removeFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

/** Undefined when nobody holds it; number 0 when it does not say who. */
function holderOf(path: string): LockHolder | undefined {
  const text = read(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as LockHolder;
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
