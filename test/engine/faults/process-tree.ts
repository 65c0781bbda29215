import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** A command to be run. */
export interface Command {
  file: string;
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/** How a command ended. */
export interface Ended {
  /** Null when it was killed. */
  code: number | null;
  /** What it wrote to both of its streams. */
  output: string;
}

/** A command that runs, in a process group of its own. */
export interface Running {
  ended: Promise<Ended>;
  /** Kills it, with its group and all that it has started: the engine puts its plugins into groups of their own. */
  kill(): void;
}

/** Starts a command, and ends it when it takes longer than it may. */
export function start({ file, args, cwd, env }: Command, mostMs = 240_000): Running {
  const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  const kill = () => {
    if (child.pid === undefined || child.exitCode !== null) return;
    // Itself first: it would say that its children died.
    for (const pid of [-child.pid, ...descendantsOf(child.pid)]) end(pid);
  };
  const limit = setTimeout(() => {
    output += `\nkilled: it took longer than ${mostMs} ms`;
    kill();
  }, mostMs);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(limit);
      resolve({ code, output });
    });
  });
  return { ended, kill };
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Process ids below one; none where there is no /proc. */
function descendantsOf(root: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readProc()) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const parent = parentOf(pid);
    if (parent !== undefined) parents.set(pid, parent);
  }
  const found = [root];
  for (const pid of found) {
    found.push(...[...parents].filter(([, parent]) => parent === pid).map(([child]) => child));
  }
  return found.slice(1);
}

function readProc(): string[] {
  try {
    return readdirSync("/proc");
  } catch {
    return [];
  }
}

function parentOf(pid: number): number | undefined {
  try {
    // The command's name stands in parentheses and may hold any character.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return Number(fields[1]);
  } catch {
    return undefined;
  }
}
