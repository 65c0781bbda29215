import { errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { TeamKeys } from "./keys";

/** What a token must be to be taken. */
export interface Expected {
  /** `https://<team>.cloudflareaccess.com` */
  issuer: string;
  /** The application's audience tag, which must be among the token's. */
  audience?: string;
  /** The token's `type`. */
  type: "app" | "org" | "meta";
  now: Date;
}

/** Signs claims with the team's current key. */
export async function sign(keys: TeamKeys, claims: JWTPayload): Promise<string> {
  const { kid, privateKey } = await keys.signing();
  return new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid, typ: "JWT" }).sign(privateKey);
}

/**
 * The claims of a token that the team signed and that is as expected; else why it is not taken, in words that
 * hold nothing of it. Only RS256, and only a key that the team publishes, chosen by `kid`.
 */
export async function verify(
  keys: TeamKeys,
  token: string,
  { issuer, audience, type, now }: Expected,
): Promise<{ claims: JWTPayload } | { fault: string }> {
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = keys.verifying(kid);
        if (key === undefined) throw new errors.JWKSNoMatchingKey();
        return key.publicKey;
      },
      {
        algorithms: ["RS256"],
        issuer,
        ...(audience === undefined ? {} : { audience }),
        currentDate: now,
        requiredClaims: ["exp", "iat"],
      },
    );
    return payload.type === type ? { claims: payload } : { fault: `it is not of type ${type}` };
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

function faultOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "it has expired";
  if (error instanceof errors.JWKSNoMatchingKey) return "it names no key of the team";
  if (error instanceof errors.JWTClaimValidationFailed) return `its claim "${error.claim}" is wrong`;
  if (error instanceof errors.JOSEAlgNotAllowed) return "it is not signed with RS256";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is wrong";
  return "it is not a JWT";
}
