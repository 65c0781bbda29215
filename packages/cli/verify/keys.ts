import { createPublicKey, type JsonWebKey, verify as verifySignature } from "node:crypto";
import { teamOrigin } from "../../access/team-domain";
import type { Requests } from "./requests";

/** A key of a team, as `/cdn-cgi/access/certs` lists it. */
export type TeamKey = JsonWebKey & { kid?: string };

/** What a JWT of Access says of itself, after its signature was checked. */
export interface CheckedJwt {
  /** Why it is not a good one; undefined when it is. */
  fault?: string;
  issuer?: string;
  audiences: string[];
  email?: string;
}

/**
 * The public keys of a team.
 * @returns a sentence about what is wrong instead, when they cannot be had.
 */
export async function teamKeys(teamName: string, requests: Requests): Promise<TeamKey[] | string> {
  const url = `${teamOrigin(teamName)}/cdn-cgi/access/certs`;
  const answer = await requests.ask({ method: "GET", url });
  if (answer.kind !== "response") return "the team's host does not answer";
  if (answer.status !== 200) return `${answer.status} instead of the keys`;
  const keys = jsonOf(answer.body)?.["keys"];
  if (!Array.isArray(keys) || keys.length === 0) return "an answer without keys";
  return keys as TeamKey[];
}

/** Checks a JWT against a team's keys, as the connector and an origin would. */
export function checkJwt(jwt: string, keys: readonly TeamKey[], now: Date): CheckedJwt {
  const [head = "", body = "", signature = ""] = jwt.split(".");
  const header = decoded(head);
  const claims = decoded(body);
  if (header === undefined || claims === undefined) return { fault: "it is no JWT", audiences: [] };
  const aud = claims["aud"];
  const said = {
    issuer: textOf(claims["iss"]),
    audiences: (Array.isArray(aud) ? aud : [aud]).filter((each) => typeof each === "string"),
    email: textOf(claims["email"]),
  };
  const fault = faultOf(header, claims, { head, body, signature }, keys, now);
  return fault === undefined ? said : { ...said, fault };
}

function faultOf(
  header: Record<string, unknown>,
  claims: Record<string, unknown>,
  parts: { head: string; body: string; signature: string },
  keys: readonly TeamKey[],
  now: Date,
): string | undefined {
  if (header["alg"] !== "RS256") return `its algorithm is ${String(header["alg"])}`;
  const key = keys.find(({ kid }) => kid === header["kid"]);
  if (key === undefined) return "its key is not among the team's";
  const signed = verifySignature(
    "sha256",
    Buffer.from(`${parts.head}.${parts.body}`),
    createPublicKey({ key, format: "jwk" }),
    Buffer.from(parts.signature, "base64url"),
  );
  if (!signed) return "its signature is wrong";
  const exp = claims["exp"];
  return typeof exp === "number" && exp * 1000 > now.getTime() ? undefined : "it has expired";
}

function decoded(part: string): Record<string, unknown> | undefined {
  return jsonOf(Buffer.from(part, "base64url").toString());
}

function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
