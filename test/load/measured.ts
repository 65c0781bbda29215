import { readdirSync, readlinkSync } from "node:fs";
import { Socket } from "node:net";
import type { MemorySample } from "./slope";

/** What a process holds open. */
export interface Held {
  /** Libuv's resources that keep a process alive, by type. */
  resources: Record<string, number>;
  /** Sockets among the process's file descriptors; -1 where the system does not tell. */
  sockets: number;
}

/** Memory of this process after forced collections; needs `--expose-gc`. */
export async function memoryNow(): Promise<Omit<MemorySample, "requests">> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("memory is measured with --expose-gc only");
  // Finalizers run between collections, and let go of what the next one frees.
  for (let times = 0; times < 4; times += 1) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapUsed, external, rss };
}

/** What this process holds open now. */
export function heldNow(): Held {
  const resources: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) resources[type] = (resources[type] ?? 0) + 1;
  return { resources, sockets: socketsNow() };
}

function socketsNow(): number {
  const folder = "/proc/self/fd";
  try {
    return readdirSync(folder).filter((name) => {
      try {
        return readlinkSync(`${folder}/${name}`).startsWith("socket:");
      } catch {
        // Closed since the folder was read, as the folder itself.
        return false;
      }
    }).length;
  } catch {
    return -1;
  }
}

/** The connections that a server of this process has accepted on a port and that are open. */
export function acceptedOn(port: number): Socket[] {
  // Of no use but to look: a server that is not one's own has no other way to tell.
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): unknown[] };
  return handles
    .call(process)
    .filter((handle): handle is Socket => handle instanceof Socket && handle.localPort === port);
}

/** Node's warnings from now on, e.g. of listeners that pile up. */
export function collectWarnings(): string[] {
  const warnings: string[] = [];
  process.on("warning", ({ name, message }) => warnings.push(`${name}: ${message}`));
  return warnings;
}
