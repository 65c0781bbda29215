import { z } from "zod";
import { ACCESS_TESTS } from "../../../config/stack-config";
import type { AccessTest } from "../../access/tests/judge";
import { UserError } from "../../base/errors";
import { type EngineAccess, runEngine } from "../secrets/engine-cli";

/**
 * The access tests in a stack's config.
 * @throws {UserError} when the config cannot be read, or a test is not one.
 */
export async function readAccessTests(engine: EngineAccess, stack: string): Promise<AccessTest[]> {
  const args = ["config", "--json", "--stack", stack];
  return parseAccessTests(await runEngine(engine, { purpose: `read the config of stack ${stack}`, args }));
}

/**
 * Reads the tests out of what `pulumi config --json` prints; none when the stack has none.
 * @throws {UserError} when one is not as the program takes it
 */
export function parseAccessTests(json: string): AccessTest[] {
  const config = z
    .record(z.string(), z.object({ objectValue: z.unknown().optional() }))
    .parse(JSON.parse(json));
  const parsed = ACCESS_TESTS.safeParse(config["comfyui-access:accessTests"]?.objectValue);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map(({ path }) =>
    path.reduce<string>((text, key) => text + (typeof key === "number" ? `[${key}]` : `.${String(key)}`), ""),
  );
  throw new UserError(
    `the config has access tests that are none: ${where.map((each) => `accessTests${each}`).join(", ")}`,
    "`pulumi preview` says what is wrong with each.",
  );
}
