import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/** What one command took. */
export interface Timed {
  /** From its start to its end, in milliseconds. */
  wallMs: number;
  /** Processor time of it and of all that it started, in milliseconds: what other load on the machine hardly changes. */
  cpuMs: number;
  stdout: string;
}

/** What to run. */
export interface Command {
  words: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

// The shell is POSIX's only way to what a process and its waited-for descendants used; file descriptor 3 keeps it apart
// from what the command prints.
const script = '"$@"; code=$?; times >&3; exit "$code"';

/**
 * Runs a command to its end and takes its time.
 * @throws Error with the end of what it printed, when it fails
 */
export async function timed({ words, cwd, env }: Command): Promise<Timed> {
  const started = performance.now();
  const child = spawn("/bin/sh", ["-c", script, "sh", ...words], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const outputs = [1, 2, 3].map((index) => text(child.stdio[index] as NodeJS.ReadableStream));
  const [code, stdout = "", stderr = "", times = ""] = await Promise.all([ended, ...outputs]);
  const wallMs = performance.now() - started;
  if (code !== 0) {
    const end = `${stdout}\n${stderr}`.trim().split("\n").slice(-15).join("\n");
    throw new Error(`${words.slice(0, 3).join(" ")} ended with ${code}:\n${end}`);
  }
  return { wallMs, cpuMs: childTime(times), stdout };
}

/**
 * Reads what the shell's `times` printed: its own times in the first line, its children's in the second.
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#times
 */
export function childTime(times: string): number {
  const [, children = ""] = times.trim().split("\n");
  const parts = [...children.matchAll(/(\d+)m([\d.,]+)s/g)];
  if (parts.length !== 2) throw new Error(`the shell's times are not in the known form: ${times}`);
  return parts.reduce(
    (sum, [, minutes, seconds = ""]) =>
      sum + Number(minutes) * 60_000 + Number(seconds.replace(",", ".")) * 1000,
    0,
  );
}
