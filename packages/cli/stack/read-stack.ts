import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { refuseForeignAddresses } from "../../../config/provider-addresses";
import { parseConfig, type StackConfig, settingsOf } from "../../../config/stack-config";
import { UserError } from "../../base/errors";
import { fieldsOf } from "../../base/json-values";
import { exportedResources, pendingOperations, type StackResource } from "../../cloudflare/stack-export";
import { configFileArgs, type EngineAccess, parseAnswer, runEngine } from "../secrets/engine-cli";

export type { StackResource };

/** A stack's config as the program sees it, secrets included. */
export interface StackSettings {
  /** Name of the project, the namespace of its config keys. */
  project: string;
  /** The validated config, with every default. Holds the Google client secret. */
  config: StackConfig;
  /** How the Cloudflare provider is configured in the stack's config; the environment is the other place. */
  cloudflare: { apiToken?: string; baseUrl?: string };
}

const entries = z.record(
  z.string(),
  z.object({ value: z.string().optional(), secret: z.boolean().optional() }),
);

/**
 * Reads a stack's config through the engine and judges it as the program would.
 * @throws {UserError} when it cannot be read or decrypted, or is not valid.
 */
export async function readSettings(engine: EngineAccess, stack: string): Promise<StackSettings> {
  const { project, raw, secretKeys, cloudflare } = await readConfig(engine, stack);
  return { project, config: parseConfig(raw, { stack, secretKeys }), cloudflare };
}

/** A stack's config before it is judged. Holds secrets. */
export interface UnjudgedConfig extends Omit<StackSettings, "config"> {
  /** What {@link parseConfig} takes. */
  raw: Record<string, unknown>;
  secretKeys: Set<string>;
  /** Every value as text, of all namespaces, by its full key. */
  values: Readonly<Record<string, { value?: string; secret?: boolean }>>;
}

/**
 * Reads a stack's config through the engine.
 * @throws {UserError} when it cannot be read or decrypted, or a provider would send its credentials to somebody else.
 */
export async function readConfig(engine: EngineAccess, stack: string): Promise<UnjudgedConfig> {
  const project = await projectName(engine.cwd);
  const purpose = `read the config of stack ${stack}`;
  const stdout = await runEngine(engine, {
    purpose,
    args: ["config", "--json", "--show-secrets", "--stack", stack, ...configFileArgs(engine)],
  });
  const found = parseAnswer(entries, stdout, purpose);
  refuseForeignAddresses(
    Object.entries(found).map(([key, { value }]) => [key, value]),
    engine.env,
  );
  return {
    project,
    ...settingsOf(Object.entries(found), project),
    values: found,
    cloudflare: {
      apiToken: found["cloudflare:apiToken"]?.value || undefined,
      baseUrl: found["cloudflare:baseUrl"]?.value || undefined,
    },
  };
}

/**
 * What of a stack's config is not encrypted, without the key or passphrase of the stack.
 * @throws {UserError} when it cannot be read.
 */
export async function readOpenConfig(
  engine: EngineAccess,
  stack: string,
): Promise<Pick<UnjudgedConfig, "raw">> {
  const purpose = `read the config of stack ${stack}`;
  const args = ["config", "--json", "--stack", stack, ...configFileArgs(engine)];
  const found = parseAnswer(entries, await runEngine(engine, { purpose, args }), purpose);
  const open = Object.entries(found).filter(([, { secret }]) => secret !== true);
  return { raw: settingsOf(open, await projectName(engine.cwd)).raw };
}

/** What the engine knows of a stack. */
export interface StackState {
  resources: StackResource[];
  /** Ids of what a replacement left to be deleted by the next update. */
  pendingDeletes: string[];
  /** What an update that runs, or was interrupted, is about to make or change, by name. */
  pending: string[];
  /** When it was last written (RFC 3339); absent when it does not say. */
  writtenAt?: string;
}

/** What of an export is not a resource of the stack as it stands. */
interface Unfinished {
  manifest?: { time?: unknown };
  resources?: { id?: unknown; delete?: boolean }[] | null;
}

/**
 * The state of a stack; without resources when it was never brought up.
 * @throws {UserError} when the stack cannot be read.
 */
export async function readState(engine: EngineAccess, stack: string): Promise<StackState> {
  return stateOf(await exportState(engine, stack), `stack ${stack}`);
}

/**
 * The state of a stack as `pulumi stack export` prints it; its secrets are encrypted.
 * @throws {UserError} when the stack cannot be read.
 */
export function exportState(engine: EngineAccess, stack: string): Promise<string> {
  const args = ["stack", "export", "--stack", stack];
  return runEngine(engine, { purpose: `export the state of stack ${stack}`, args });
}

/**
 * The state in what `pulumi stack export` prints.
 * @param where where the text comes from, for messages.
 * @throws {UserError} when it is not an export.
 */
export function stateOf(text: string, where: string): StackState {
  const resources = exportedResources(text, where).map((resource) => {
    const urn = String(resource["urn"]);
    return {
      urn,
      type: String(resource["type"]),
      name: urn.split("::").at(-1) ?? "",
      id: typeof resource["id"] === "string" ? resource["id"] : "",
      inputs: fieldsOf(resource["inputs"]),
      outputs: fieldsOf(resource["outputs"]),
      ...(resource["protect"] === true && { protect: true as const }),
    };
  });
  const { deployment } = JSON.parse(text) as { deployment?: Unfinished };
  const pendingDeletes = (deployment?.resources ?? []).flatMap(({ id, delete: waits }) =>
    waits === true && typeof id === "string" ? [id] : [],
  );
  const pending = pendingOperations(text).map(({ type, urn }) => {
    return `${type} ${urn.split("::").at(-1) || "an object"}`;
  });
  const time = deployment?.manifest?.time;
  return { resources, pendingDeletes, pending, ...(typeof time === "string" ? { writtenAt: time } : {}) };
}

/** The project's name, as its Pulumi.yaml says. */
export async function projectName(dir: string): Promise<string> {
  const file = join(dir, "Pulumi.yaml");
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`could not read ${file} (${error.code})`, "Run the command in the project's folder.");
  });
  const { name } = (parse(text) ?? {}) as { name?: unknown };
  if (typeof name === "string" && name !== "") return name;
  throw new UserError(`${file} names no project`, "Give it a `name`.");
}
