import * as pulumi from "@pulumi/pulumi";
import { CLIENT_SECRET_PATH, parseConfig, type StackConfig, settingsOf } from "../config/stack-config";

/**
 * Reads the config of the running stack.
 * @throws ConfigError with every problem found
 */
export function loadConfig(): StackConfig<pulumi.Output<string>> {
  // Exported by the SDK at run time, but missing in its type declarations.
  const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };
  const entries = Object.entries(pulumi.runtime.allConfig()).map(
    ([key, value]) => [key, { value, secret: isConfigSecret(key) }] as const,
  );
  const { raw, secretKeys } = settingsOf(entries, pulumi.getProject());
  const config = parseConfig(raw, { stack: pulumi.getStack(), secretKeys });
  if (config.google.clientSecret === undefined) return { ...config, google: config.google };
  const stack = new pulumi.Config();
  const clientSecret =
    stack.getSecret(CLIENT_SECRET_PATH) ??
    stack.requireSecretObject<{ clientSecret: string }>("google").apply((google) => google.clientSecret);
  return { ...config, google: { clientId: config.google.clientId, clientSecret } };
}
