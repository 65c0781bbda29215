import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { spellingsOf } from "./spellings";

/** A secret that stands in a file which git tracks. Holds no part of the secret. */
export interface Leak {
  /** Which secret, e.g. `secret of service token comfyui-api`. */
  label: string;
  /** Path below the repository's root. */
  file: string;
  /** From 1. */
  line: number;
}

/** Bytes read at once. Files of any size are searched whole, so that nothing has to be left out. */
const CHUNK = 1024 * 1024;

/** What is shorter would be found by chance. */
const SHORTEST = 8;

const NEWLINE = 0x0a;

/** One way in which a secret may be written. */
interface Form {
  label: string;
  bytes: Buffer;
}

/**
 * Looks for secrets in the files that git tracks, as they are in the work tree now, in every way of writing them (see
 * {@link spellingsOf}). History is not searched. Without git, or outside a work tree, there is nothing to find.
 * @param dir any folder of the work tree.
 * @param secrets values by label; none ever becomes an argument of a process. Values of less than 8 characters are
 *   not looked for.
 * @returns each line once per secret, by file and line.
 */
export async function findLeaks(dir: string, secrets: Readonly<Record<string, string>>): Promise<Leak[]> {
  const forms = formsOf(secrets);
  if (forms.length === 0) return [];
  const root = (await git(dir, ["rev-parse", "--show-toplevel"]))?.replace(/\n$/, "");
  if (root === undefined) return [];
  const names = (await git(root, ["ls-files", "-z"]))?.split("\0") ?? [];
  const leaks: Leak[] = [];
  const buffer = Buffer.allocUnsafe(CHUNK);
  // A file in conflict is listed once per side.
  for (const file of new Set(names.filter((name) => name !== ""))) {
    for (const found of await searchFile(join(root, file), forms, buffer)) leaks.push({ ...found, file });
  }
  return leaks;
}

function formsOf(secrets: Readonly<Record<string, string>>): Form[] {
  return Object.entries(secrets)
    .filter(([, value]) => value.length >= SHORTEST)
    .flatMap(([label, value]) => spellingsOf(value).map(({ bytes }) => ({ label, bytes })));
}

/** Standard output of git; undefined when it fails, or is not there. */
function git(dir: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    // Inside a git hook, variables name another repository; here the folder decides.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
    execFile("git", ["-C", dir, ...args], { env, maxBuffer: 1024 ** 3 }, (error, stdout) =>
      resolve(error === null ? stdout : undefined),
    );
  });
}

async function searchFile(
  path: string,
  forms: readonly Form[],
  buffer: Buffer,
): Promise<{ label: string; line: number }[]> {
  let file: FileHandle;
  try {
    // Not through a link, which git tracks as a path, and not waiting for a pipe's writer.
    file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch {
    // Deleted, a link, or closed to us: there is no text to judge.
    return [];
  }
  try {
    // A submodule is a folder, with files of its own repository.
    if (!(await file.stat()).isFile()) return [];
    return await searchOpenFile(file, forms, buffer);
  } finally {
    await file.close();
  }
}

async function searchOpenFile(
  file: FileHandle,
  forms: readonly Form[],
  buffer: Buffer,
): Promise<{ label: string; line: number }[]> {
  const found = new Map<string, { label: string; line: number }>();
  /** So much of a chunk is kept for the next one, in case a secret lies across both. */
  const overlap = Math.max(...forms.map(({ bytes }) => bytes.length)) - 1;
  let line = 1;
  let kept = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, kept, buffer.length - kept, null);
    if (bytesRead === 0) break;
    const text = buffer.subarray(0, kept + bytesRead);
    for (const { label, bytes } of forms) {
      for (let at = text.indexOf(bytes); at >= 0; at = text.indexOf(bytes, at + bytes.length)) {
        const place = { label, line: line + countLines(text, at) };
        found.set(`${place.line} ${label}`, place);
      }
    }
    const next = Math.max(0, text.length - overlap);
    line += countLines(text, next);
    text.copy(buffer, 0, next);
    kept = text.length - next;
  }
  return [...found.values()].sort((a, b) => a.line - b.line);
}

function countLines(text: Buffer, end: number): number {
  let lines = 0;
  for (let at = text.indexOf(NEWLINE); at >= 0 && at < end; at = text.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}
