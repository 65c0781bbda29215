/**
 * Settings of the Zero Trust organization that bear on who gets in. No stack declares them, so nothing says how
 * they were: they are shown as they are.
 * @see https://developers.cloudflare.com/api/resources/zero_trust/subresources/organizations/
 */
export const ORGANIZATION_SETTINGS = [
  "strict_service_token_auth",
  "session_duration",
  "allow_authenticate_via_warp",
  "mfa_required_for_all_apps",
  "mfa_config",
  "deny_unmatched_requests",
  "service_token_inactivity",
] as const;

/** The one setting that the stack's config tells. */
export const AUTH_DOMAIN = "auth_domain";
