import { realpath } from "node:fs/promises";
import { join, parse, resolve } from "node:path";
import { pathIn } from "./name";

/** So many files are remembered, the last ones. */
const REMEMBERED = 10_000;

/** Where one client has put files, so that none is put on another one's place. */
export class Places {
  readonly #taken = new Map<string, string>();

  /**
   * A file's place in a folder: its own name, or `name (2).png` and so on where another file of this client's stands.
   * The same file has the same place again.
   * @param file what tells the file from all others of the server's.
   * @throws {ComfyUIError} `unsafe_name` for a name that is no plain one.
   */
  async of(folder: string, name: string, file: string): Promise<string> {
    const first = pathIn(folder, name);
    const where = await realpath(folder).catch(() => resolve(folder));
    const { name: stem, ext } = parse(name);
    for (let number = 1; ; number += 1) {
      const plain = number === 1 ? name : `${stem} (${number})${ext}`;
      // To some file systems, capitals and the ways to write an accent make no other name.
      const key = join(where, plain.normalize("NFC").toLowerCase());
      const holder = this.#taken.get(key);
      if (holder !== undefined && holder !== file) continue;
      this.#remember(key, file);
      return number === 1 ? first : join(folder, plain);
    }
  }

  #remember(key: string, file: string): void {
    this.#taken.delete(key);
    this.#taken.set(key, file);
    const [oldest] = this.#taken.keys();
    if (this.#taken.size > REMEMBERED && oldest !== undefined) this.#taken.delete(oldest);
  }
}
