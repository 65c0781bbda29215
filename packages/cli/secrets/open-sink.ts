import { join } from "node:path";
import { secretId, stackPrefix } from "../../../config/secret-id";
import type { InfisicalConfig } from "../../../config/stack-config";
import { UserError } from "../../base/errors";
import { type ApplicationAccess, configValues, envValues, type TokenAccess } from "./credentials";
import { EnvFileSink } from "./env-file";
import type { StackOutputs } from "./outputs";
import type { SecretSink, SecretValues, SinkKind, SinkStack } from "./sink";

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
 * Opens a sink. Nothing is contacted before its `check` or `write`, and a vendor's client is loaded only then. What is
 * for one kind only is loaded for that kind only: `env` into a file is to be as quick as the engine's own command.
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
      return new (await import("./stack-config.js")).StackConfigSink({ engine, stack: stack.stack });
    case "gcp":
      return (await import("./open-service.js")).openGoogle(stack, options.project);
    case "infisical":
      return (await import("./open-service.js")).openInfisical(stack, options.infisical);
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
  const project =
    stack.settings?.project ?? (await (await import("../stack/read-stack.js")).projectName(stack.engine.cwd));
  const id = secretId(stackPrefix(project, stack.stack), token.name);
  return { [id]: `${token.clientId}:${token.clientSecret}` };
}
