import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { link, open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** How long a lock is believed; each in milliseconds. */
export interface LockPatience {
  /** How often its holder touches it. */
  beat: number;
  /** After so long without a touch it is nobody's, whoever held it. */
  abandoned: number;
}

const PATIENCE: LockPatience = { beat: 2_000, abandoned: 60_000 };

/** A lock that is held. */
export interface Lock {
  /** Gives it back, unless somebody else has it by now. */
  release(): Promise<void>;
}

/** Who holds a lock, in words. */
interface Holder {
  pid: number;
  host: string;
}

/**
 * Takes a lock file, or waits for it. Its holder touches it all the time: one that was killed, here or on another
 * machine with the same home folder, does not keep it. What the clocks say does not matter, only whether it is touched.
 *
 * @param file its folder has to exist.
 * @param options.waiting called with who holds it and for how long this has waited, now and then.
 * @param options.done asked while waiting; true ends the wait without the lock.
 * @returns undefined when `done` said so.
 * @throws Node's own error when the file cannot be written.
 */
export async function takeLock(
  file: string,
  options: {
    waiting?: (holder: string, ms: number) => void;
    done?: () => Promise<boolean>;
    patience?: LockPatience;
  } = {},
): Promise<Lock | undefined> {
  const patience = options.patience ?? PATIENCE;
  const started = performance.now();
  let seen = "";
  let since = started;
  let said = Number.NEGATIVE_INFINITY;
  for (;;) {
    if (await options.done?.()) return undefined;
    const lock = await create(file, patience.beat);
    if (lock !== undefined) return lock;
    const found = await look(file);
    if (found === undefined) continue;
    const now = performance.now();
    if (found.state !== seen) [seen, since] = [found.state, now];
    // In a container with the same name the number may be of another process: two beats are waited for in any case.
    const limit = isGone(found.text) ? 2 * patience.beat : patience.abandoned;
    if (now - since > limit) {
      await breakLock(file, found.text);
      continue;
    }
    if (now - said >= 5 * patience.beat) {
      options.waiting?.(nameOf(found.text), now - started);
      said = now;
    }
    await sleep(patience.beat / 4);
  }
}

async function create(file: string, beat: number): Promise<Lock | undefined> {
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), id: randomBytes(8).toString("hex") });
  const handle = await open(file, "wx", 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EEXIST") return undefined;
    throw error;
  });
  if (handle === undefined) return undefined;
  try {
    await handle.writeFile(mine);
  } catch (error) {
    // Without its text, as on a full disk, it would be in everybody's way.
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  const forget = () => rmSync(file, { force: true });
  process.once("exit", forget);
  const beats = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined);
  }, beat);
  beats.unref();
  return {
    async release() {
      clearInterval(beats);
      process.off("exit", forget);
      if ((await look(file))?.text === mine) await rm(file, { force: true });
    },
  };
}

/** The file's text, and all of it that changes while it is held; undefined when it is not there. */
async function look(file: string): Promise<{ text: string; state: string } | undefined> {
  try {
    const [text, { mtimeMs, ino }] = await Promise.all([readFile(file, "utf8"), stat(file)]);
    return { text, state: `${ino} ${mtimeMs} ${text}` };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Takes an abandoned lock away; another waiter may have done that, and hold its own by now, which it gets back. */
async function breakLock(file: string, abandoned: string): Promise<void> {
  const aside = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if ((await readFile(aside, "utf8")) !== abandoned) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

function holderOf(text: string): Holder | undefined {
  try {
    const { pid, host } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === "number" && pid > 0 && typeof host === "string" ? { pid, host } : undefined;
  } catch {
    // Its holder was killed between making it and writing into it.
    return undefined;
  }
}

function nameOf(text: string): string {
  const holder = holderOf(text);
  if (holder === undefined) return "another command";
  return `process ${holder.pid}${holder.host === hostname() ? "" : ` on ${holder.host}`}`;
}

/** Whether the holder ran on this machine, and runs no longer. */
function isGone(text: string): boolean {
  const holder = holderOf(text);
  if (holder === undefined) return true;
  if (holder.host !== hostname()) return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
