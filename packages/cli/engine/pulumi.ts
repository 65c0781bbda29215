import { spawn } from "node:child_process";
import { guardChild } from "../../base/process/signals";

/** How one engine command ended. */
export interface PulumiResult {
  /** The exit code; -1 when a signal ended it. */
  code: number;
  stdout: string;
  stderr: string;
  /** Wall time in milliseconds. */
  ms: number;
}

/** Where and with what the engine runs. */
export interface PulumiTarget {
  /** The `pulumi` executable, by path or by name on `env.PATH`. */
  command: string;
  /** The program's folder, where Pulumi.yaml is. */
  cwd: string;
  /** The whole environment for it: backend, passphrase, PATH. */
  env: NodeJS.ProcessEnv;
}

/** Options of one call. */
export interface PulumiCall {
  /** Called with each line of standard output as it comes. */
  onLine?: (line: string) => void;
  /** Text for standard input: the way to hand over a secret, since arguments are visible to every process. */
  input?: string;
  /** Stops the engine (it then cancels in an orderly way). */
  signal?: AbortSignal;
}

/**
 * Runs the engine and returns how it ended, whatever that was. Rejects with Node's own error when it does not start.
 * Arguments are seen by every user of the machine, hence never a secret.
 */
export function pulumi(
  target: PulumiTarget,
  args: readonly string[],
  call: PulumiCall = {},
): Promise<PulumiResult> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = guardChild(
      spawn(target.command, [...args, "--non-interactive", "--color", "never"], {
        cwd: target.cwd,
        env: target.env,
        stdio: [call.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      }),
    );
    let stdout = "";
    let stderr = "";
    let unfinished = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
      const lines = (unfinished + chunk).split("\n");
      unfinished = lines.pop() ?? "";
      for (const line of lines) call.onLine?.(line);
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    call.signal?.addEventListener("abort", () => child.kill("SIGINT"), { once: true });
    child.once("error", reject);
    child.once("close", (code) =>
      resolve({ code: code ?? -1, stdout, stderr, ms: Math.round(performance.now() - started) }),
    );
    // An engine that ends before it reads its input has said why on stderr.
    child.stdin?.on("error", () => undefined).end(call.input);
  });
}

/** One section of what a command printed for people, such as `Diagnostics`, with its heading; empty when there is none. */
export function sectionOf(stdout: string, name: string): string {
  return stdout.split(/^(?=\S)/m).find((part) => part.startsWith(`${name}:\n`)) ?? "";
}

/** What went wrong in a `preview --json`, which puts all that it has to say into its one document. */
export function previewErrors(stdout: string): string[] {
  try {
    const { diagnostics = [] } = JSON.parse(stdout) as {
      diagnostics?: { message?: string; severity?: string }[];
    };
    return diagnostics.filter(({ severity }) => severity === "error").map(({ message = "" }) => message);
  } catch {
    return [];
  }
}
