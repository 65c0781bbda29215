import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { PulumiTarget } from "../src/pulumi";
import { ensureStack, mustPulumi } from "../src/sandboxed/pulumi";
import { openSandboxSession } from "../src/sandboxed/session";
import { projectDir } from "../src/sandboxed/workspace";

// Compares `pulumi preview` without changes of this project's program with a flat program that declares
// the same resources: the ratio is what components, config checks and look-ups cost. Both are measured in
// turn on the same machine, so that whatever else it does touches both alike.

const sizes = (process.env.BENCH_SIZES ?? "1,50").split(",").map(Number);
const rounds = Number(process.env.BENCH_ROUNDS ?? 7);
const limit = 1.1;

interface Contender {
  name: string;
  preview(): Promise<number>;
  close(): Promise<void>;
}

async function contender(name: string, programDir: string, applications: number): Promise<Contender> {
  const dir = await mkdtemp(join(tmpdir(), "comfyui-access-bench-"));
  const session = await openSandboxSession({ dir, keepState: false, programDir, rateLimit: false });
  const close = async () => {
    await session.close();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const target: PulumiTarget = session.target("up");
    const configFile = join(dir, "Pulumi.dev.yaml");
    await writeFile(configFile, await stackConfig(applications));
    await ensureStack(target, "dev");
    const common = ["--stack", "dev", "--config-file", configFile];
    await mustPulumi(target, ["up", "--yes", "--skip-preview", ...common]);
    const preview = async () => (await mustPulumi(target, ["preview", "--expect-no-changes", ...common])).ms;
    return { name, preview, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The dev stack with as many applications as asked for. */
async function stackConfig(applications: number): Promise<string> {
  const file = parse(await readFile(join(projectDir, "Pulumi.dev.yaml"), "utf8")) as {
    config: Record<string, unknown>;
  };
  file.config["comfyui-access:applications"] = Array.from({ length: applications }, (_, index) => ({
    name: `app-${index}`,
    hostname: `app-${index}.datacrew.space`,
    service: `http://localhost:${8188 + index}`,
    allow: { emails: ["artist@datacrew.space"] },
    serviceTokens: ["comfyui-api"],
  }));
  file.config["comfyui-access:accessTests"] = [];
  file.config["flat:zoneId"] = "fedcba9876543210fedcba9876543210";
  return stringify(file);
}

/** The flat program in a folder of its own: the engine takes the nearest Pulumi.yaml as the project. */
async function flatProgram(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "comfyui-access-flat-"));
  for (const file of ["index.ts", "Pulumi.yaml"]) {
    await writeFile(join(dir, file), await readFile(join(projectDir, "bench", "flat", file)));
  }
  for (const file of ["package.json", "tsconfig.json", "node_modules", "tools"]) {
    await symlink(join(projectDir, file), join(dir, file));
  }
  return dir;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

async function main(): Promise<void> {
  console.log(`${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}`);
  console.log(`pulumi preview without changes, median of ${rounds} in turn\n`);
  const flatDir = await flatProgram();
  let slow = false;
  try {
    for (const size of sizes) {
      const flat = await contender("flat program", flatDir, size);
      const ours = await contender("this program", projectDir, size);
      const times: Record<string, number[]> = { [flat.name]: [], [ours.name]: [] };
      try {
        // The first round of each fills caches and is not counted.
        for (let round = 0; round <= rounds; round += 1) {
          for (const { name, preview } of round % 2 === 0 ? [flat, ours] : [ours, flat]) {
            const ms = await preview();
            if (round > 0) times[name]?.push(ms);
          }
        }
      } finally {
        await flat.close();
        await ours.close();
      }
      const [reference, measured] = [median(times[flat.name] ?? []), median(times[ours.name] ?? [])];
      const ratio = measured / reference;
      slow ||= ratio > limit;
      console.log(
        `${String(size).padStart(3)} application${size === 1 ? " " : "s"}  flat ${(reference / 1000).toFixed(2)} s  this ${(measured / 1000).toFixed(2)} s  ratio ${ratio.toFixed(3)}  (at most ${limit.toFixed(2)})`,
      );
    }
  } finally {
    await rm(flatDir, { recursive: true, force: true });
  }
  if (slow) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
