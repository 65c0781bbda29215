import { randomBytes } from "node:crypto";
import { realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../errors";

/**
 * Writes a report whole or not at all: on a full disk the earlier one stays, and nothing half written is taken for one.
 * @param option the option that names the file, for the error, e.g. `--html`; absent when the name is fixed.
 * @throws {UserError} when it cannot be written.
 */
export async function writeReport(path: string, text: string, option?: string): Promise<void> {
  // A link stays one.
  const place = await realpath(path).catch(() => path);
  const present = await stat(place).catch(() => undefined);
  const temporary = join(dirname(place), `.${basename(place)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    // /dev/stdout, a pipe; a folder, which is refused so.
    if (present !== undefined && !present.isFile()) return await writeFile(place, text);
    await writeFile(temporary, text, { flag: "wx", ...(present ? { mode: present.mode & 0o777 } : {}) });
    await rename(temporary, place);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const full = code === "ENOSPC" || code === "EDQUOT";
    const other = option === undefined ? "let this user write it" : `name another file with ${option}`;
    throw new UserError(
      `could not write ${path} (${code})`,
      full
        ? `The disk is full: make room, or ${other}.`
        : `${other.charAt(0).toUpperCase()}${other.slice(1)}.`,
    );
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}
