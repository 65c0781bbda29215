import { ensureEngine } from "../../packages/cli/engine/engine";

/** Builds the engine before any test asks for it, and says so: on a new machine that takes minutes. */
export default async function setup(): Promise<void> {
  await ensureEngine({ log: (line) => process.stderr.write(`${line}\n`) });
}
