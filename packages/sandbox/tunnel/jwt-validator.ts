import { compactVerify, decodeProtectedHeader, importJWK, type JSONWebKeySet, type JWK } from "jose";
import type { RequiredAccess } from "./origin-request";

/** A check of the assertion: let through, or filtered with 403. An assertion that is no proof throws. */
export type JwtValidator = (assertion: string | undefined) => Promise<"passed" | { filtered: string }>;

/** go-oidc forgives a clock that is this far behind, for `nbf` alone. */
const NOT_BEFORE_LEEWAY_S = 5 * 60;

/**
 * The check that cloudflared makes of `Cf-Access-Jwt-Assertion` (ingress/middleware/jwtvalidator.go, with
 * go-oidc): none, or one for another audience, is filtered with 403. A wrong signature, algorithm, issuer or
 * time is an error, which becomes 502. Keys are kept and only fetched again when none of them fits, so that one
 * that the team has withdrawn is accepted until then.
 * @param keys the team's public keys; may reject, which fails the check.
 */
export function createJwtValidator(
  { teamName, audTag }: RequiredAccess,
  keys: (teamName: string) => Promise<JSONWebKeySet>,
  now: () => Date,
): JwtValidator {
  const issuer = `https://${teamName}.cloudflareaccess.com`;
  let kept: JWK[] = [];
  return async (assertion) => {
    if (assertion === undefined || assertion === "") return { filtered: "no access token in request" };
    let claims = await verified(assertion, kept);
    if (claims === undefined) {
      kept = (await keys(teamName)).keys;
      claims = await verified(assertion, kept);
    }
    if (claims === undefined) throw new Error("failed to verify the token's signature");
    checkClaims(claims, issuer, now());
    const audiences = [claims.aud].flat();
    if (audiences.some((audience) => typeof audience === "string" && audTag.includes(audience)))
      return "passed";
    return { filtered: `the token's audience is none of those accepted: ${audiences.join(", ")}` };
  };
}

/** The claims, when one of the keys has signed them; RS256 alone, whatever the header says. */
async function verified(
  assertion: string,
  keys: readonly JWK[],
): Promise<Record<string, unknown> | undefined> {
  const { kid } = decodeProtectedHeader(assertion);
  for (const key of keys.filter((candidate) => !kid || candidate.kid === kid)) {
    try {
      const { payload } = await compactVerify(assertion, await importJWK(key, "RS256"), {
        algorithms: ["RS256"],
      });
      return JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
    } catch {
      // Perhaps another key fits.
    }
  }
  return undefined;
}

function checkClaims(claims: Record<string, unknown>, issuer: string, now: Date): void {
  if (claims.iss !== issuer) throw new Error(`the token was issued by ${claims.iss}, not ${issuer}`);
  const seconds = now.getTime() / 1000;
  if (typeof claims.exp !== "number" || claims.exp < seconds) throw new Error("the token has expired");
  if (typeof claims.nbf === "number" && claims.nbf > seconds + NOT_BEFORE_LEEWAY_S) {
    throw new Error("the token is not valid yet");
  }
}
