import { describe, expect, test } from "vitest";
import { kindOf } from "../../packages/cli/drift/kinds";
import { TYPES } from "../../packages/cloudflare/kinds";

const opens = (type: string, field: string, before: unknown, after: unknown) =>
  kindOf(type)?.opens({ field, path: field.split("."), before, after });

describe("what a change opens is what the table of kinds says of its field", () => {
  test.each<[type: string, field: string, before: unknown, after: unknown, opens: RegExp]>([
    [TYPES.application, "allow_authenticate_via_warp", undefined, true, /WARP/],
    [TYPES.application, "allow_iframe", false, true, /frame/],
    [TYPES.application, "http_only_cookie_attribute", true, false, /read the session cookie/],
    [TYPES.application, "enable_binding_cookie", true, undefined, /stolen/],
    [TYPES.application, "same_site_cookie_attribute", "lax", "none", /requests from other sites/],
    [TYPES.application, "cors_headers.allow_credentials", undefined, true, /visitor's name/],
    [TYPES.application, "mfa_config.mfa_disabled", undefined, true, /no second factor/],
    [TYPES.application, "oauth_configuration.grant.session_duration", undefined, "1h", /OAuth/],
    [TYPES.policy, "approval_required", true, undefined, /approve/],
    [TYPES.policy, "purpose_justification_required", true, undefined, /no reason/],
    [TYPES.policy, "isolation_required", true, undefined, /isolated/],
    [TYPES.policy, "mfa_config.mfa_disabled", false, true, /no second factor/],
    [TYPES.identityProvider, "type", "google", "oidc", /vouches/],
    [TYPES.identityProvider, "config.client_id", "a", "b", /vouches/],
    [TYPES.identityProvider, "config.centrify_app_id", "a", undefined, /vouches/],
    [TYPES.identityProvider, "config.pkce_enabled", true, undefined, /intercepted/],
    [TYPES.token, "enabled", false, true, /pass again/],
    [TYPES.token, "client_secret_version", 1, 2, /whoever rotated/],
    [TYPES.token, "expires_at", "2027-01-01T00:00:00Z", undefined, /for longer/],
    [TYPES.token, "previous_client_secret_expires_at", undefined, "2027-01-01T00:00:00Z", /earlier secret/],
    [TYPES.tunnel, "config_src", "cloudflare", "local", /beside cloudflared/],
    [TYPES.dnsRecord, "data.target", undefined, "x", /somewhere else/],
    [TYPES.dnsRecord, "content", "a", "b", /somewhere else/],
    [TYPES.ownIngress, "ingress.a.originRequest.access.teamName", "a", "b", /another team/],
    [TYPES.sharedIngress, "ingress.a.originRequest.access.audTag", ["a"], ["b"], /another application/],
  ])("%s %s: %j → %j", (type, field, before, after, told) => {
    expect(opens(type, field, before, after)).toMatch(told);
  });

  test.each<[type: string, field: string, before: unknown, after: unknown]>([
    [TYPES.application, "allow_iframe", true, false],
    [TYPES.application, "same_site_cookie_attribute", "lax", "strict"],
    [TYPES.application, "mfa_config.required_aal", undefined, true],
    [TYPES.application, "oauth_configuration", {}, undefined],
    [TYPES.policy, "approval_required", false, true],
    [TYPES.identityProvider, "config.redirect_url", "a", "b"],
    [TYPES.token, "expires_at", "2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z"],
    [TYPES.tunnel, "config_src", "local", "cloudflare"],
    [TYPES.dnsRecord, "ttl", 1, 60],
    [TYPES.ownIngress, "ingress.*.service", "http_status:404", "http_status:503"],
  ])("%s %s: %j → %j opens nothing", (type, field, before, after) => {
    expect(opens(type, field, before, after)).toBeUndefined();
  });
});
