import { type EngineAccess, runEngine } from "./engine-cli";
import type { StackOutputs } from "./outputs";

/**
 * Reads a stack's outputs, secrets included, through the engine.
 * @throws {UserError} when the stack cannot be read, has not been brought up, or hides a secret.
 */
export async function readStackOutputs(engine: EngineAccess, stack: string): Promise<StackOutputs> {
  const [stdout, { parseStackOutputs }] = await Promise.all([
    runEngine(engine, {
      purpose: `read the outputs of stack ${stack}`,
      args: ["stack", "output", "--json", "--show-secrets", "--stack", stack],
    }),
    // What judges them is loaded while the engine runs.
    import("./outputs.js"),
  ]);
  return parseStackOutputs(stdout, stack);
}
