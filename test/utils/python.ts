import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** A Python program that answers each line on its stdin with one line on its stdout. */
export interface PythonWorker {
  /** Sends a value as JSON and returns the answer. Calls may overlap; answers come in their order. */
  ask<Answer>(value: unknown): Promise<Answer>;
  /** Ends the program. */
  close(): Promise<void>;
}

/** Starts `test/utils/<script>` with the python3 on PATH, without the environment's own proxies and addresses. */
export function startPython(script: string, env: NodeJS.ProcessEnv = {}): PythonWorker {
  const child = spawn("python3", ["-B", join(__dirname, script)], {
    env: { ...cleanEnvironment(), ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.resolve(line));
  const ended = new Promise<void>((resolve) => {
    child.on("close", () => {
      for (const { reject } of waiting.splice(0)) reject(new Error(`${script} ended: ${complaints}`));
      resolve();
    });
  });
  child.on("error", (error) => {
    complaints += String(error);
  });
  child.stdin.on("error", () => undefined);
  return {
    async ask<Answer>(value: unknown) {
      const line = await new Promise<string>((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify(value)}\n`);
      });
      return JSON.parse(line) as Answer;
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

/** A `run_case.py` that has begun to answer: a busy machine takes seconds to start Python, which is no case's time. */
export async function startCaseRunner(): Promise<PythonWorker> {
  const worker = startPython("run_case.py");
  await worker.ask({ env: {}, options: {}, call: "sendsCredential", args: {} });
  return worker;
}

/** Runs a Python program to its end and gives what it printed; `path` is one of this folder, or absolute. */
export async function runPython(
  path: string,
  options: { env?: NodeJS.ProcessEnv; arguments?: string[]; input?: string } = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn("python3", ["-B", resolve(__dirname, path), ...(options.arguments ?? [])], {
    env: { ...cleanEnvironment(), ...options.env },
  });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input);
  const code = await new Promise<number | null>((ended, failed) => {
    child.on("close", ended).on("error", failed);
  });
  return { code, ...said };
}

/** The environment without what would lead the client elsewhere. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(https?|all|no)_proxy$|^COMFYUI_|^SSL_CERT_/i.test(name),
    ),
  );
}
