import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectDir, withTypeScript } from "../../../packages/cli/sandboxed/workspace";
import { LIVED_IN_SEED } from "../../../packages/sandbox/account/lived-in";
import type { Seed } from "../../../packages/sandbox/account/seed";
import { LIVED_IN_CONFIG } from "../lived-in-config";
import type { EngineRig, Settings } from "../support";
import type { Command } from "./process-tree";
import { checkpointFile, readCheckpoint } from "./state-file";

/** A command whose calls are disturbed, and what it starts from. */
export interface Operation {
  name: OperationName;
  /** What the account holds before anything else. Default: the sandbox's own seed. */
  seed?: Seed;
  /** Puts stack and config into the state from which the command starts. */
  prepare(rig: EngineRig): Promise<void>;
  /** The engine's arguments, or the command's own when `cli` is set. */
  args(rig: EngineRig): string[];
  cli?: true;
  /** What a script that is in use meanwhile sees: whether some secret that is known has to pass at every moment. */
  inUse: boolean;
  /** Whether nothing of the stack is left in the end. */
  removes?: true;
  /** Whether a preview shows more to do in the end, as it is meant to. */
  leavesMore?: true;
}

export const OPERATIONS = ["up", "update", "replace", "rotate", "adopt", "destroy"] as const;
export type OperationName = (typeof OPERATIONS)[number];

const UP = ["up", "--yes", "--skip-preview"];

const MINIMAL = `${LIVED_IN_CONFIG}  comfyui-access:alerts: { emails: [ops@datacrew.space] }
`;

interface Application {
  allow: { emails: string[] };
  sessionDuration: string;
  service: string;
  serviceTokens: string[];
}

/** Something of every kind of object that the stack has. */
function manyChanges(settings: Settings): void {
  const [application] = settings["applications"] as Application[];
  const { alerts, secretStore, google } = settings as {
    alerts: { emails: string[] };
    secretStore: { readers: string[] };
    google: { clientId: string };
  };
  if (application === undefined) throw new Error("the dev stack has no application");
  application.allow.emails.push("second@datacrew.space");
  application.sessionDuration = "8h";
  application.service = "http://comfyui:8188";
  application.serviceTokens = ["comfyui-api", "batch"];
  settings["maxTokenDuration"] = "17520h";
  settings["serviceTokens"] = [{ name: "comfyui-api", duration: "17520h" }, { name: "batch" }];
  alerts.emails.push("second@datacrew.space");
  secretStore.readers.push("serviceAccount:batch@datacrew-dev.iam.gserviceaccount.com");
  google.clientId = "second.apps.googleusercontent.com";
}

async function broughtUp(rig: EngineRig): Promise<void> {
  await rig.config();
  const made = await rig.up();
  if (made.code !== 0) throw new Error(made.stdout + made.stderr);
}

function configFile(rig: EngineRig): string {
  return join(rig.dir, "Pulumi.dev.yaml");
}

function replacedApplication(rig: EngineRig): string {
  const found = readCheckpoint(rig.dir).resources?.find(({ type }) =>
    type.endsWith(":ZeroTrustAccessApplication"),
  );
  if (found === undefined) throw new Error("the state has no application");
  return found.urn;
}

/** Has the state say that all was made two hours ago: a rotation takes a token's age from there. */
async function growOld(rig: EngineRig): Promise<void> {
  const file = checkpointFile(rig.dir);
  const then = new Date(Date.now() - 2 * 3_600_000).toISOString();
  await writeFile(file, (await readFile(file, "utf8")).replace(/("created": *")[^"]*/g, `$1${then}`));
}

const DEFINED: Record<OperationName, Omit<Operation, "name">> = {
  up: {
    prepare: async (rig) => void (await rig.config()),
    args: () => UP,
    inUse: false,
  },
  update: {
    async prepare(rig) {
      await broughtUp(rig);
      await rig.config(manyChanges);
    },
    args: () => UP,
    inUse: true,
  },
  replace: {
    prepare: broughtUp,
    args: (rig) => [...UP, "--replace", replacedApplication(rig)],
    // Between the old application and the new one, the tunnel itself refuses everybody.
    inUse: false,
  },
  rotate: {
    async prepare(rig) {
      await broughtUp(rig);
      await growOld(rig);
    },
    cli: true,
    // A token that was rotated a moment ago is not due, so the same command finds nothing to do.
    args: (rig) => [
      ...["rotate", "--end", "now", "--yes", "--when-older-than", "1h"],
      ...["--config-file", configFile(rig), "--file", join(rig.dir, ".env")],
    ],
    inUse: true,
  },
  adopt: {
    seed: LIVED_IN_SEED,
    prepare: (rig) => writeFile(configFile(rig), MINIMAL),
    cli: true,
    args: (rig) => ["adopt", "--apply", "--yes", "--convert-inline", "--config-file", configFile(rig)],
    inUse: true,
    leavesMore: true,
  },
  destroy: {
    prepare: broughtUp,
    args: () => ["destroy", "--yes", "--skip-preview"],
    inUse: false,
    removes: true,
  },
};

export function operation(name: OperationName): Operation {
  return { name, ...DEFINED[name] };
}

/** A command of this project's own, in a workspace. */
export function cliCommand(args: readonly string[], dir: string): Command {
  const bin = join(projectDir, "node_modules", ".bin");
  return {
    file: process.execPath,
    args: [...withTypeScript, join(projectDir, "packages/cli/main.ts"), ...args],
    cwd: projectDir,
    env: {
      ...process.env,
      PATH: `${bin}:${process.env["PATH"]}`,
      COMFYUI_ACCESS_WORKSPACE: dir,
      NODE_COMPILE_CACHE: join(dir, "compile-cache"),
    },
  };
}
