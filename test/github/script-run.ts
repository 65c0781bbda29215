import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectDir } from "../../packages/cli/sandboxed/workspace";

/** How a script ended. */
export interface Ended {
  code: number | null;
  output: string;
  /** What it wrote to the run's page. */
  summary: string;
  /** What it set as step outputs. */
  outputs: string;
}

/**
 * Runs one of the scripts as a workflow step does: in a bare Node.js, with the environment of a run and no other.
 *
 * @param files written into the working folder first
 */
export async function runScript(
  name: string,
  apiUrl: string,
  env: NodeJS.ProcessEnv,
  files: Record<string, string> = {},
): Promise<Ended> {
  const dir = await mkdtemp(join(tmpdir(), "comfyui-access-step-"));
  try {
    const page = join(dir, "summary");
    const outputs = join(dir, "outputs");
    for (const [file, text] of Object.entries({ summary: "", outputs: "", ...files })) {
      await writeFile(join(dir, file), text);
    }
    const child = spawn(process.execPath, [join(projectDir, "packages/github/plain", `${name}.ts`)], {
      cwd: dir,
      env: {
        GITHUB_API_URL: apiUrl,
        GITHUB_SERVER_URL: "https://github.com",
        GITHUB_REPOSITORY: "owner/name",
        GITHUB_RUN_ID: "500",
        GITHUB_RUN_ATTEMPT: "1",
        GITHUB_TOKEN: "stand-in-token",
        GITHUB_STEP_SUMMARY: page,
        GITHUB_OUTPUT: outputs,
        ...env,
      },
      timeout: 100_000,
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    return { code, output, summary: await readFile(page, "utf8"), outputs: await readFile(outputs, "utf8") };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
