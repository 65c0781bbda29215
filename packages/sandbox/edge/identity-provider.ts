import { createHash, randomBytes } from "node:crypto";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { type Dispatcher, request as send } from "undici";
import type { IdentityProvider } from "../account/entities";
import { GOOGLE_ENDPOINTS, GOOGLE_ISSUER } from "../google";
import type { EdgeSettings } from "./settings";

/** What one login attempt needs, from leaving to coming back. */
interface Attempt {
  provider: IdentityProvider;
  redirectUri: string;
  state: string;
  nonce: string;
  codeVerifier?: string;
}

/** Why an identity provider did not say who somebody is; holds no secret. */
export class LoginFailed extends Error {
  override readonly name = "LoginFailed";
}

/** The identity providers with which one can log in: in the sandbox, those of Google's two types. */
export interface IdentityProviders {
  supports(provider: IdentityProvider): boolean;
  /** Where to send the browser. */
  address(attempt: Attempt): string;
  /**
   * Turns the code that came back into a person's address.
   * @throws LoginFailed
   */
  emailOf(attempt: Attempt, code: string): Promise<string>;
}

/** A fresh PKCE verifier (RFC 7636). */
export const newCodeVerifier = (): string => randomBytes(32).toString("base64url");

/**
 * Google over OpenID Connect's code flow, at its real addresses.
 * @param network the edge's own, on which Google's stand-in is served.
 */
export function googleLogin(
  network: Dispatcher,
  settings: Pick<EdgeSettings, "chooseGoogleAccount">,
): IdentityProviders {
  return {
    supports: ({ type }) => type === "google" || type === "google-apps",
    address(attempt) {
      const { provider, redirectUri, state, nonce, codeVerifier } = attempt;
      const address = new URL(GOOGLE_ENDPOINTS.authorization_endpoint);
      const query: Record<string, string> = {
        client_id: String(provider.config.client_id),
        redirect_uri: redirectUri,
        response_type: "code",
        scope: "openid email profile",
        state,
        nonce,
        ...(settings.chooseGoogleAccount ? { prompt: "select_account" } : {}),
        ...(codeVerifier === undefined
          ? {}
          : { code_challenge: challengeOf(codeVerifier), code_challenge_method: "S256" }),
        ...(typeof provider.config.apps_domain === "string" ? { hd: provider.config.apps_domain } : {}),
      };
      for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
      return address.href;
    },
    async emailOf(attempt, code) {
      const idToken = await exchange(network, attempt, code);
      return emailIn(network, attempt, idToken);
    },
  };
}

const challengeOf = (verifier: string): string => createHash("sha256").update(verifier).digest("base64url");

async function exchange(
  network: Dispatcher,
  { provider, redirectUri, codeVerifier }: Attempt,
  code: string,
): Promise<string> {
  const form = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    client_id: String(provider.config.client_id),
    client_secret: String(provider.config.client_secret),
    redirect_uri: redirectUri,
    ...(codeVerifier === undefined ? {} : { code_verifier: codeVerifier }),
  });
  const { statusCode, body } = await send(GOOGLE_ENDPOINTS.token_endpoint, {
    dispatcher: network,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: form.toString(),
  });
  const answer = (await body.json().catch(() => ({}))) as { id_token?: unknown; error?: unknown };
  if (statusCode !== 200 || typeof answer.id_token !== "string") {
    throw new LoginFailed(`Google refused the code: ${String(answer.error ?? statusCode)}`);
  }
  return answer.id_token;
}

async function emailIn(network: Dispatcher, { provider, nonce }: Attempt, idToken: string): Promise<string> {
  const { body } = await send(GOOGLE_ENDPOINTS.jwks_uri, { dispatcher: network });
  const keys = createLocalJWKSet((await body.json()) as JSONWebKeySet);
  const { payload } = await jwtVerify(idToken, keys, {
    issuer: GOOGLE_ISSUER,
    audience: String(provider.config.client_id),
    algorithms: ["RS256"],
    requiredClaims: ["exp", "iat", "nonce"],
  }).catch((error: Error) => {
    throw new LoginFailed(`Google's ID token is not valid: ${error.message}`);
  });
  if (payload.nonce !== nonce) throw new LoginFailed("Google's ID token is of another login");
  const { apps_domain: domain } = provider.config;
  // The address of the login page asks for the domain; only the token proves it.
  if (domain !== undefined && payload.hd !== domain) {
    throw new LoginFailed(`the Google account does not belong to ${String(domain)}`);
  }
  const email = payload[String(provider.config.email_claim_name ?? "email")];
  if (typeof email !== "string" || email === "")
    throw new LoginFailed("Google's ID token names no e-mail address");
  if (payload.email_verified !== true) throw new LoginFailed("Google has not verified the e-mail address");
  return email;
}
