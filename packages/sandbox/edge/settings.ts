/** Choices of the emulated network. What no source tells is a setting, as are limits that depend on the plan. */
export interface EdgeSettings {
  /** Largest request body, in bytes; 413 above it. Default: 100 MiB, as on the Free and Pro plans. */
  maxBodyBytes: number;
  /** How long an origin may take until its answer begins, in milliseconds; 524 after it. Default: 120 s. */
  readTimeoutMs: number;
  /** How long a revoked token still works, in milliseconds. Default: 25 s, between the documented 20 and 30. */
  revocationDelayMs: number;
  /** Age at which a signing key is replaced, in milliseconds. Default: six weeks. */
  keyRotationMs: number;
  /** How long a replaced signing key still verifies, in milliseconds. Default: seven days. */
  retiredKeyMs: number;
  /** Form of `aud` in a service token's JWT; both have been seen. Default: `string`. */
  serviceTokenAud: "string" | "array";
  /** Whether the origin also gets `Cf-Access-Authenticated-User-Email`, of which no vendor page tells. Default: true. */
  userEmailHeader: boolean;
  /**
   * By which rules a person's session is judged on later requests: those of its login, so that only a revocation
   * ends it, or today's. Default: `as-at-login`.
   */
  sessionRules: "as-at-login" | "current";
  /**
   * Whether Google is told to let people choose an account even when they are signed in there with one. Default:
   * true; otherwise who was refused, or logged out, comes back as the same person.
   */
  chooseGoogleAccount: boolean;
  /** Whether strict organizations accept a service token's JWT in place of the token. Default: `refuse`. */
  strictServiceJwt: "refuse" | "accept";
  /** Where requests come from, for rules on it. Default: an address for documentation, in the Netherlands. */
  clientIp: string;
  /** ISO 3166 code of {@link clientIp}'s country. */
  clientCountry: string;
}

const SECOND = 1000;
const DAY = 86_400 * SECOND;

export const DEFAULT_EDGE_SETTINGS: Readonly<EdgeSettings> = {
  maxBodyBytes: 100 * 1024 * 1024,
  readTimeoutMs: 120 * SECOND,
  revocationDelayMs: 25 * SECOND,
  keyRotationMs: 42 * DAY,
  retiredKeyMs: 7 * DAY,
  serviceTokenAud: "string",
  userEmailHeader: true,
  sessionRules: "as-at-login",
  chooseGoogleAccount: true,
  strictServiceJwt: "refuse",
  clientIp: "203.0.113.7",
  clientCountry: "NL",
};
