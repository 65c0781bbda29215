import { delimiter, join } from "node:path";
import { ensureEngine } from "../engine/engine";
import { openWorkspace, projectDir, quickEngine } from "../sandboxed/workspace";
import type { EngineAccess } from "../secrets/engine-cli";

/** Whether a command's stack is the sandbox's: unless it is said, the stack dev is, and no other. */
export function isSandboxed({ stack, sandbox }: { stack: string; sandbox?: boolean }): boolean {
  return sandbox ?? stack === "dev";
}

/** The `.env` file of a stack's credentials: the sandbox's are made up, and never take the place of real ones. */
export function envFileOf(args: { stack: string; sandbox?: boolean }): string {
  return join(projectDir, isSandboxed(args) ? `.env.${args.stack}` : ".env");
}

/**
 * How to run the engine on a stack: in the sandbox's own workspace, or with the user's login.
 * @throws {UserError} when there is no engine and none can be built.
 */
export async function engineAccess(sandboxed: boolean): Promise<EngineAccess> {
  const engine = await ensureEngine({ log: (line) => process.stderr.write(`${line}\n`) });
  const env = sandboxed
    ? (await openWorkspace({ engine })).env
    : {
        ...quickEngine,
        ...process.env,
        PATH: [engine.binDir, process.env["PATH"]].filter((entry) => entry !== undefined).join(delimiter),
      };
  return { command: engine.command, cwd: projectDir, env };
}
