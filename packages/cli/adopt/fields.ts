import type { Resource } from "../../../components/declaration";
import { type Fields, isFields } from "../../base/json-values";
import type { Wire } from "../../cloudflare/account-api";
import { SECRET } from "./declared";
import type { FieldChange, Kind } from "./types";
import { alike, inner, isEmpty, objects } from "./wire";

/**
 * What an update writes as a whole: a field of these that the program does not declare goes back to its default.
 * Others are the server's to decide, or the provider does not know them and leaves them out.
 */
const WRITTEN: Partial<Record<Kind, readonly string[]>> = {
  application: [
    ...["allow_authenticate_via_warp", "allow_iframe", "allowed_idps", "app_launcher_visible"],
    ...["auto_redirect_to_identity", "cors_headers", "custom_deny_message", "custom_deny_url"],
    ...["custom_non_identity_deny_url", "custom_pages", "destinations", "enable_binding_cookie"],
    ...["http_only_cookie_attribute", "logo_url", "mfa_config", "name", "options_preflight_bypass"],
    ...["path_cookie_attribute", "policies", "read_service_tokens_from_header", "same_site_cookie_attribute"],
    ...["service_auth_401_redirect", "session_duration", "skip_interstitial", "tags", "type"],
  ],
  policy: [
    ...["approval_groups", "approval_required", "connection_rules", "decision", "exclude", "include"],
    ...["isolation_required", "mfa_config", "name", "purpose_justification_prompt"],
    ...["purpose_justification_required", "require", "session_duration"],
  ],
  "identity provider": ["config", "name", "type"],
  "service token": ["client_secret_version", "duration", "name", "previous_client_secret_expires_at"],
  "DNS record": ["comment", "content", "data", "name", "priority", "proxied", "tags", "ttl", "type"],
  alert: ["alert_interval", "alert_type", "description", "enabled", "filters", "mechanisms", "name"],
};

/** Part of the path or of the provider's own making, so never a field of the object. */
const NOT_FIELDS = new Set(["accountId", "zoneId"]);

/** The program's names where they are more than another spelling of the API's. */
const PLURALS: Readonly<Record<string, string>> = {
  includes: "include",
  requires: "require",
  excludes: "exclude",
  emails: "email",
};
const SINGULARS = Object.fromEntries(Object.entries(PLURALS).map(([plural, singular]) => [singular, plural]));

/**
 * What the next `up` changes of an object: the value that the API shows, and the one that it is going to be.
 * @param inputs those of the state, where it has the object already.
 */
export function changesOf(kind: Kind, wire: Wire, resource: Resource, inputs?: Fields): FieldChange[] {
  const declared = toWire(resource.properties);
  const now = kind === "application" ? withReferences(wire) : wire;
  return (WRITTEN[kind] ?? []).flatMap((field) => {
    const given = declared[field];
    const property = propertyOf(field);
    if (kind === "identity provider" && field === "config")
      return configChanges(inner(now, field), inner(declared, field));
    if (kind === "service token" && NOTED.has(field)) return notedChanges(field, resource.properties, inputs);
    if (alike(now[field], given)) return [];
    const change = { field, property, now: absent(now[field]), next: absent(given) };
    return field === "destinations" ? [change, ...domainChange(now, declared)] : [change];
  });
}

/** The first of an application's names follows from its destinations, and is shown beside them. */
function domainChange({ domain: now }: Wire, declared: Wire): FieldChange[] {
  const [first] = objects(declared, "destinations");
  const next = first?.["uri"];
  return isEmpty(now) || now === next ? [] : [{ field: "domain", property: "domain", now, next }];
}

/** A rule is written as a whole, with all that it holds. */
export function ruleChanges(now: Wire, next: Wire): FieldChange[] {
  const differing = (one: Wire, other: Wire, prefix: string): FieldChange[] =>
    [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((name) => {
      if (alike(one[name], other[name])) return [];
      if (name === "originRequest") return differing(inner(one, name), inner(other, name), "originRequest.");
      return [{ field: `${prefix}${name}`, property: "rules", now: one[name], next: other[name] }];
    });
  return differing(now, next, "");
}

/** The API never shows the secret: whatever it is, the next `up` writes the config's. */
function configChanges(now: Wire, next: Wire): FieldChange[] {
  const names = [...new Set([...Object.keys(now), ...Object.keys(next)])];
  return names.flatMap((name) => {
    if (name === "redirect_url" || alike(now[name], next[name])) return [];
    const before = next[name] === SECRET ? "(not shown)" : absent(now[name]);
    return [{ field: `config.${name}`, property: "config", now: before, next: absent(next[name]) }];
  });
}

/** What rotates a token. The API shows neither: the state tells. */
const NOTED = new Set(["client_secret_version", "previous_client_secret_expires_at"]);

/** Of a token that is imported, the state takes what is declared, and nothing is sent. */
function notedChanges(field: string, declared: Fields, inputs: Fields | undefined): FieldChange[] {
  const property = propertyOf(field);
  if (inputs === undefined || alike(inputs[property], declared[property])) return [];
  return [{ field, property, now: inputs[property] ?? "(not shown)", next: absent(declared[property]) }];
}

/** The API expands an application's policies; what an update sends is a reference. */
function withReferences(application: Wire): Wire {
  const policies = objects(application, "policies").map((policy, index) => ({
    id: policy["id"],
    precedence: policy["precedence"] ?? index + 1,
  }));
  return { ...application, policies };
}

const absent = (value: unknown): unknown => (isEmpty(value) && value !== false ? undefined : value);

/** Inputs of the program in the API's spelling. */
export function toWire(properties: Readonly<Record<string, unknown>>): Wire {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name, value]) => !NOT_FIELDS.has(name) && value !== undefined)
      .map(([name, value]) => [wireName(name), wireValue(value)]),
  );
}

function wireValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wireValue);
  return isFields(value) ? toWire(value) : value;
}

const wireName = (name: string): string =>
  PLURALS[name] ?? name.replace(/[A-Z]|\d+/g, (part) => `_${part.toLowerCase()}`);

/** The input that holds a field of the API. */
const propertyOf = (field: string): string =>
  SINGULARS[field] ?? field.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
