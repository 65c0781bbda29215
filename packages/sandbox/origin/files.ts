import { createReadStream, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, normalize, resolve, sep } from "node:path";
import { Readable } from "node:stream";

/** ComfyUI's three folders. */
export type FolderType = "input" | "output" | "temp";
const FOLDERS: readonly string[] = ["input", "output", "temp"];

export const isFolderType = (text: string): text is FolderType => FOLDERS.includes(text);

/** A file that can be read from any byte on, without being held in memory. */
export interface ReadableFile {
  size: number;
  /** Bytes `start` to `end`, both included. */
  read(start: number, end: number): Readable;
}

/**
 * The folders: what is uploaded lies in a temporary directory, what is "generated" is only computed when it is
 * read, so that an output of a gigabyte costs nothing.
 */
export class Files {
  #root = mkdtempSync(join(tmpdir(), "comfyui-origin-"));
  #generated = new Map<string, ReadableFile>();

  /** A directory beside the folders, for uploads that are still arriving. */
  get incoming(): string {
    return made(join(this.#root, "incoming"));
  }

  /** Names at the top of the input folder, which LoadImage offers. */
  inputNames(): string[] {
    return readdirSync(this.folder("input")).sort();
  }

  folder(type: FolderType): string {
    return made(join(this.#root, type));
  }

  /** The path of a file in a folder; undefined when subfolder or name would lead out of it. */
  path(type: FolderType, subfolder: string, name: string): string | undefined {
    const base = this.folder(type);
    const path = resolve(base, normalize(subfolder || "."), name);
    return path.startsWith(base + sep) ? path : undefined;
  }

  /** Adds an output that starts with `beginning` and is padded to `size` bytes. */
  generate(type: FolderType, name: string, beginning: Buffer, size: number): void {
    this.#generated.set(`${type}/${name}`, patterned(Math.max(size, beginning.length), beginning));
  }

  /**
   * A file to read. Besides what was uploaded and generated, the output folder holds `bytes-<N>.bin` for any N:
   * that many bytes.
   */
  open(type: FolderType, subfolder: string, name: string): ReadableFile | undefined {
    const generated = this.#generated.get(`${type}/${subfolder === "" ? name : `${subfolder}/${name}`}`);
    if (generated !== undefined) return generated;
    const size = /^bytes-(\d{1,13})\.bin$/.exec(name)?.[1];
    if (type === "output" && size !== undefined) return patterned(Number(size), Buffer.alloc(0));
    const path = this.path(type, subfolder, name);
    if (path === undefined || !existsSync(path) || !statSync(path).isFile()) return undefined;
    return { size: statSync(path).size, read: (start, end) => createReadStream(path, { start, end }) };
  }

  /** Deletes everything. */
  clear(): void {
    this.#generated.clear();
    rmSync(this.#root, { recursive: true, force: true });
  }
}

const BLOCK = Buffer.from(
  Uint8Array.from({ length: 65_536 }, (_, index) => (index * 31 + (index >> 8)) % 256),
);

/** A file of a repeating block of bytes; the same at every reading. */
function patterned(size: number, beginning: Buffer): ReadableFile {
  function* chunks(start: number, end: number) {
    let at = start;
    while (at <= end) {
      const source = at < beginning.length ? beginning : BLOCK;
      const offset = at < beginning.length ? at : at % BLOCK.length;
      const piece = source.subarray(offset, offset + (end - at + 1));
      at += piece.length;
      yield piece;
    }
  }
  return { size, read: (start, end) => Readable.from(chunks(start, end), { objectMode: false }) };
}

function made(directory: string): string {
  mkdirSync(directory, { recursive: true });
  return directory;
}
