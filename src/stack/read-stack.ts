import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { parseConfig, type StackConfig, settingsOf } from "../config";
import { UserError } from "../errors";
import { type EngineAccess, runEngine } from "../secrets/engine-cli";
import { exportedResources } from "../stack-export";

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

/** A stack's config as it stands, whether the program would accept it or not. */
export interface RawSettings extends Omit<StackSettings, "config"> {
  /** Decoded values by key; secrets in clear. */
  raw: Record<string, unknown>;
  /** Keys that hold an encrypted value. */
  secretKeys: Set<string>;
}

/**
 * Reads a stack's config through the engine and judges it as the program would.
 * @throws {UserError} when it cannot be read or decrypted, or is not valid.
 */
export async function readSettings(engine: EngineAccess, stack: string): Promise<StackSettings> {
  const { raw, secretKeys, ...rest } = await readRawSettings(engine, stack);
  return { ...rest, config: parseConfig(raw, { stack, secretKeys }) };
}

/**
 * Reads a stack's config through the engine, unjudged.
 * @throws {UserError} when it cannot be read or decrypted.
 */
export async function readRawSettings(engine: EngineAccess, stack: string): Promise<RawSettings> {
  const project = await projectName(engine.cwd);
  const purpose = `read the config of stack ${stack}`;
  const file = engine.configFile === undefined ? [] : ["--config-file", engine.configFile];
  const stdout = await runEngine(engine, {
    purpose,
    args: ["config", "--json", "--show-secrets", "--stack", stack, ...file],
  });
  const found = readEntries(stdout, purpose);
  const { raw, secretKeys } = settingsOf(Object.entries(found), project);
  return {
    project,
    raw,
    secretKeys,
    cloudflare: {
      apiToken: found["cloudflare:apiToken"]?.value || undefined,
      baseUrl: found["cloudflare:baseUrl"]?.value || undefined,
    },
  };
}

function readEntries(stdout: string, purpose: string): z.infer<typeof entries> {
  try {
    return entries.parse(JSON.parse(stdout));
  } catch {
    // The parser's own words may quote the text, which holds secrets.
    throw new UserError(
      `could not ${purpose}: Pulumi's answer is not in the known form`,
      "Use Pulumi 3.259 or newer.",
    );
  }
}

/** A resource of a stack, as the engine exports it; secret values are encrypted. */
export interface StackResource {
  urn: string;
  type: string;
  /** Name in the program. */
  name: string;
  /** The vendor's id; empty for a component. */
  id: string;
  inputs: Readonly<Record<string, unknown>>;
  outputs: Readonly<Record<string, unknown>>;
}

/**
 * The resources of a stack; none when it was never brought up.
 * @throws {UserError} when the stack cannot be read.
 */
export async function readResources(engine: EngineAccess, stack: string): Promise<StackResource[]> {
  const where = `stack ${stack}`;
  const text = await runEngine(engine, {
    purpose: `export the state of ${where}`,
    args: ["stack", "export", "--stack", stack],
  });
  return exportedResources(text, where).map((resource) => {
    const urn = String(resource["urn"]);
    return {
      urn,
      type: String(resource["type"]),
      name: urn.split("::").at(-1) ?? "",
      id: typeof resource["id"] === "string" ? resource["id"] : "",
      inputs: fields(resource["inputs"]),
      outputs: fields(resource["outputs"]),
    };
  });
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

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
