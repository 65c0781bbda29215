import { UserError } from "../../base/errors";
import type { StackOutputs } from "./outputs";
import type { SecretValues } from "./sink";
import { tokenConfigKey } from "./token-config-key";

const DEFAULT_APPLICATION = "comfyui";
const DEFAULT_TOKEN = "comfyui-api";

const DAY = 24 * 60 * 60 * 1000;

/** How long before its end a token is worth a warning, in days. */
const WARN_DAYS = 30;

export interface ApplicationAccess {
  name: string;
  url: string;
  /** Set for one that is not ComfyUI. */
  kind?: "web";
}

export interface TokenAccess {
  name: string;
  clientId: string;
  clientSecret: string;
  /** ISO date and time, when the token expires at all. */
  expiresAt?: string;
}

/**
 * The application that the credentials are for: the one asked for, else `comfyui`, else the only one.
 * @throws {UserError} listing the names when the choice is not clear.
 */
export function selectApplication(outputs: StackOutputs, wanted?: string): ApplicationAccess {
  const name = selectName(Object.keys(outputs.applications), wanted, DEFAULT_APPLICATION, "application");
  const application = name === undefined ? undefined : outputs.applications[name];
  if (name === undefined || application === undefined) {
    throw new UserError(
      "the stack has no application",
      "Declare one under `applications` in the stack config and run `pulumi up`.",
    );
  }
  return { name, ...application };
}

/**
 * The service token to hand out: the one asked for, else `comfyui-api`, else the only one; `undefined` when the
 * stack has none.
 * @throws {UserError} listing the names when the choice is not clear, or when the token's secret is not in the
 *   state, which only a rotation changes.
 */
export function selectToken(outputs: StackOutputs, wanted?: string): TokenAccess | undefined {
  const name = selectName(Object.keys(outputs.serviceTokens), wanted, DEFAULT_TOKEN, "token");
  const token = name === undefined ? undefined : outputs.serviceTokens[name];
  if (name === undefined || token === undefined) return undefined;
  if (token.clientSecret === null || token.clientSecret === undefined) {
    throw new UserError(
      `the secret of service token ${name} is not known to the stack: Cloudflare shows it only when the token is made or rotated, so an imported token has none`,
      `Make a new secret: npm run rotate -- --token ${name}`,
    );
  }
  return {
    name,
    clientId: token.clientId,
    clientSecret: token.clientSecret,
    expiresAt: token.expiresAt || undefined,
  };
}

/**
 * The `.env` lines that reach the application with the token. Those of a web app are called after it, so that one file
 * may hold several; ComfyUI's have the names that its clients read.
 */
export function envValues(
  outputs: StackOutputs,
  application: ApplicationAccess,
  token: TokenAccess | undefined,
): SecretValues {
  const keys = envKeys(application);
  const values: Record<string, string> = { [keys.url]: application.url };
  if (token !== undefined) {
    values[keys.token] = `${token.clientId}:${token.clientSecret}`;
    if (application.kind === undefined) {
      values.CF_ACCESS_CLIENT_ID = token.clientId;
      values.CF_ACCESS_CLIENT_SECRET = token.clientSecret;
    }
  }
  if (outputs.tunnel?.token) values.TUNNEL_TOKEN = outputs.tunnel.token;
  return values;
}

/** Names of an application's `.env` lines, e.g. `GRAFANA_URL`. */
function envKeys({ name, kind }: ApplicationAccess): { url: string; token: string } {
  // An underscore before a digit: no reader takes a name that begins with one.
  const own = name
    .toUpperCase()
    .replaceAll("-", "_")
    .replace(/^(?=\d)/, "_");
  const prefix = kind === "web" ? own : "COMFYUI";
  return { url: `${prefix}_URL`, token: `${prefix}_ACCESS_TOKEN` };
}

/** The stack config entry that holds the token. */
export function configValues(token: TokenAccess): SecretValues {
  const { clientId, clientSecret } = token;
  return { [tokenConfigKey(token.name)]: JSON.stringify({ clientId, clientSecret }) };
}

/**
 * A sentence about a token that has expired or will within 30 days, with what to do; `undefined` when all is well.
 * @param now the time to judge by.
 */
export function expiryWarning(token: TokenAccess, now: Date): string | undefined {
  const found = expiryOf(token, now);
  if (found === undefined || Number.isNaN(Date.parse(token.expiresAt ?? ""))) return found;
  return `${found}: npm run rotate -- --token ${token.name}`;
}

/** That a token has expired, will within 30 days, or has no readable end; `undefined` when all is well. */
export function expiryOf(token: Pick<TokenAccess, "name" | "expiresAt">, now: Date): string | undefined {
  if (token.expiresAt === undefined) return undefined;
  const end = Date.parse(token.expiresAt);
  if (Number.isNaN(end)) return `the expiry of service token ${token.name} is not a date`;
  const days = Math.floor((end - now.getTime()) / DAY);
  if (days >= WARN_DAYS) return undefined;
  const date = new Date(end).toISOString().slice(0, "YYYY-MM-DD".length);
  const state = end <= now.getTime() ? `expired on ${date}` : `expires on ${date}, in ${days} days`;
  return `service token ${token.name} ${state}`;
}

function selectName(
  names: readonly string[],
  wanted: string | undefined,
  preferred: string,
  kind: "application" | "token",
): string | undefined {
  const list = names.join(", ") || "none";
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted;
    throw new UserError(
      `the stack has no ${kind} called ${JSON.stringify(wanted)}; it has: ${list}`,
      `Give one of these names with --${kind}.`,
    );
  }
  if (names.includes(preferred)) return preferred;
  if (names.length > 1) {
    throw new UserError(
      `the stack has several ${kind}s: ${list}`,
      `Say which one with --${kind}, e.g. \`--${kind} ${names[0]}\`.`,
    );
  }
  return names[0];
}
