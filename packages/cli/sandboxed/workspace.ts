import { mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, delimiter, join, resolve } from "node:path";
import type { Network } from "../../client/typescript/network";
import type { Engine } from "../engine/engine";
import { fileBackendFolder } from "../stack/file-backend";
import { keepChoice, lastChoice, type ProviderChoice } from "./provider-choice";

/** The project's root folder, where Pulumi.yaml is. */
export const projectDir = join(__dirname, "..", "..", "..");

/** What Node needs before the name of a TypeScript file of this project, to run it. */
export const withTypeScript = ["--require", join(projectDir, "tools", "cached-typescript.cjs")] as const;

/**
 * The passphrase of the sandbox's stacks. It is public on purpose: it guards only values that the
 * sandbox made up, and it lets the committed `Pulumi.dev.yaml` carry an encrypted value that works on
 * every machine. Production stacks use a cloud key service instead.
 */
export const sandboxPassphrase = "sandbox";

/** Where a sandboxed engine keeps what is its own, away from the user's Pulumi login and plugins. */
export interface Workspace {
  /** Folder of everything below; ignored by git. */
  dir: string;
  /** The sandbox API's state, so that objects outlive a command. */
  stateFile: string;
  /** Address and tokens of a sandbox that is running for play; 0600. */
  runningFile: string;
  /** Which Cloudflare provider the engine uses. */
  provider: ProviderChoice;
  /** Environment for the engine, without anything of the user's own Pulumi, Cloudflare, Google or Infisical settings. */
  env: NodeJS.ProcessEnv;
}

/** What the engine should talk to. */
export interface WorkspaceOptions {
  engine: Engine;
  /** Default: what COMFYUI_ACCESS_WORKSPACE says, or `.sandbox` in the project. */
  dir?: string;
  /**
   * `sandbox`: the sandbox's own providers. `real`: the installed Cloudflare plugin. The choice is kept when
   * it can be had: the state that one of them wrote is read by every later command. Default: the last choice, at first the sandbox's own.
   */
  provider?: ProviderChoice;
}

/** Where a sandbox is unless it is said: of its own for a whole run of commands, e.g. a test's, or the project's. */
export function workspaceDir(): string {
  return resolve(process.env["COMFYUI_ACCESS_WORKSPACE"] || join(projectDir, ".sandbox"));
}

/**
 * What makes the engine's processes quicker, unless the user's environment says otherwise. Start-up of the program is
 * mostly compiling the SDK's JavaScript: Node keeps the result beside the packages. The engine and its provider spend
 * much of a preview on collecting garbage: a heap may grow to five times what is in use, and from 2 GiB on less.
 * @see https://tip.golang.org/doc/gc-guide
 */
export const quickEngine = {
  NODE_COMPILE_CACHE: join(projectDir, "node_modules", ".cache", "compiled"),
  GOGC: "400",
  GOMEMLIMIT: "2GiB",
} as const;

/** Makes the workspace's folders and the environment in which the engine runs. */
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const dir = options.dir ?? workspaceDir();
  const pulumiHome = join(dir, "pulumi-home");
  const backend = join(dir, "state");
  await mkdir(pulumiHome, { recursive: true, mode: 0o700 });
  await mkdir(backend, { recursive: true, mode: 0o700 });
  const provider = options.provider ?? (await lastChoice(dir));
  if (provider === "real") await linkUserPlugins(pulumiHome);
  const workspace: Workspace = {
    dir,
    provider,
    stateFile: join(dir, "cloudflare.json"),
    runningFile: join(dir, "running.json"),
    env: {
      ...quickEngine,
      ...withoutOwnSettings(process.env),
      PATH: [join(projectDir, "node_modules", ".bin"), options.engine.binDir, process.env["PATH"]]
        .filter((entry) => entry !== undefined)
        .join(delimiter),
      PULUMI_HOME: pulumiHome,
      // Without the files of attributes beside each file: the engine writes those in two steps, and one that is killed
      // between them leaves a state that it cannot read any more.
      PULUMI_BACKEND_URL: `file://${backend}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: sandboxPassphrase,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // With the real plugin the engine may fetch it; with the sandbox's own providers nothing is to be fetched.
      ...(provider === "real" ? {} : { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" }),
    },
  };
  await keepChoice(workspace);
  return workspace;
}

/**
 * Forgets the states of all stacks of a workspace, with their history: they speak of an account that is no more.
 * @returns the stacks' names
 */
export async function forgetStacks({ env }: Workspace): Promise<string[]> {
  const backend = fileBackendFolder(env["PULUMI_BACKEND_URL"], projectDir);
  if (backend === undefined) return [];
  const files = await readdir(join(backend, "stacks"), { recursive: true }).catch(() => []);
  for (const folder of ["stacks", "history", "backups", "locks"]) {
    await rm(join(backend, folder), { recursive: true, force: true });
  }
  return files.filter((file) => file.endsWith(".json")).map((file) => basename(file, ".json"));
}

/** A copy of the environment in which no account of the user's can be reached by accident. */
function withoutOwnSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = /^(PULUMI_|CLOUDFLARE_|CF_|GOOGLE_|GCP_|GCLOUD_|CLOUDSDK_|INFISICAL_|SANDBOX_|NODE_OPTIONS$)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.test(name)));
}

/** The engine looks for plugins below its home; the user's installed ones are reused, not copied. */
async function linkUserPlugins(pulumiHome: string): Promise<void> {
  const theirs = join(process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"), "plugins");
  const ours = join(pulumiHome, "plugins");
  if ((await readlink(ours).catch(() => undefined)) === theirs) return;
  await symlink(theirs, ours).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

/** Address and tokens of a running sandbox, as `sandbox` leaves them for the other commands. */
export interface RunningSandbox {
  pid: number;
  url: string;
  tokens: { admin: string; up: string; preview: string };
  /** How to reach the hostnames that it serves. */
  network: Network;
}

/** Says where the sandbox runs, for other commands of the same user only. */
export async function announceSandbox(workspace: Workspace, running: RunningSandbox): Promise<void> {
  await writeFile(workspace.runningFile, `${JSON.stringify(running)}\n`, { mode: 0o600 });
}

/** The sandbox that `sandbox` keeps running, if it still answers. */
export async function findRunningSandbox(workspace: Workspace): Promise<RunningSandbox | undefined> {
  const text = await readFile(workspace.runningFile, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const running = JSON.parse(text) as RunningSandbox;
    const answer = await fetch(`${running.url}/__sandbox__/requests`, { signal: AbortSignal.timeout(2000) });
    return answer.ok ? running : undefined;
  } catch {
    return undefined;
  }
}
