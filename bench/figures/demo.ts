import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureEngine } from "../../packages/cli/engine/engine";
import { openWorkspace, projectDir } from "../../packages/cli/sandboxed/workspace";
import { type Command, timed } from "../timed";
import type { Bench } from "./bench";
import { scriptWords } from "./scripts";

/** One of demo's steps. */
export interface DemoStep {
  name: string;
  seconds: number;
  /** Of the whole, from 0 to 1. */
  share: number;
}

/** Demo in a new sandbox of its own, step by step; what passes between its steps, its start among it, comes last. */
export async function demoSteps({ progress }: Bench): Promise<DemoStep[]> {
  progress("demo: a run in a new sandbox");
  const dir = await mkdtemp(join(tmpdir(), "comfyui-access-bench-"));
  const { env } = await openWorkspace({ engine: await ensureEngine(), dir });
  const command: Command = {
    words: await scriptWords("demo"),
    cwd: projectDir,
    env: { ...process.env, PATH: env["PATH"], COMFYUI_ACCESS_WORKSPACE: dir },
  };
  // Demo writes the dev stack's credentials, which are another sandbox's now.
  const envFile = join(projectDir, ".env.dev");
  const before = await readFile(envFile).catch(() => undefined);
  try {
    const { stdout, wallMs } = await timed(command);
    return stepsIn(stdout, wallMs / 1000);
  } finally {
    await rm(dir, { recursive: true, force: true });
    if (before === undefined) await rm(envFile, { force: true });
    else await writeFile(envFile, before, { mode: 0o600 });
  }
}

/** Reads the steps from what demo printed: `  ✓ up   24 created   3.1 s`. */
export function stepsIn(printed: string, wholeSeconds: number): DemoStep[] {
  const steps = [...printed.matchAll(/^ {2}✓ (\S.*?) {2,}.* (\d+\.\d) s$/gm)].map(
    ([, name = "", seconds]) => ({
      name,
      seconds: Number(seconds),
    }),
  );
  if (steps.length === 0) throw new Error("demo printed no steps");
  const rest = wholeSeconds - steps.reduce((sum, { seconds }) => sum + seconds, 0);
  return [...steps, { name: "start and end", seconds: Math.max(0, rest) }].map((step) => ({
    ...step,
    share: step.seconds / wholeSeconds,
  }));
}
