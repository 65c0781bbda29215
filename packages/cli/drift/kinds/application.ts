import { type Fields, fieldsOf, listOf } from "../../../base/json-values";
import { KINDS } from "../../../cloudflare/kinds";
import type { Difference } from "../compare";
import { compared, turnedOff, turnedOn } from "./kind";

/** An Access application. */
export const application = compared(KINDS.application, {
  subject: "application",
  expected: (wire) => ({ ...wire, policies: links(wire["policies"]), ...addresses(wire) }),
  // A reusable policy is shown whole; what belongs to the application is which ones, and in which order.
  shown: (live) => ({ ...live, policies: links(live["policies"]) }),
  opens,
});

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
  const { field, path, before, after } = difference;
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
      return path[0] === "oauth_configuration" && after !== undefined
        ? "other programs may get tokens for it by OAuth"
        : undefined;
  }
}
