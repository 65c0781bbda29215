import { ensureStack } from "./pulumi";
import { openSandboxSession, type SandboxSession } from "./session";

/**
 * Opens a sandbox with a stack in it, for a command.
 * @param access also serve the account's hostnames, with cloudflared connected for the stacks that are up
 * @param use makes what the command needs; when that fails, the sandbox closes
 */
export async function inSandbox<T>(
  stack: string,
  { access }: { access: boolean },
  use: (session: SandboxSession) => Promise<T>,
): Promise<T> {
  const session = await openSandboxSession({ access, log: (line) => void process.stderr.write(`${line}\n`) });
  try {
    session.access?.connectStacks();
    await ensureStack(session.target("up"), stack);
    return await use(session);
  } catch (error) {
    await session.close();
    throw error;
  }
}
