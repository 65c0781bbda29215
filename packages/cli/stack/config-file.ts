import { randomBytes } from "node:crypto";
import { access, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../../base/errors";

/** Of a file that was not there: its secrets are encrypted, and it is committed. */
const NEW_MODE = 0o644;

/** A stack's config file: read whole, and replaced whole. */
export class ConfigFile {
  constructor(readonly path: string) {}

  /** @throws {UserError} when it cannot be read. */
  async read(): Promise<string> {
    return readFile(this.path, "utf8").catch((error: NodeJS.ErrnoException) => {
      throw new UserError(
        `could not read ${this.path} (${error.code})`,
        "Run the command in the project's folder, with the stack's config there.",
      );
    });
  }

  /** The text; empty when there is no file yet. @throws {UserError} when it cannot be read. */
  async readIfThere(): Promise<string> {
    return (await isThere(this.path)) ? this.read() : "";
  }

  /**
   * Puts a new text in the place of the one that was read: whoever reads meanwhile, and whoever kills the process, finds
   * one or the other. The mode stays.
   * @throws {UserError} when the file is no longer as it was read, or cannot be written.
   */
  async replace(read: string, text: string): Promise<void> {
    if (text === read) return;
    if ((await this.readIfThere()) !== read) {
      throw new UserError(`${this.path} was changed by another program meanwhile`, "Run the command again.");
    }
    const folder = dirname(this.path);
    const prefix = `.${basename(this.path)}.`;
    try {
      for (const name of await readdir(folder)) {
        if (name.startsWith(prefix) && name.endsWith(".tmp")) await rm(join(folder, name), { force: true });
      }
      const mode = (await isThere(this.path)) ? (await stat(this.path)).mode & 0o777 : NEW_MODE;
      const temporary = join(folder, `${prefix}${randomBytes(6).toString("hex")}.tmp`);
      const file = await open(temporary, "wx", 0o600);
      try {
        await file.chmod(mode);
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      throw new UserError(`could not write ${this.path} (${code})`, "Let this user write it and its folder.");
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
  );
}
