// A lock of our own, after a look at the packages for it. `proper-lockfile` and `lockfile` call a lock dead by its age: the
// next command waits seconds for one whose process was killed, one that computes or sleeps for longer loses its lock while
// it works, and who holds it is not told; both had their last release years ago. `cross-process-lock` keeps that of a
// killed process for minutes. What asks the kernel (`fs-ext`, `os-lock`) has to be compiled, which `npm ci` without
// install scripts does not do. Here the holder says who it is, and has the lock as long as its process runs.
import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmdirSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { UserError } from "../errors";
import { isAlive, startOf } from "./process-alive";

/** Who holds a lock. */
export interface LockHolder {
  pid: number;
  /** When that process was started, where the system tells: numbers of processes are given again. */
  start?: string;
  /** The machine that it runs on. */
  host?: string;
  /** Its command, e.g. `up`. */
  command: string;
  /** Since when, ISO 8601. */
  since: string;
}

/** A lock that this process holds. */
export interface LockFile {
  release(): void;
}

/** How {@link waitForLock} waits. */
export interface LockWait<T> {
  /** For how long, in milliseconds. */
  patienceMs: number;
  /** What the holder does with what is locked, for the error, e.g. `is writing /a/.env`. */
  does: string;
  /** What to do when it does not end in time. */
  remedy: string;
  /** Called with who holds it and how many seconds it was waited: at once for each holder, then every ten seconds. */
  waiting?: (holder: string, seconds: number) => void;
  /** Asked before each look at the lock: what is found makes the lock unnecessary. */
  instead?: () => Promise<T | undefined>;
}

/** Milliseconds after which a step that takes a moment, and is not done, has died in the middle. */
const MOMENT_MS = 5000;

const LOOK_MS = 50;
const WORDS_MS = 10_000;

/**
 * Takes a lock that is a file, or waits for whoever has it.
 * @returns the lock, or what `instead` found.
 * @throws {UserError} when that one does not end in time; Node's own error when the file cannot be written.
 */
export async function waitForLock<T = never>(
  path: string,
  { patienceMs, does, remedy, waiting, instead }: LockWait<T>,
): Promise<LockFile | T> {
  const started = performance.now();
  let said = { name: "", at: 0 };
  for (;;) {
    const found = await instead?.();
    if (found !== undefined) return found;
    const taken = takeLock(path);
    if (!("holder" in taken)) return taken;
    const { holder } = taken;
    const name = nameOf(holder);
    const now = performance.now();
    if (now - started >= patienceMs) {
      // What another machine's processes do cannot be seen here.
      const elsewhere = isHere(holder) ? "" : ` If it is certain that it is no more, delete ${path}.`;
      throw new UserError(`${name} ${does} since ${holder.since}`, `${remedy}${elsewhere}`);
    }
    if (name !== said.name || now - said.at >= WORDS_MS) {
      waiting?.(name, Math.round((now - started) / 1000));
      said = { name, at: now };
    }
    await pause(LOOK_MS);
  }
}

/**
 * Takes a lock that is a file, or says who has it; a process that ended without letting go has nothing. Known to this
 * project's commands alone: an editor does not heed it.
 */
export function takeLock(path: string): LockFile | { holder: LockHolder } {
  const own: LockHolder = {
    pid: process.pid,
    start: startOf(process.pid),
    host: hostname(),
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
  try {
    writeFileSync(temporary, text, { mode: 0o600 });
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
    remove(temporary);
  }
}

function held(path: string, text: string): LockFile {
  const release = () => {
    process.off("exit", release);
    if (read(path) === text) remove(path);
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
    if (holder !== undefined && !isHeld(path, holder)) remove(path);
  } finally {
    removeFolder(taking);
  }
}

function isHeld(path: string, holder: LockHolder): boolean {
  // Without links, a lock is there a moment before it says whose it is.
  if (holder.pid === 0) return isOfThisMoment(path);
  if (!isHere(holder)) return true;
  return isAlive(holder.pid) && (holder.start === undefined || startOf(holder.pid) === holder.start);
}

const isHere = ({ host }: LockHolder): boolean => host === undefined || host === hostname();

/** `"up" (process 7 on build-2)`. */
function nameOf(holder: LockHolder): string {
  if (holder.pid === 0) return "another command";
  const process = `process ${holder.pid}${isHere(holder) ? "" : ` on ${holder.host}`}`;
  return /^[a-z][a-z-]*$/.test(holder.command) ? `"${holder.command}" (${process})` : process;
}

function isOfThisMoment(path: string): boolean {
  const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  return Date.now() - made < MOMENT_MS;
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
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
    const found = JSON.parse(text) as Partial<LockHolder> | null;
    if (found !== null && typeof found.pid === "number")
      return { command: "", since: "", ...found, pid: found.pid };
  } catch {
    // Half written.
  }
  return { pid: 0, command: "", since: "" };
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
