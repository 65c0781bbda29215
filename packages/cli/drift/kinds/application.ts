import { type Fields, fieldsOf, listOf } from "../../../base/json-values";
import { TYPES } from "../../../cloudflare/kinds";
import type { Difference } from "../compare";
import { wireSpelling } from "../spelling";
import { ID, type Kind, TIMES, turnedOff, turnedOn } from "./kind";

const ODD = { serviceAuth401Redirect: "service_auth_401_redirect", l4Protocol: "l4_protocol" };

/**
 * An Access application.
 * @see https://developers.cloudflare.com/api/resources/zero_trust/subresources/access/subresources/applications/
 */
export const application: Kind = {
  subject: "application",
  type: TYPES.application,
  path: (account, { id }) => account.below(`access/apps/${id}`),
  expected: (properties) => {
    const wire = fieldsOf(wireSpelling(properties, ODD));
    return { ...wire, policies: links(wire["policies"]), ...addresses(wire) };
  },
  // A reusable policy is shown whole; what belongs to the application is which ones, and in which order.
  shown: (live) => ({ ...live, policies: links(live["policies"]) }),
  fields: {
    name: {},
    type: {},
    aud: {},
    destinations: {},
    domain: {},
    self_hosted_domains: {},
    policies: {},
    allowed_idps: {},
    session_duration: { default: "24h" },
    auto_redirect_to_identity: {},
    app_launcher_visible: { default: true },
    http_only_cookie_attribute: { default: true },
    same_site_cookie_attribute: {},
    enable_binding_cookie: {},
    path_cookie_attribute: {},
    eager_redirect_cookie_setting: {},
    service_auth_401_redirect: {},
    options_preflight_bypass: {},
    cors_headers: {},
    read_service_tokens_from_header: {},
    allow_authenticate_via_warp: {},
    allow_iframe: {},
    skip_interstitial: {},
    skip_app_launcher_login_page: {},
    use_clientless_isolation_app_launcher_url: {},
    mfa_config: {},
    oauth_configuration: {},
    scim_config: {},
    custom_deny_message: {},
    custom_deny_url: {},
    custom_non_identity_deny_url: {},
    custom_pages: {},
    logo_url: {},
    app_launcher_logo_url: {},
    bg_color: {},
    header_bg_color: {},
    footer_links: {},
    landing_page_design: {},
    tags: {},
  },
  notAlwaysShown: ["self_hosted_domains"],
  bookkeeping: { id: ID, uid: ID, created_at: TIMES, updated_at: TIMES },
  writtenAt: "updated_at",
  opens,
};

/** The names that follow from the destinations: the API moves all three together. */
function addresses(wire: Fields): Fields {
  const uris = listOf(wire["destinations"]).flatMap((place) => {
    const { type = "public", uri } = fieldsOf(place);
    return type === "public" && typeof uri === "string" ? [uri] : [];
  });
  return {
    domain: wire["domain"] ?? uris[0],
    self_hosted_domains: wire["self_hosted_domains"] ?? uris,
  };
}

function links(policies: unknown): unknown[] {
  return listOf(policies).map((policy, index) => {
    const { id, precedence = index + 1 } = fieldsOf(policy);
    return { id, precedence };
  });
}

const SAME_SITE = ["", "none", "lax", "strict"];

function opens(difference: Difference): string | undefined {
  const { field, before, after } = difference;
  switch (field) {
    case "allow_authenticate_via_warp":
      return turnedOn(difference) ? "a device's WARP session passes for a login" : undefined;
    case "allow_iframe":
      return turnedOn(difference) ? "pages of other sites may frame it" : undefined;
    case "http_only_cookie_attribute":
      return turnedOff(difference) ? "scripts in its pages can read the session cookie" : undefined;
    case "enable_binding_cookie":
      return turnedOff(difference) ? "a stolen session cookie works in another browser" : undefined;
    case "same_site_cookie_attribute":
      return SAME_SITE.indexOf(String(after ?? "")) < SAME_SITE.indexOf(String(before ?? ""))
        ? "requests from other sites carry the session cookie"
        : undefined;
    case "cors_headers.allow_credentials":
      return turnedOn(difference) ? "pages of other origins call it in a visitor's name" : undefined;
    case "mfa_config.mfa_disabled":
      return turnedOn(difference) ? "no second factor is asked for" : undefined;
    default:
      return field.startsWith("oauth_configuration") && after !== undefined
        ? "other programs may get tokens for it by OAuth"
        : undefined;
  }
}
