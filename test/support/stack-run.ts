import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { settingsOf } from "../../config/stack-config";
import { DEV_ACCOUNT_ID } from "../../packages/sandbox/account/seed";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server/server";
import { type Recorder, type Registered, startMocks } from "./mocks";

export type StackName = "dev" | "prod";
export type Mode = "preview" | "update";
/** The program's exports; each is a promise of an output. */
export type Exports = Record<string, unknown>;

/** The secret that every run sets, to be searched for where it must not be. */
export const CLIENT_SECRET = "GOCSPX-must-stay-secret";

const PROJECT = "comfyui-access";
const ROOT = join(__dirname, "../..");

/** What a run of the whole program left behind. */
export interface StackRun {
  recorder: Recorder;
  exports: Exports;
  /** The config that it ran with, as the tools parse it. */
  raw: Record<string, unknown>;
  /** Method and path of what the program itself asked the API. */
  asked: string[];
  /** Id of the tunnel that `prod` shares. */
  sharedTunnelId: string;
}

/** What the account of a run has before it. */
interface Made {
  /** Id of a tunnel of others. */
  sharedTunnelId: string;
  /** Id of a login of others. */
  loginId: string;
}

/**
 * Runs index.ts under mocks with a stack's committed config, against a sandbox of its own for what it looks up.
 * @param load imports index.ts afresh
 * @param overrides config values by key, over those of the stack's file; undefined takes one away
 */
export function runStack(
  stack: StackName,
  mode: Mode,
  load: () => Promise<Exports>,
  overrides: Record<string, unknown> = {},
): Promise<StackRun> {
  const valuesOf = ({ sharedTunnelId }: Made) => {
    return { ...stackConfig(stack), ...filledIn(stack, sharedTunnelId), ...overrides };
  };
  return runProgram(stack, mode, load, valuesOf);
}

/** {@link runStack}, with any config: its values by key. */
export async function runProgram(
  stack: StackName,
  mode: Mode,
  load: () => Promise<Exports>,
  valuesOf: (made: Made) => Record<string, unknown>,
): Promise<StackRun> {
  const sandbox = await startSandbox();
  const environment = { ...process.env };
  const streams = [process.stdout, process.stderr].map((stream) => {
    return { stream, listeners: stream.listeners("error") };
  });
  try {
    const sharedTunnelId = await make(sandbox, "cfd_tunnel", { name: "shared", config_src: "cloudflare" });
    const login = { name: "House login", type: "google", config: { client_id: "x", client_secret: "y" } };
    const loginId = await make(sandbox, "access/identity_providers", login);
    sandbox.requests.length = 0;
    process.env.CLOUDFLARE_BASE_URL = sandbox.apiUrl;
    process.env.CLOUDFLARE_API_TOKEN = sandbox.tokens.preview;
    const recorder = await startMocks(mode, stack);
    const raw = setConfig(valuesOf({ sharedTunnelId, loginId }));
    const exports = await load();
    await Promise.all(Object.values(exports));
    await recorder.settled();
    const asked = sandbox.requests.map(({ method, path }) => `${method} ${path}`);
    return { recorder, exports, raw, asked, sharedTunnelId };
  } finally {
    process.env = environment;
    // Those of a program go with its process, and here with its run.
    for (const { stream, listeners } of streams) {
      for (const listener of stream.listeners("error")) {
        if (!listeners.includes(listener)) stream.off("error", listener as () => void);
      }
    }
    await sandbox.close();
  }
}

/** One line of a committed listing. */
export type Listed = Pick<Registered, "urn" | "type" | "parent" | "inputs" | "dependencies"> & {
  protect?: true;
  retainOnDelete?: true;
};

/** The resources of a run as committed in test/expected: sorted, secrets masked, nothing that changes by itself. */
export function listing({ recorder, sharedTunnelId }: StackRun): Listed[] {
  const lines = recorder.resources
    .map(({ urn, type, parent, inputs, dependencies, protect, retainOnDelete }) => ({
      urn,
      type,
      parent,
      ...(protect ? { protect } : {}),
      ...(retainOnDelete ? { retainOnDelete } : {}),
      inputs: sorted(inputs),
      dependencies,
    }))
    .sort((a, b) => (a.urn < b.urn ? -1 : 1));
  return JSON.parse(JSON.stringify(lines).replaceAll(sharedTunnelId, "<shared tunnel>"));
}

/** Where a stack's listing is committed. */
export const listingFile = (stack: StackName): string => join(ROOT, "test/expected", `${stack}.json`);

/** What only the owner of the stack knows, and the one secret. */
function filledIn(stack: StackName, sharedTunnelId: string): Record<string, unknown> {
  const google = { clientId: `${stack}.apps.googleusercontent.com`, clientSecret: CLIENT_SECRET };
  return stack === "dev" ? { google } : { google, accountId: DEV_ACCOUNT_ID, tunnel: { id: sharedTunnelId } };
}

/** The config as the engine merges it: the project's defaults below the stack's values. */
function stackConfig(stack: StackName): Record<string, unknown> {
  const read = (file: string) =>
    parse(readFileSync(join(ROOT, file), "utf8")).config as Record<string, unknown>;
  const defaults = Object.entries(read("Pulumi.yaml")).map(([key, schema]) => [
    key,
    (schema as { default: unknown }).default,
  ]);
  const values = Object.entries(read(`Pulumi.${stack}.yaml`)).map(([key, value]) => [
    key.slice(PROJECT.length + 1),
    value,
  ]);
  return Object.fromEntries([...defaults, ...values]);
}

/** Gives the program a config, and returns it as the tools read it. */
function setConfig(values: Record<string, unknown>): Record<string, unknown> {
  const set = Object.entries(values).filter(([, value]) => value !== undefined);
  const text = set.map(([key, value]): [string, string] => [
    `${PROJECT}:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(text), [`${PROJECT}:google`]);
  const entries = text.map(([key, value]) => [key, { value }] as const);
  return settingsOf(entries, PROJECT).raw;
}

/** Makes an object in the account, as somebody else would. */
async function make({ apiUrl, tokens }: Sandbox, path: string, body: object): Promise<string> {
  const response = await fetch(`${apiUrl}/accounts/${DEV_ACCOUNT_ID}/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${tokens.admin}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return ((await response.json()) as { result: { id: string } }).result.id;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}
