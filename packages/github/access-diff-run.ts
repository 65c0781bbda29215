import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectDir, withTypeScript } from "../cli/sandboxed/workspace";

/**
 * What `access-diff --json` prints; it ends with an error when access widens, and its answer counts none the less.
 * @param log is told what it says of a failure
 * @returns undefined when it gave no answer
 */
export async function runAccessDiff(
  options: readonly string[],
  { mask, log }: { mask: boolean; log: (line: string) => void },
): Promise<string | undefined> {
  const script = [...withTypeScript, join(projectDir, "packages/cli/main.ts"), "access-diff"];
  const args = [...script, ...options, "--json", mask ? "--mask" : "--no-mask"];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: projectDir,
    maxBuffer: 16 * 1024 * 1024,
  }).catch((error: Error & { stdout?: string; stderr?: string }) => {
    log(error.stderr ?? error.message);
    return { stdout: error.stdout ?? "" };
  });
  return stdout.trim() === "" ? undefined : stdout;
}
