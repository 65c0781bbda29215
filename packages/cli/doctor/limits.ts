/**
 * How many objects of a kind an account may have, as cloudflare/cloudflare-docs#23425 wrote down; plans differ, and
 * the numbers may have changed.
 */
export const ACCESS_LIMITS = {
  identityProviders: 50,
  serviceTokens: 50,
  /** Reusable policies. */
  policies: 500,
};

/** How long before its end an API token is worth a warning, in days. */
export const WARN_DAYS = 30;
