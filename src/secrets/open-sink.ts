import { join } from "node:path";
import { INFISICAL_CLOUD, type InfisicalConfig } from "../config";
import { UserError } from "../errors";
import { projectName, readSettings, type StackSettings } from "../stack/read-stack";
import { type ApplicationAccess, configValues, envValues, type TokenAccess } from "./credentials";
import type { EngineAccess } from "./engine-cli";
import { EnvFileSink } from "./env-file";
import { GoogleSecretManagerSink } from "./google-secret-manager";
import { InfisicalSink } from "./infisical";
import type { StackOutputs } from "./outputs";
import { secretId, stackPrefix } from "./secret-id";
import type { SecretSink, SecretValues } from "./sink";
import { StackConfigSink } from "./stack-config";

/** The kinds of places that credentials go to, as `--to` names them. */
export const SINK_KINDS = ["file", "config", "gcp", "infisical"] as const;
export type SinkKind = (typeof SINK_KINDS)[number];

/** The stack whose credentials are handed out. An open stack serves: `{ stack, settings, engine: open.engine("up") }`. */
export interface SinkStack {
  stack: string;
  /**
   * How to run the engine. Its environment also says where the sinks are: `SANDBOX_GCP_URL` and
   * `SANDBOX_INFISICAL_URL` in the sandbox, and the identity for Infisical (INFISICAL_TOKEN, or INFISICAL_CLIENT_ID
   * and INFISICAL_CLIENT_SECRET).
   */
  engine: EngineAccess;
  /** The stack's config, where it has been read already; else it is read when a sink needs it. */
  settings?: StackSettings;
}

/** Where exactly, when it is not where the stack config says. */
export interface SinkOptions {
  /** `file`: the path. Default: `.env` in the project's folder. */
  file?: string;
  /** `gcp`: the Google Cloud project. Default: `secretStore.project` of the stack config. */
  project?: string;
  /** `infisical`: parts of the place. Default for each: `infisical` of the stack config. */
  infisical?: Partial<InfisicalConfig>;
}

/**
 * Opens a sink. Nothing is contacted before its `check` or `write`, and a vendor's client is loaded only then.
 * @throws {UserError} when neither the options nor the stack config say where the sink is.
 */
export async function openSink(
  kind: SinkKind,
  stack: SinkStack,
  options: SinkOptions = {},
): Promise<SecretSink> {
  const { engine } = stack;
  switch (kind) {
    case "file":
      return new EnvFileSink({ path: options.file ?? join(engine.cwd, ".env") });
    case "config":
      return new StackConfigSink({ engine, stack: stack.stack });
    case "gcp":
      return openGoogle(stack, options.project);
    case "infisical":
      return new InfisicalSink({ ...(await infisicalPlace(stack, options.infisical)), env: engine.env });
  }
}

/**
 * What a kind of sink is to hold: `.env` lines for `file` and `infisical`; for `config` and `gcp` the service token
 * alone, under the key that others find it by.
 * @throws {UserError} when the stack has no service token and the kind holds nothing else.
 */
export async function valuesFor(
  kind: SinkKind,
  stack: SinkStack,
  credentials: { outputs: StackOutputs; application: ApplicationAccess; token: TokenAccess | undefined },
): Promise<SecretValues> {
  const { outputs, application, token } = credentials;
  if (kind === "file" || kind === "infisical") return envValues(outputs, application, token);
  if (token === undefined) {
    throw new UserError(
      `the stack has no service token to put into ${kind === "config" ? "its config" : "Google Secret Manager"}`,
      "Declare one under `serviceTokens` in the stack config and run `pulumi up`.",
    );
  }
  if (kind === "config") return configValues(token);
  const project = stack.settings?.project ?? (await projectName(stack.engine.cwd));
  const id = secretId(stackPrefix(project, stack.stack), token.name);
  return { [id]: `${token.clientId}:${token.clientSecret}` };
}

async function settingsOf({ stack, engine, settings }: SinkStack): Promise<StackSettings> {
  return settings ?? (await readSettings(engine, stack));
}

async function openGoogle(stack: SinkStack, given: string | undefined): Promise<SecretSink> {
  const { secretStore } = (await settingsOf(stack)).config;
  const own = secretStore.kind === "gcp" ? secretStore.project : undefined;
  const project = given ?? own;
  if (project === undefined) {
    throw new UserError(
      `the config of stack ${stack.stack} keeps no secrets in Google Secret Manager (secretStore.kind is ${secretStore.kind})`,
      "Give the Google Cloud project with --project, or set secretStore in the stack config and run `pulumi up`.",
    );
  }
  const baseUrl = stack.engine.env["SANDBOX_GCP_URL"];
  return new GoogleSecretManagerSink({ project, create: project !== own, baseUrl });
}

async function infisicalPlace(
  stack: SinkStack,
  given: Partial<InfisicalConfig> = {},
): Promise<InfisicalConfig> {
  const configured = (await settingsOf(stack)).config.infisical;
  const place = {
    siteUrl:
      stack.engine.env["SANDBOX_INFISICAL_URL"] ?? given.siteUrl ?? configured?.siteUrl ?? INFISICAL_CLOUD,
    projectId: given.projectId ?? configured?.projectId,
    environment: given.environment ?? configured?.environment,
    secretPath: given.secretPath ?? configured?.secretPath ?? "/",
  };
  refuseOpenAddress(place.siteUrl);
  if (place.projectId !== undefined && place.environment !== undefined) return place as InfisicalConfig;
  throw new UserError(
    `neither the options nor the config of stack ${stack.stack} say which project and environment of Infisical`,
    "Give --infisical-project and --infisical-environment, or set `infisical` in the stack config.",
  );
}

/** Secrets travel encrypted, or not at all beyond this machine. */
function refuseOpenAddress(url: string): void {
  const { protocol, hostname } = URL.parse(url) ?? {};
  if (protocol === "https:") return;
  if (protocol === "http:" && (hostname === "127.0.0.1" || hostname === "localhost")) return;
  throw new UserError(
    `${JSON.stringify(url)} is no https address`,
    "Give the address of the Infisical instance, e.g. --infisical-url https://app.infisical.com.",
  );
}
