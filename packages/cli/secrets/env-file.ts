import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { UserError } from "../../base/errors";
import { type LockFile, waitForLock } from "../../base/process/lock-file";
import { isAlive } from "../../base/process/process-alive";
import { DotenvError, type Merged, mergeDotenv } from "./dotenv";
import { refuseForeignLines } from "./foreign-lines";
import { isOpenToGit } from "./git-ignore";
import {
  overallStatus,
  type SecretSink,
  type SecretValues,
  type SinkCheck,
  type SinkStatus,
  type SinkWrite,
} from "./sink";

/** Bytes; far above any real `.env` file, so that a wrong path is noticed before it is rewritten. */
const MAX_SIZE = 1024 * 1024;

/** How often a write starts anew when somebody else changes the file meanwhile. */
const ATTEMPTS = 3;

/** How long another command that writes the file is waited for, in milliseconds. */
const PATIENCE = 10_000;

/** Milliseconds after which a temporary file is left over even though a process has its writer's number. */
const LEFTOVER_AGE = 60 * 60 * 1000;

const PRIVATE_MODE = 0o600;

export interface EnvFileOptions {
  /** Path of the file, absolute or relative to the working directory. Its folder must exist. */
  path: string;
  /** Called when the new content is complete beside the file and about to take its place. For tests. */
  beforeReplace?: () => void | Promise<void>;
}

/** What stands at the path: its bytes as text, and what must survive a replacement. */
interface Present {
  text: string;
  bytes: Buffer;
  stats: Stats;
}

/**
 * Keeps secrets as lines of a `.env` file that only its owner may read. A write puts a complete new file in the
 * old one's place, so that whoever reads meanwhile, and whoever kills the process, finds the old or the new one.
 */
export class EnvFileSink implements SecretSink {
  readonly name = "file";
  private readonly path: string;

  constructor(private readonly options: EnvFileOptions) {
    this.path = resolve(options.path);
  }

  describe(): string {
    return this.path;
  }

  async check(values: SecretValues): Promise<SinkCheck> {
    const present = read(this.path);
    const merged = this.merge(present, values);
    const keys: Record<string, SinkStatus> = {};
    for (const key of Object.keys(values)) {
      if (merged.added.includes(key)) keys[key] = "missing";
      else keys[key] = merged.updated.includes(key) ? "stale" : "current";
    }
    const notices = await this.notices(merged);
    if (present !== undefined && isOpenToOthers(present.stats)) {
      notices.push(`${this.path} can be read by other users; \`env\` without --check closes it to them`);
    }
    return { status: overallStatus(keys), keys, notices };
  }

  async write(values: SecretValues): Promise<SinkWrite> {
    removeLeftovers(this.path);
    let lock: LockFile | undefined;
    try {
      for (let attempt = 0; attempt <= ATTEMPTS; attempt++) {
        const present = read(this.path);
        const merged = this.merge(present, values);
        const changed = Object.keys(values).filter(
          (key) => merged.added.includes(key) || merged.updated.includes(key),
        );
        const wasOpen = present !== undefined && isOpenToOthers(present.stats);
        const answer = async (written: boolean): Promise<SinkWrite> => {
          const closed = `${this.path} could be read by other users; now only by its owner`;
          return {
            written,
            changed,
            notices: [...(await this.notices(merged)), ...(wasOpen ? [closed] : [])],
          };
        };
        if (changed.length === 0) {
          if (wasOpen) tighten(this.path);
          return await answer(false);
        }
        if (lock !== undefined && (await this.replace(present, merged.text))) return await answer(true);
        // The first time it is only seen that there is something to write: then alone, from the beginning.
        lock ??= await this.lock();
      }
    } finally {
      lock?.release();
    }
    throw new UserError(
      `${this.path} is being changed by another program, ${ATTEMPTS} times while it was written`,
      "Stop the other program, or close the file there, and run the command again.",
    );
  }

  /**
   * Waits until no other command writes the file. Between the last look at a file and its replacement there is always
   * a moment, in which another's write would be lost.
   */
  private async lock(): Promise<LockFile> {
    try {
      // Git ignores whatever begins so.
      return await waitForLock(join(dirname(this.path), `.env.${basename(this.path)}.lock`), {
        patienceMs: PATIENCE,
        does: `has been writing ${this.path}`,
        remedy: "Wait for it, or end it, and run the command again.",
      });
    } catch (error) {
      throw fileError(error, "written", this.path);
    }
  }

  private async notices(merged: Merged): Promise<string[]> {
    const notices = merged.duplicates.map(
      ({ key, lines }) =>
        `${key} stands on lines ${lines.join(", ")}; readers use the last, which is the one kept current`,
    );
    if (await isOpenToGit(this.path)) {
      notices.push(`git does not ignore ${this.path}: add it to .gitignore before anything is committed`);
    }
    return notices;
  }

  private merge(present: Present | undefined, values: SecretValues): Merged {
    const text = present?.text ?? "";
    try {
      const merged = mergeDotenv(text, values);
      refuseForeignLines(values, parseEnv(text), this.path);
      return merged;
    } catch (error) {
      throw error instanceof DotenvError ? new DotenvError(error.flaw, error.remedy, this.path) : error;
    }
  }

  /** Puts the new text in the file's place; `false` when the file is no longer the one that was read. */
  private async replace(present: Present | undefined, text: string): Promise<boolean> {
    const temporary = join(dirname(this.path), temporaryName(this.path));
    try {
      writeTemporary(temporary, text, present?.stats);
      await this.options.beforeReplace?.();
      if (!isUnchanged(this.path, present)) return false;
      if (present === undefined) return placeNew(temporary, this.path);
      renameSync(temporary, this.path);
      return true;
    } catch (error) {
      throw fileError(error, "written", this.path);
    } finally {
      remove(temporary);
      syncFolder(dirname(this.path));
    }
  }
}

