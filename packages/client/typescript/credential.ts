import { COPY_AGAIN, flawOf } from "./credential-form";
import { ComfyUIError } from "./errors";

/** A credential for Cloudflare Access, as it is sent. */
export interface Credential {
  form: "service token" | "single header" | "JWT";
  headers: Readonly<Record<string, string>>;
  /** When a JWT ends. */
  expiresAt?: Date;
}

/** Milliseconds from 1970 to the last time that a Date can be. */
const FURTHEST_MS = 8.64e15;
const jwt = /^[\w-]+\.([\w-]+)\.[\w-]+$/;

/**
 * Reads `COMFYUI_ACCESS_TOKEN`, whose form says how it is sent:
 * - `<client id>.access:<client secret>`: the headers `CF-Access-Client-Id` and `CF-Access-Client-Secret`;
 * - a JSON object `{"cf-access-client-id", "cf-access-client-secret"}`: one header, for applications with
 *   `read_service_tokens_from_header` (`singleHeaderName`);
 * - a JWT as `cloudflared access token` prints it: `cf-access-token`.
 *
 * https://developers.cloudflare.com/cloudflare-one/access-controls/service-credentials/service-tokens/
 */
export function parseToken(text: string, singleHeaderName: string): Credential {
  const token = text.trim();
  if (token.startsWith("{")) return singleHeader(token, singleHeaderName);
  mustHaveNoFlaw(token);
  const pair = /^([^:]+\.access):(.+)$/s.exec(token);
  if (pair !== null) {
    const [, id = "", secret = ""] = pair;
    mustHaveNoFlaw(id, "client id");
    mustHaveNoFlaw(secret, "client secret");
    return {
      form: "service token",
      headers: { "cf-access-client-id": id, "cf-access-client-secret": secret },
    };
  }
  const payload = jwt.exec(token)?.[1];
  // No number of bytes is written with one letter more than four fit into.
  if (payload === undefined || payload.length % 4 === 1) throw badToken();
  return { form: "JWT", headers: { "cf-access-token": token }, expiresAt: expiryOf(payload) };
}

/** The text without any part of the credential, whoever put it there: in any case of its letters, and in a URL. */
export function redact(text: string, credential: Credential | undefined): string {
  return credential === undefined ? text : text.replace(patternOf(credential), "[redacted]");
}

/** What must show up nowhere, the longest first. */
export function secretsOf({ form, headers }: Credential): string[] {
  const values = Object.values(headers);
  const parts = form === "single header" ? [...values, ...values.flatMap(quotedIn)] : values;
  return [...new Set([...parts, ...parts.map(encodeURIComponent)])].sort((a, b) => b.length - a.length);
}

const patterns = new WeakMap<Credential, RegExp>();

function patternOf(credential: Credential): RegExp {
  const known = patterns.get(credential);
  if (known !== undefined) return known;
  // A host name in a redirect, for one, comes in small letters.
  const escaped = secretsOf(credential).map((secret) => secret.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  const made = new RegExp(escaped.join("|"), "gi");
  patterns.set(credential, made);
  return made;
}

/** Throws when the credential is known to have ended. */
export function mustBeCurrent(credential: Credential): void {
  if (credential.expiresAt === undefined || credential.expiresAt.getTime() > Date.now()) return;
  throw new ComfyUIError(
    "access",
    "token_expired",
    `the JWT in COMFYUI_ACCESS_TOKEN expired at ${credential.expiresAt.toISOString()}: ` +
      "get a new one with `cloudflared access token`, or use a service token",
  );
}

function singleHeader(token: string, name: string): Credential {
  const { "cf-access-client-id": id, "cf-access-client-secret": secret } = objectIn(token);
  if (typeof id !== "string" || typeof secret !== "string" || id === "" || secret === "") throw badToken();
  mustHaveNoFlaw(id, "client id");
  mustHaveNoFlaw(secret, "client secret");
  const value = JSON.stringify({ "cf-access-client-id": id, "cf-access-client-secret": secret });
  return { form: "single header", headers: { [name.toLowerCase()]: value } };
}

function quotedIn(value: string): string[] {
  return Object.values(objectIn(value)).filter((part): part is string => typeof part === "string");
}

function expiryOf(payload: string): Date | undefined {
  const claims = objectIn(textIn(payload));
  if (Object.keys(claims).length === 0) throw badToken();
  const { exp } = claims;
  // What is further away than a Date can say ends the same: long ago, or never.
  return typeof exp === "number"
    ? new Date(Math.max(-FURTHEST_MS, Math.min(FURTHEST_MS, exp * 1000)))
    : undefined;
}

function textIn(payload: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(payload, "base64url"));
  } catch {
    throw badToken();
  }
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Said once, below: the parser's own words would quote the token.
  }
  throw badToken();
}

/** Throws when a text, or a part of it, can be no credential: it would be refused later, as if it were wrong or expired. */
function mustHaveNoFlaw(text: string, part?: string): void {
  const flaw = flawOf(text);
  if (flaw === undefined) return;
  const what = part === undefined ? "COMFYUI_ACCESS_TOKEN" : `the ${part} in COMFYUI_ACCESS_TOKEN`;
  throw new ComfyUIError("usage", "bad_token", `${what} ${flaw}, as no credential does. ${COPY_AGAIN}`);
}

function badToken(): ComfyUIError {
  return new ComfyUIError(
    "usage",
    "bad_token",
    "COMFYUI_ACCESS_TOKEN has none of the known forms: <client id>.access:<client secret>, " +
      'a JSON object {"cf-access-client-id": …, "cf-access-client-secret": …}, or a JWT of `cloudflared access token`',
  );
}
