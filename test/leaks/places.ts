import { type Dirent, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { gunzipSync } from "node:zlib";

/** What kind of thing a run left. */
export type PlaceKind =
  | "standard output"
  | "standard error"
  | "file"
  | "process arguments"
  | "process environment"
  | "page text"
  | "comment"
  | "sandbox";

/** A thing that a run left, at the time when it was looked at. */
export interface Place {
  kind: PlaceKind;
  /** Where: the command, the file's path below the run's folder, the process. */
  name: string;
  bytes: Uint8Array;
  /** Of a file: its permissions. */
  mode?: number;
}

const GZIP = Buffer.from([0x1f, 0x8b]);

/** Every state of every file below a folder that was there whenever it was looked at. */
export class Files {
  private readonly seen = new Map<string, string>();
  /** Files that were looked at, each once. */
  readonly paths = new Set<string>();

  /**
   * @param root the folder.
   * @param ignored paths below it that the run does not write: what was put there before it.
   */
  constructor(
    private readonly root: string,
    private readonly ignored: (path: string) => boolean = () => false,
  ) {}

  /** Takes what is there now for nothing of the run's. */
  async forget(): Promise<void> {
    await this.look();
    this.paths.clear();
  }

  /** What is new or has changed since the last look, also in its permissions. Links count by their target's path. */
  async look(): Promise<Place[]> {
    const places: Place[] = [];
    let walked = 0;
    for (const path of this.walk(this.root)) {
      // The sandbox is in the same process, and commands do not wait long for it.
      if (++walked % 50 === 0) await new Promise(setImmediate);
      const name = relative(this.root, path);
      try {
        const stats = lstatSync(path);
        const version = `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
        if (this.seen.get(name) === version) continue;
        this.seen.set(name, version);
        this.paths.add(name);
        const bytes = stats.isSymbolicLink() ? Buffer.from(readlinkSync(path)) : readFileSync(path);
        const mode = stats.isSymbolicLink() ? 0o600 : stats.mode & 0o777;
        places.push({ kind: "file", name, bytes: unpacked(bytes), mode });
      } catch (error) {
        // A process that still runs takes its own files away.
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
    return places;
  }

  private *walk(folder: string): Generator<string> {
    let entries: Dirent[];
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch {
      return;
    }
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (this.ignored(relative(this.root, path))) continue;
      // A name can say something too, but nobody could take a secret for one: what is in it counts.
      if (entry.isDirectory()) yield* this.walk(path);
      else if (entry.isFile() || entry.isSymbolicLink()) yield path;
    }
  }
}

function unpacked(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, 2).equals(GZIP)) return bytes;
  try {
    return Buffer.concat([bytes, gunzipSync(bytes)]);
  } catch {
    // Cut off while it was written: as it stands, then.
    return bytes;
  }
}
