import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { standInName } from "../../../config/stand-in";
import type { TokenCredentials } from "../../../packages/cli/verify/probe-token";
import type { GcpSecret } from "../../../packages/sandbox/account/entities";

/** What the engine has written of a stack. */
export interface Checkpoint {
  resources?: StateResource[];
  pending_operations?: { type: string; resource: { urn: string } }[];
  secrets_providers?: { state: { salt: string } };
}

/** A resource as it stands there. */
interface StateResource extends Record<string, unknown> {
  urn: string;
  type: string;
  id?: string;
  delete?: boolean;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** Where the backend keeps the stack `dev` of a workspace. */
export function checkpointFile(dir: string): string {
  return join(dir, "state/.pulumi/stacks/comfyui-access/dev.json");
}

/** The state of the stack `dev` in a workspace, straight from the backend's file; empty when there is none. */
export function readCheckpoint(dir: string): Checkpoint {
  try {
    const text = readFileSync(checkpointFile(dir), "utf8");
    return (JSON.parse(text) as { checkpoint: { latest?: Checkpoint } }).checkpoint.latest ?? {};
  } catch (error) {
    // Not there, or just being written.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

/** What is known of a service token and of its stand-in by the state. */
export function credentialsInState(
  { resources = [], secrets_providers }: Checkpoint,
  token: string,
): TokenCredentials[] {
  return resources.flatMap(({ urn, outputs, delete: goes }) => {
    const name = urn.split("::").at(-1) ?? "";
    const { clientId, clientSecret } = outputs ?? {};
    if (![token, standInName(token)].includes(name) || typeof clientId !== "string" || goes) return [];
    // An import brings no secret.
    const { ciphertext } = (clientSecret ?? {}) as { ciphertext?: string };
    if (ciphertext === undefined) return [];
    const salt = secrets_providers?.state.salt ?? "";
    return [{ clientId, clientSecret: JSON.parse(decrypt(ciphertext, keyOf(salt))) as string }];
  });
}

/** Secrets in Secret Manager whose latest version is not what the state has. */
export function staleSecrets(
  stored: readonly GcpSecret[],
  { resources = [], secrets_providers }: Checkpoint,
): string[] {
  const key = () => keyOf(secrets_providers?.state.salt ?? "");
  return resources.flatMap(({ type, outputs = {}, delete: goes }) => {
    if (type !== "gcp:secretmanager/secretVersion:SecretVersion" || goes) return [];
    const { ciphertext } = (outputs["secretData"] ?? {}) as { ciphertext?: string };
    const secret = stored.find(({ id }) => id === outputs["secret"]);
    const latest = secret?.versions.filter(({ state }) => state === "ENABLED").at(-1);
    const expected =
      ciphertext === undefined ? undefined : (JSON.parse(decrypt(ciphertext, key())) as string);
    const holds = latest !== undefined && Buffer.from(latest.data, "base64").toString("utf8") === expected;
    return holds ? [] : [`the latest version of ${String(outputs["secret"])} is not what the state has`];
  });
}

/** What a .env file holds of a service token. */
export function credentialsInSink(file: string): TokenCredentials[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  const { CF_ACCESS_CLIENT_ID: clientId, CF_ACCESS_CLIENT_SECRET: clientSecret } = parseEnv(text);
  return clientId && clientSecret ? [{ clientId, clientSecret }] : [];
}

const keys = new Map<string, Buffer>();

function keyOf(salt: string): Buffer {
  const known = keys.get(salt);
  if (known !== undefined) return known;
  const [, bytes = ""] = salt.split(":");
  // As the engine derives it (pulumi/pulumi sdk/go/common/resource/config/crypt.go).
  const key = pbkdf2Sync("sandbox", Buffer.from(bytes, "base64"), 1_000_000, 32, "sha256");
  keys.set(salt, key);
  return key;
}

function decrypt(ciphertext: string, key: Buffer): string {
  const [, nonce = "", sealed = ""] = ciphertext.split(":");
  const bytes = Buffer.from(sealed, "base64");
  const cipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
  cipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([cipher.update(bytes.subarray(0, -16)), cipher.final()]).toString("utf8");
}
