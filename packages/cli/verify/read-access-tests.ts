import { accessTestsIn } from "../../../config/stack-config";
import type { AccessTest } from "../../access/tests/judge";
import type { EngineAccess } from "../secrets/engine-cli";
import { readOpenConfig } from "../stack/read-stack";

/**
 * The access tests in a stack's config; none when it has none.
 * @throws {UserError} when the config cannot be read, or a test is not as the program takes it.
 */
export async function readAccessTests(engine: EngineAccess, stack: string): Promise<AccessTest[]> {
  const { raw } = await readOpenConfig(engine, stack);
  return accessTestsIn(raw, stack);
}
