import { mkdir, open, readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";

/** What was remembered of one installed engine. */
interface Remembered {
  /** Tells one installation from the next: path, size, and when it was written. */
  identity: string;
  /** What it printed. */
  printed: string;
}

/**
 * What `pulumi version` prints, asked once per installation: it takes the engine half as long as a whole
 * `pulumi stack output`, and every command would wait for it.
 * @param command absolute path of the engine
 * @param memory file that keeps the answer; one that cannot be read or written costs time, not the run
 * @param ask runs `pulumi version`
 */
export async function printedVersion(
  command: string,
  memory: string,
  ask: () => Promise<string>,
): Promise<string> {
  const identity = await identityOf(command);
  if (identity === undefined) return ask();
  const known = await recall(memory);
  if (known?.identity === identity) return known.printed;
  const printed = await ask();
  if (printed !== "") await remember(memory, { identity, printed });
  return printed;
}

/** Undefined for what may run another engine tomorrow without being changed itself: a script, or a version manager. */
async function identityOf(command: string): Promise<string | undefined> {
  try {
    const path = await realpath(command);
    if (!/^pulumi(\.exe)?$/.test(basename(path)) || (await isScript(path))) return undefined;
    const { size, mtimeMs } = await stat(path);
    return [path, size, mtimeMs].join("\n");
  } catch {
    return undefined;
  }
}

async function isScript(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.toString("latin1") === "#!";
  } finally {
    await file.close();
  }
}

async function recall(memory: string): Promise<Remembered | undefined> {
  try {
    return JSON.parse(await readFile(memory, "utf8")) as Remembered;
  } catch {
    return undefined;
  }
}

async function remember(memory: string, remembered: Remembered): Promise<void> {
  try {
    await mkdir(dirname(memory), { recursive: true });
    const draft = `${memory}.${process.pid}`;
    await writeFile(draft, JSON.stringify(remembered));
    await rename(draft, memory);
  } catch {
    // Asked again next time.
  }
}
