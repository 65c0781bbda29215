import { INFISICAL_CLOUD, type InfisicalConfig } from "../../../config/stack-config";
import { UserError } from "../../base/errors";
import { isLoopback, plainUrl } from "../../base/host-name";
import { readSettings, type StackSettings } from "../stack/read-stack";
import { GoogleSecretManagerSink } from "./google-secret-manager";
import { InfisicalSink } from "./infisical";
import type { SecretSink, SinkStack } from "./sink";

async function settingsOf({ stack, engine, settings }: SinkStack): Promise<StackSettings> {
  return settings ?? (await readSettings(engine, stack));
}

/**
 * Google Secret Manager, in the project that is given or that the stack config names.
 * @throws {UserError} when neither does.
 */
export async function openGoogle(stack: SinkStack, given: string | undefined): Promise<SecretSink> {
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

/**
 * Infisical, at the place that the options and the stack config name.
 * @throws {UserError} when neither does, or the address is not encrypted.
 */
export async function openInfisical(stack: SinkStack, given?: Partial<InfisicalConfig>): Promise<SecretSink> {
  return new InfisicalSink({ ...(await infisicalPlace(stack, given)), env: stack.engine.env });
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
  const { protocol, hostname = "" } = plainUrl(url) ?? {};
  if (protocol === "https:") return;
  if (protocol === "http:" && isLoopback(hostname)) return;
  throw new UserError(
    `${JSON.stringify(url)} is no https address`,
    "Give the address of the Infisical instance, e.g. --infisical-url https://app.infisical.com.",
  );
}
