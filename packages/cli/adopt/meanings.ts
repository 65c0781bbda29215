import { type Field, type Fields, KINDS } from "../../cloudflare/kinds";
import { apiFields } from "../../cloudflare/kinds/api-form";
import { INGRESS_RULE, WIRE_ORIGIN_REQUEST } from "../../cloudflare/kinds/ingress";
import { turnedOff } from "../../cloudflare/kinds/opens";
import type { Kind } from "./types";

/**
 * What happens should the next `up` not leave a field as it is: somebody else gets in, or something else is delivered.
 * Where the table of kinds says what it opens that the field is turned off, that is what happens.
 */
type Effects = Readonly<Record<string, string>>;

const APPLICATION: Effects = {
  type: "Access guards it in another way",
  destinations: "it stands at other places",
  policies: "others get in",
  allowed_idps: "people with another login no longer get in",
  cors_headers: "pages of other origins are no longer answered",
  options_preflight_bypass: "preflight requests (OPTIONS) get a 403 instead of the app's answer",
  read_service_tokens_from_header: "clients that send their token in that one header are no longer let in",
  allow_authenticate_via_warp: "a device's WARP session no longer passes for a login",
  mfa_config: "its second factor is no longer asked for as it says",
  oauth_configuration: "programs with a token by OAuth may no longer get in",
  scim_config: "its users are no longer provisioned",
  http_only_cookie_attribute: "scripts of its pages can no longer read the session cookie",
  path_cookie_attribute: "the sessions of other applications on the host name are mixed up with its own",
  eager_redirect_cookie_setting: "a login may reach other host names than it does",
  same_site_cookie_attribute: "requests from other sites carry the session cookie differently",
  allow_iframe: "pages that show it in a frame no longer can",
  use_clientless_isolation_app_launcher_url: "it is no longer opened in an isolated browser",
};

const POLICY: Effects = {
  decision: "others get in",
  include: "others get in",
  require: "others get in",
  exclude: "others get in",
  session_duration: "sessions last longer or shorter",
  approval_groups: "nobody has to approve a visit any more",
  mfa_config: "its second factor is no longer asked for as it says",
  connection_rules: "other connections are let through",
};

const IDENTITY_PROVIDER: Effects = {
  type: "somebody else vouches for who logs in",
  config: "logins are judged by other settings",
  scim_config: "its users are no longer provisioned",
  read_only: "it cannot be written",
  saml_certificate_set_id: "logins are judged by other settings",
};

const SERVICE_TOKEN: Effects = {
  duration: "its life is another, counted from that change",
  enabled: "a token that was turned off may pass again",
  client_secret_version: "a new secret is made, and the one that clients have ends",
  previous_client_secret_expires_at: "the secret before it ends at another time",
};

const DNS_RECORD: Effects = {
  name: "another name leads there",
  type: "the name leads elsewhere",
  content: "the name leads elsewhere",
  proxied: "visitors come by Cloudflare, where they did not",
  settings: "the name is answered differently",
  data: "the name leads elsewhere",
  priority: "the name leads elsewhere",
  private_routing: "the name is answered differently",
};

const ALERT: Effects = {
  alert_type: "something else is told",
  enabled: "mails are sent that were turned off",
  mechanisms: "somebody is no longer told",
  filters: "other things are told",
  alert_interval: "it is told more or less often",
};

/** A rule of a tunnel; its `originRequest` is a table of its own. */
const RULE: Effects = {
  hostname: "another host name is served",
  path: "other paths are served",
  service: "another service answers",
};

const OF_KIND = {
  application: { effects: APPLICATION, fields: apiFields(KINDS.application) },
  policy: { effects: POLICY, fields: apiFields(KINDS.policy) },
  "identity provider": { effects: IDENTITY_PROVIDER, fields: apiFields(KINDS.identityProvider) },
  "service token": { effects: SERVICE_TOKEN, fields: apiFields(KINDS.token) },
  "DNS record": { effects: DNS_RECORD, fields: apiFields(KINDS.dnsRecord) },
  alert: { effects: ALERT, fields: apiFields(KINDS.alert) },
  "ingress rule": { effects: RULE, fields: INGRESS_RULE },
} satisfies Partial<Record<Kind, { effects: Effects; fields: Fields }>>;

export type JudgedKind = keyof typeof OF_KIND;
export const isJudged = (kind: Kind): kind is JudgedKind => Object.hasOwn(OF_KIND, kind);

/** Fields that decide something, and nothing of their own in an adoption. */
const FOLLOWING: Partial<Record<`${JudgedKind} ${string}`, string>> = {
  "application domain": "follows from the destinations, which are compared",
  "application self_hosted_domains": "follows from the destinations, which are compared",
  "application session_duration": "that of each policy is compared, which this one stands in for",
  "application aud": "an import keeps it; only a new application has another",
  "policy precedence": "no order matters between those who are let in; a policy of another kind stops",
  "service token expires_at": "follows from the duration, which is compared",
  "ingress rule id": "a number of the dashboard's, which cloudflared does not read",
};

/** What hangs on a field of the API; `nothing` for one that decides neither access nor delivery. */
export type Meaning = { decides: string; unset?: unknown } | "nothing";

/** What hangs on a field; undefined for one that nobody has judged. */
export function meaningOf(kind: JudgedKind, field: string): Meaning | undefined {
  const { effects, fields }: { effects: Effects; fields: Fields } = OF_KIND[kind];
  const known = Object.hasOwn(fields, field) ? fields[field] : undefined;
  const effect = Object.hasOwn(effects, field) ? effects[field] : openedByLoss(known);
  if (effect !== undefined) return { decides: effect, unset: known?.default };
  return FOLLOWING[`${kind} ${field}`] !== undefined || known?.decides === "nothing" ? "nothing" : undefined;
}

const openedByLoss = (field: Field | undefined): string | undefined =>
  field?.opens?.when === turnedOff ? field.opens.what : undefined;

/** What an `originRequest` option is in effect: the rule's own, else the tunnel's, else cloudflared's default. */
export function inEffect(option: string, own: unknown, tunnels: unknown): unknown {
  return (
    own ??
    tunnels ??
    (Object.hasOwn(WIRE_ORIGIN_REQUEST, option) ? WIRE_ORIGIN_REQUEST[option]?.default : undefined)
  );
}

/** What follows when an `originRequest` option is no longer set. */
const ORIGIN_EFFECTS: Readonly<Record<string, string>> = {
  noTLSVerify: "cloudflared refuses an origin whose certificate it cannot check: 502",
  caPool: "cloudflared refuses an origin whose certificate it cannot check: 502",
  originServerName: "cloudflared asks the origin for another certificate: 502, or another site",
  matchSNItoHost: "cloudflared asks the origin for another certificate: 502, or another site",
  httpHostHeader: "the origin is asked for another host",
  http2Origin: "the origin is asked in HTTP/1.1",
  disableChunkedEncoding: "the origin gets chunked bodies",
  bastionMode: "cloudflared no longer acts as a bastion",
  ipRules: "cloudflared lets other addresses through",
};

export const originEffect = (option: string): string =>
  ORIGIN_EFFECTS[option] ?? "cloudflared reaches the origin in another way";
