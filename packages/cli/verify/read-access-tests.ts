import { z } from "zod";
import { type EngineAccess, runEngine } from "../secrets/engine-cli";

const names = z.array(z.string()).default([]);

/** One expectation of the stack config's `accessTests`: who may reach what, and who may not. */
const accessTest = z.object({
  who: z.string().optional(),
  with: z.record(z.string(), z.string()).optional(),
  token: z.string().optional(),
  anyone: z.boolean().optional(),
  /** `<application>`, `<application>/<path>`, or `*` for all of them. */
  allow: names,
  deny: names,
});

export type AccessTest = z.infer<typeof accessTest>;

/**
 * The access tests in a stack's config.
 * @throws {UserError} when the config cannot be read.
 */
export async function readAccessTests(engine: EngineAccess, stack: string): Promise<AccessTest[]> {
  const args = ["config", "--json", "--stack", stack];
  return parseAccessTests(await runEngine(engine, { purpose: `read the config of stack ${stack}`, args }));
}

/** Reads the tests out of what `pulumi config --json` prints; none when the stack has none. */
export function parseAccessTests(json: string): AccessTest[] {
  const config = z
    .record(z.string(), z.object({ objectValue: z.unknown().optional() }))
    .parse(JSON.parse(json));
  return z.array(accessTest).parse(config["comfyui-access:accessTests"]?.objectValue ?? []);
}
