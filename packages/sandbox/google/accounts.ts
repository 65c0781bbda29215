import { createHash } from "node:crypto";

/** A person's account at the sandbox's Google. */
export interface GoogleAccount {
  email: string;
  name: string;
  /** What the login page wants to be told: no real password belongs here. */
  password: string;
  /** Default: true, as for every address that Google hosts or has confirmed. */
  emailVerified?: boolean;
  /** The Workspace domain that the account belongs to; default: none, a consumer account. */
  hostedDomain?: string;
}

/** An OAuth client of type "Web application", as its owner made it in Google's console. */
export interface OAuthClient {
  clientId: string;
  clientSecret: string;
  /** Compared letter by letter, as Google does. */
  redirectUris: string[];
}

/** One person of the stack's allow list, and one who is on no list. */
export const DEFAULT_ACCOUNTS: readonly GoogleAccount[] = [
  { email: "artist@datacrew.space", name: "Ada Artist", password: "sandbox" },
  { email: "stranger@example.org", name: "Sam Stranger", password: "sandbox" },
];

/** The client whose id and secret the sandboxed stack is configured with. */
export const DEFAULT_CLIENTS: readonly OAuthClient[] = [
  {
    clientId: "sandbox.apps.googleusercontent.com",
    clientSecret: "sandbox-google-client-secret",
    redirectUris: ["https://datacrew.cloudflareaccess.com/cdn-cgi/access/callback"],
  },
];

/**
 * The account's `sub`: a string of 21 digits that stays the same for as long as the address does.
 * @see https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
 */
export function subjectOf(account: GoogleAccount): string {
  const digest = createHash("sha256").update(account.email.toLowerCase()).digest("hex");
  return `1${(BigInt(`0x${digest}`) % 10n ** 20n).toString().padStart(20, "0")}`;
}

/** What Google tells of the account, to a client that asks for `openid email profile`. */
export function claimsOf(
  account: GoogleAccount,
  clientId: string,
): { sub: string; [claim: string]: unknown } {
  const [given, ...family] = account.name.split(" ");
  return {
    sub: subjectOf(account),
    azp: clientId,
    ...(account.hostedDomain === undefined ? {} : { hd: account.hostedDomain }),
    email: account.email,
    email_verified: account.emailVerified ?? true,
    name: account.name,
    given_name: given,
    ...(family.length === 0 ? {} : { family_name: family.join(" ") }),
  };
}
