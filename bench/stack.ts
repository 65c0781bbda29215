import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { guardrails, mustPulumi } from "../packages/cli/sandboxed/pulumi";
import { openSandboxSession } from "../packages/cli/sandboxed/session";
import { projectDir } from "../packages/cli/sandboxed/workspace";
import { type Timed, timed } from "./timed";

/** A program to measure: this project's, or one of those it is compared with. */
export type Program = "this" | "flat" | "empty";

/**
 * How the engine is started: by hand in the stack's folder; in the environment of the project's own commands; or by hand
 * without what the project's settings have Node keep of its compiling, as in a project that does nothing about it.
 */
type Way = "by hand" | "scripts" | "plain";

/** A stack of its own, in a sandbox of its own. */
export interface BenchStack {
  dir: string;
  /** `pulumi preview`, which must find nothing to change. */
  preview(way: Way, options?: { guarded?: boolean }): Promise<Timed>;
  /** `pulumi up` as the stack stands. */
  up(way: Way): Promise<Timed>;
  /** Takes the time of an engine command with these arguments. */
  engine(args: readonly string[]): Promise<Timed>;
  /** Takes the time of another command, in the project's folder and this stack's workspace. */
  command(words: readonly string[]): Promise<Timed>;
  /** Forgets everything that `up` made, in the state and in the account. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a stack of the program with so many applications, and brings it up. */
export async function openBenchStack(
  program: Program,
  applications: number,
  programDir = projectDir,
): Promise<BenchStack> {
  const dir = await mkdtemp(join(tmpdir(), "comfyui-access-bench-"));
  const folder = program === "this" ? programDir : join(dir, "program");
  if (program !== "this") await copyProgram(program, folder);
  const session = await openSandboxSession({ dir, keepState: false, programDir: folder, rateLimit: false });
  const close = async () => {
    await session.close();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const target = session.target("up");
    const { NODE_COMPILE_CACHE: _, ...plain } = target.env;
    const environment = {
      "by hand": plain,
      scripts: target.env,
      plain: { ...plain, NODE_DISABLE_COMPILE_CACHE: "1" },
    };
    const configFile = join(dir, "Pulumi.dev.yaml");
    await writeFile(configFile, await stackConfig(applications));
    await mustPulumi(target, ["stack", "init", "dev"]);
    const state = join(dir, "state", ".pulumi");
    await cp(state, join(dir, "empty-state"), { recursive: true });
    const common = ["--stack", "dev", "--non-interactive", "--color", "never"];
    const engine = (env: NodeJS.ProcessEnv, args: readonly string[]) =>
      timed({ words: [target.command, ...args, ...common], cwd: folder, env });
    const up = (way: Way) =>
      engine(environment[way], ["up", "--yes", "--skip-preview", "--config-file", configFile]);
    await up("scripts");
    return {
      dir,
      preview: (way, { guarded = false } = {}) => {
        const judged = guarded ? guardrails : [];
        const args = ["preview", "--expect-no-changes", "--config-file", configFile, ...judged];
        return engine(environment[way], args);
      },
      up,
      engine: (args) => engine(plain, args),
      command: (words) =>
        timed({
          words,
          cwd: programDir,
          env: { ...process.env, PATH: target.env["PATH"], COMFYUI_ACCESS_WORKSPACE: dir },
        }),
      forget: async () => {
        await rm(state, { recursive: true });
        await cp(join(dir, "empty-state"), state, { recursive: true });
        await fetch(`${session.url}/__sandbox__/reset`, { method: "POST" });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The dev stack's config with as many applications as asked for, and what the flat program reads besides. */
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

/** A program in a folder of its own, with the project's settings: the engine takes the nearest Pulumi.yaml as the project. */
async function copyProgram(program: Exclude<Program, "this">, folder: string): Promise<void> {
  const flat = join(projectDir, "bench", "flat");
  await mkdir(folder);
  await cp(join(flat, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
  if (program === "flat") await cp(join(flat, "index.ts"), join(folder, "index.ts"));
  else await writeFile(join(folder, "index.ts"), "export {};\n");
  for (const name of ["package.json", "tsconfig.json", "node_modules", "tools"]) {
    await symlink(join(projectDir, name), join(folder, name));
  }
}