/** Reads the file without following a link to another place, and refuses what is no `.env` file. */
function read(path: string): Present | undefined {
  let descriptor: number;
  try {
    // Not blocking: opening a named pipe would wait for its writer.
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    descriptor = openSync(path, flags);
  } catch (error) {
    if (codeOf(error) === "ENOENT") {
      refuseMissingFolder(path);
      return undefined;
    }
    throw fileError(error, "read", path);
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) {
      throw new UserError(
        `${path} is not a regular file but a ${stats.isDirectory() ? "folder" : "device or pipe"}`,
        "Give the path of a file with --file.",
      );
    }
    if (stats.size > MAX_SIZE) {
      throw new UserError(
        `${path} is larger than ${MAX_SIZE / 1024} KiB, which no .env file is`,
        "Give the path of the right file with --file.",
      );
    }
    const bytes = readFileSync(descriptor);
    return { text: decode(bytes, path), bytes, stats };
  } catch (error) {
    throw fileError(error, "read", path);
  } finally {
    closeSync(descriptor);
  }
}

function decode(bytes: Buffer, path: string): string {
  try {
    // A byte-order mark stays part of the text, so that it is written back.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UserError(
      `${path} is not UTF-8 text, so that rewriting it would damage it`,
      "Save the file as UTF-8, or give another one with --file.",
    );
  }
}

function refuseMissingFolder(path: string): void {
  const folder = dirname(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new UserError(`the folder ${folder} does not exist`, "Create it, or give another --file.");
}

/** The new content, complete on disk, and never readable by others, not even while it is written. */
function writeTemporary(path: string, text: string, old: Stats | undefined): void {
  const descriptor = openSync(path, "wx", PRIVATE_MODE);
  try {
    if (old !== undefined) keepOwner(descriptor, old);
    fchmodSync(descriptor, PRIVATE_MODE);
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Without this, a run as root would take the file away from its owner. */
function keepOwner(descriptor: number, old: Stats): void {
  const made = fstatSync(descriptor);
  if (made.uid === old.uid && made.gid === old.gid) return;
  try {
    fchownSync(descriptor, old.uid, old.gid);
  } catch (error) {
    // Another group alone changes nothing: mode 0600 gives the group no rights.
    if (made.uid !== old.uid) throw error;
  }
}

/** A new name must not replace a file that appeared meanwhile, which only a link guarantees. */
function placeNew(temporary: string, path: string): boolean {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    // Some file systems have no hard links; there the check just before has to do.
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(codeOf(error))) throw error;
    renameSync(temporary, path);
  }
  return true;
}

function isUnchanged(path: string, present: Present | undefined): boolean {
  const now = read(path);
  if (now === undefined || present === undefined) return now === present;
  return now.stats.ino === present.stats.ino && now.bytes.equals(present.bytes);
}

function isOpenToOthers(stats: Stats): boolean {
  return process.platform !== "win32" && (stats.mode & 0o077) !== 0;
}

function tighten(path: string): void {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      fchmodSync(descriptor, PRIVATE_MODE);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw fileError(error, "closed to other users", path);
  }
}

/** Starts with `.env.`, so that git ignores it whatever the file is called; holds the writer's process number. */
function temporaryName(path: string): string {
  return `${temporaryPrefix(path)}${process.pid}-${randomUUID()}.tmp`;
}

function temporaryPrefix(path: string): string {
  return `.env.${basename(path)}.new-`;
}

/** Removes what killed runs left, which may hold secrets; another run's file that is being written stays. */
function removeLeftovers(path: string): void {
  const folder = dirname(path);
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    // A folder that cannot be listed may still let us write; a missing one is reported by the read.
    return;
  }
  const prefix = temporaryPrefix(path);
  for (const name of names) {
    if (!name.startsWith(prefix) || !name.endsWith(".tmp")) continue;
    const pid = Number.parseInt(name.slice(prefix.length), 10);
    const age = Date.now() - (statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age > LEFTOVER_AGE || !isAlive(pid)) remove(join(folder, name));
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    // Gone already: renamed into place, or never made.
    if (codeOf(error) !== "ENOENT") throw fileError(error, "removed", path);
  }
}

/** Makes the new name last through a power cut; not every system lets a folder be synced. */
function syncFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // The content itself is on disk; at worst the old file is found after a power cut.
  }
}

const REMEDIES: Record<string, string> = {
  ELOOP: "It is a symbolic link: give the path of the file that it leads to with --file.",
  EMLINK: "It is a symbolic link: give the path of the file that it leads to with --file.",
  EISDIR: "It is a folder: give the path of a file with --file.",
  ENOTDIR: "Part of its path is not a folder: give another --file.",
  EACCES: "Change the permissions of the file and its folder, or give another --file.",
  EPERM: "The file belongs to another user, or may not be changed: give another --file.",
  EROFS: "The file system is read-only: give another --file.",
  ENOSPC: "Free some space on the disk and run the command again.",
  EDQUOT: "Free some of your disk quota and run the command again.",
};

/** Our own errors pass; the system's become one sentence with a remedy. The file is as it was before. */
function fileError(error: unknown, what: string, path: string): unknown {
  const code = codeOf(error);
  if (code === "") return error;
  return new UserError(
    `${path} could not be ${what} (${code})`,
    REMEDIES[code] ?? "Look at the file and its folder, or give another --file.",
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
