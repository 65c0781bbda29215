import type { Situation } from "../../access/situation";
import { parseSituation } from "../../cloudflare/read-situation";
import type { EngineAccess } from "../secrets/engine-cli";
import { readStackOutputs } from "../secrets/outputs";
import { exportState } from "../stack/read-stack";
import { readAccessTests } from "./read-access-tests";
import { targetOfStack } from "./read-target";
import type { VerifyTarget } from "./target";

/**
 * Reads a stack through the engine: what to verify, and the state that it is drawn from.
 * @param environment what the report calls it.
 * @throws {UserError} when the stack cannot be read or has not been brought up.
 */
export async function readStack(
  engine: EngineAccess,
  stack: string,
  environment: string,
): Promise<{ target: VerifyTarget; state: Situation }> {
  const outputs = await readStackOutputs(engine, stack);
  const state = parseSituation(await exportState(engine, stack), `stack ${stack}`);
  const tests = await readAccessTests(engine, stack);
  const target = { ...targetOfStack(environment, outputs, state), accessTests: { tests, state } };
  return { target, state };
}
