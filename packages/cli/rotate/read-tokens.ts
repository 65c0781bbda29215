import { SECRET_SIGNATURE } from "../../access/hidden";
import { textOf } from "../../base/json-values";
import { TYPES } from "../../cloudflare/kinds";
import { exportedResources, pendingOperations } from "../../cloudflare/stack-export";
import { type EngineAccess, runEngine } from "../secrets/engine-cli";
import { parseStackOutputs, type StackOutputs } from "../secrets/outputs";
import { fingerprint, type StateFacts } from "./facts";

/** A service token as the state has it. Holds its secret. */
export interface StateToken extends StateFacts {
  urn: string;
  /** The vendor's id. */
  id: string;
  clientId: string;
  /** Undefined when the state never saw it. Secret. */
  clientSecret?: string;
  /** When it was made or imported. */
  createdAt?: string;
}

/** What of a stack's state a rotation looks at. Holds secrets. */
export interface TokensState {
  /** By name in the program. */
  tokens: ReadonlyMap<string, StateToken>;
  /** Undefined when the stack has none, as before its first update. */
  outputs?: StackOutputs;
  /** URNs of the resources whose creation was broken off. */
  pendingCreates: readonly string[];
}

/**
 * Reads a stack's tokens and outputs, with their secrets.
 * @throws {UserError} when the state cannot be read or decrypted.
 */
export async function readTokens(engine: EngineAccess, stack: string): Promise<TokensState> {
  const text = await runEngine(engine, {
    purpose: `read the state of stack ${stack}`,
    args: ["stack", "export", "--show-secrets", "--stack", stack],
  });
  return tokensOf(text, stack);
}

/** The same, of what `pulumi stack export --show-secrets` printed. */
export function tokensOf(text: string, stack: string): TokensState {
  const tokens = new Map<string, StateToken>();
  let outputs: StackOutputs | undefined;
  for (const resource of exportedResources(text, `the state of stack ${stack}`)) {
    const urn = String(resource["urn"]);
    const found = revealed(resource["outputs"]) as Record<string, unknown> | undefined;
    const given = revealed(resource["inputs"]) as Record<string, unknown> | undefined;
    if (resource["type"] === "pulumi:pulumi:Stack" && found !== undefined && "applications" in found) {
      outputs = parseStackOutputs(JSON.stringify(found), stack);
    }
    if (resource["type"] !== TYPES.token) continue;
    const clientSecret = textOf(found?.["clientSecret"]);
    tokens.set(urn.split("::").at(-1) ?? "", {
      urn,
      id: String(resource["id"] ?? ""),
      version: Number(given?.["clientSecretVersion"] ?? 1),
      previousExpiresAt: textOf(given?.["previousClientSecretExpiresAt"]),
      fingerprint: fingerprint(clientSecret),
      clientId: textOf(found?.["clientId"]) ?? "",
      clientSecret,
      expiresAt: textOf(found?.["expiresAt"]),
      createdAt: textOf(resource["created"]),
    });
  }
  const creating = pendingOperations(text).filter(({ type }) => type === "creating");
  return { tokens, outputs, pendingCreates: creating.map(({ urn }) => urn) };
}

/** The value without the engine's marks around secrets. */
function revealed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  if (SECRET_SIGNATURE in value && "plaintext" in value && typeof value.plaintext === "string") {
    return revealed(JSON.parse(value.plaintext));
  }
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, revealed(child)]));
}
