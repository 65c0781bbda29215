import { UserError } from "../../base/errors";

/**
 * The namespace of the exported tokens. Not the program's own, which refuses keys that it does not know and
 * must never take its own output for its input.
 */
const TOKEN_NAMESPACE = "comfyui-access-tokens";

/**
 * The stack config key of a token: `comfyui-access-tokens:<name>`, whose secret value is the JSON text
 * `{"clientId":"…","clientSecret":"…"}`. One value, so that id and secret always belong together; a program
 * reads it with `new pulumi.Config("comfyui-access-tokens").requireSecretObject("<name>")`.
 * @param token the service token's name in the stack config.
 * @throws {UserError} for a name that cannot be part of a config key.
 */
export function tokenConfigKey(token: string): string {
  if (!/^[A-Za-z0-9_.-]+$/.test(token)) {
    throw new UserError(
      `the service token's name ${JSON.stringify(token)} cannot be part of a config key`,
      "Name the token with letters, digits, dots, dashes and underscores only.",
    );
  }
  return `${TOKEN_NAMESPACE}:${token}`;
}
