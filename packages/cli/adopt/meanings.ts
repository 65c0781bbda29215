import { TYPES } from "../../cloudflare/kinds";
import { kindOf } from "../drift/kinds";
import type { Kind } from "./types";

/** What hangs on a field of the API, should the next `up` not leave it as it is. */
export type Meaning = { unset?: unknown } & (
  | {
      /** Who gets in, or what is delivered, hangs on it: what happens then. */
      decides: string;
    }
  | {
      /** It decides neither, and why. */
      neither: string;
    }
);

const LOOK = "how it looks in the App Launcher";
const REFUSED = "what somebody sees who is refused all the same";

const APPLICATION: Readonly<Record<string, Meaning>> = {
  type: { decides: "Access guards it in another way" },
  destinations: { decides: "it stands at other places" },
  domain: { neither: "follows from the destinations, which are compared" },
  self_hosted_domains: { neither: "follows from the destinations, which are compared" },
  policies: { decides: "others get in" },
  session_duration: { neither: "that of each policy is compared, which this one stands in for" },
  allowed_idps: { decides: "people with another login no longer get in" },
  auto_redirect_to_identity: { neither: "with one login, it only saves the page that asks which" },
  cors_headers: { decides: "pages of other origins are no longer answered" },
  options_preflight_bypass: { decides: "preflight requests (OPTIONS) get a 403 instead of the app's answer" },
  read_service_tokens_from_header: {
    decides: "clients that send their token in that one header are no longer let in",
  },
  allow_authenticate_via_warp: { decides: "a device's WARP session no longer passes for a login" },
  mfa_config: { decides: "its second factor is no longer asked for as it says" },
  oauth_configuration: { decides: "programs with a token by OAuth may no longer get in" },
  scim_config: { decides: "its users are no longer provisioned" },
  enable_binding_cookie: { decides: "a stolen session cookie works in another browser" },
  http_only_cookie_attribute: {
    unset: true,
    decides: "scripts of its pages can no longer read the session cookie",
  },
  path_cookie_attribute: {
    decides: "the sessions of other applications on the host name are mixed up with its own",
  },
  eager_redirect_cookie_setting: {
    unset: true,
    decides: "a login may reach other host names than it does",
  },
  same_site_cookie_attribute: { decides: "requests from other sites carry the session cookie differently" },
  allow_iframe: { decides: "pages that show it in a frame no longer can" },
  use_clientless_isolation_app_launcher_url: { decides: "it is no longer opened in an isolated browser" },
  service_auth_401_redirect: { neither: "the status of a refusal, which stays one" },
  skip_interstitial: { neither: "a page that cloudflared's own login shows or leaves out" },
  custom_deny_message: { neither: REFUSED },
  custom_deny_url: { neither: REFUSED },
  custom_non_identity_deny_url: { neither: REFUSED },
  custom_pages: { neither: REFUSED },
  name: { neither: "a name for people" },
  tags: { neither: LOOK },
  app_launcher_visible: { neither: LOOK },
  skip_app_launcher_login_page: { neither: LOOK },
  logo_url: { neither: LOOK },
  app_launcher_logo_url: { neither: LOOK },
  bg_color: { neither: LOOK },
  header_bg_color: { neither: LOOK },
  footer_links: { neither: LOOK },
  landing_page_design: { neither: LOOK },
  aud: { neither: "an import keeps it; only a new application has another" },
};

const POLICY: Readonly<Record<string, Meaning>> = {
  decision: { decides: "others get in" },
  include: { decides: "others get in" },
  require: { decides: "others get in" },
  exclude: { decides: "others get in" },
  session_duration: { decides: "sessions last longer or shorter" },
  approval_required: { decides: "nobody has to approve a visit any more" },
  approval_groups: { decides: "nobody has to approve a visit any more" },
  purpose_justification_required: { decides: "no reason for a visit is asked for any more" },
  purpose_justification_prompt: { neither: "the words of the question, which is compared" },
  isolation_required: { decides: "visits no longer go through an isolated browser" },
  mfa_config: { decides: "its second factor is no longer asked for as it says" },
  connection_rules: { decides: "other connections are let through" },
  name: { neither: "a name for people" },
  precedence: { neither: "no order matters between those who are let in; a policy of another kind stops" },
  reusable: { neither: "converting keeps rules and place" },
};

const IDENTITY_PROVIDER: Readonly<Record<string, Meaning>> = {
  type: { decides: "somebody else vouches for who logs in" },
  config: { decides: "logins are judged by other settings" },
  scim_config: { decides: "its users are no longer provisioned" },
  read_only: { decides: "it cannot be written" },
  saml_certificate_set_id: { decides: "logins are judged by other settings" },
  name: { neither: "a name for people" },
};

const SERVICE_TOKEN: Readonly<Record<string, Meaning>> = {
  duration: { decides: "its life is another, counted from that change" },
  enabled: { unset: true, decides: "a token that was turned off may pass again" },
  client_secret_version: { decides: "a new secret is made, and the one that clients have ends" },
  previous_client_secret_expires_at: { decides: "the secret before it ends at another time" },
  name: { neither: "it is found by its name" },
  client_id: { neither: "an import keeps it" },
  expires_at: { neither: "follows from the duration, which is compared" },
};

const DNS_RECORD: Readonly<Record<string, Meaning>> = {
  name: { decides: "another name leads there" },
  type: { decides: "the name leads elsewhere" },
  content: { decides: "the name leads elsewhere" },
  proxied: { decides: "visitors come by Cloudflare, where they did not" },
  settings: { decides: "the name is answered differently" },
  data: { decides: "the name leads elsewhere" },
  priority: { decides: "the name leads elsewhere" },
  private_routing: { decides: "the name is answered differently" },
  ttl: { neither: "how long an answer is kept; of a proxied record Cloudflare's own" },
  comment: { neither: "a note, by which the stack knows its own" },
  tags: { neither: "notes" },
};

const ALERT: Readonly<Record<string, Meaning>> = {
  alert_type: { decides: "something else is told" },
  enabled: { unset: true, decides: "mails are sent that were turned off" },
  mechanisms: { decides: "somebody is no longer told" },
  filters: { decides: "other things are told" },
  alert_interval: { decides: "it is told more or less often" },
  description: { neither: "a note" },
  name: { neither: "it is found by its name" },
};

/** A rule of a tunnel; its `originRequest` is a table of its own. */
const INGRESS_RULE: Readonly<Record<string, Meaning>> = {
  hostname: { decides: "another host name is served" },
  path: { decides: "other paths are served" },
  service: { decides: "another service answers" },
  id: { neither: "a number of the dashboard's, which cloudflared does not read" },
};

const OF_KIND = {
  application: { fields: APPLICATION, type: TYPES.application },
  policy: { fields: POLICY, type: TYPES.policy },
  "identity provider": { fields: IDENTITY_PROVIDER, type: TYPES.identityProvider },
  "service token": { fields: SERVICE_TOKEN, type: TYPES.token },
  "DNS record": { fields: DNS_RECORD, type: TYPES.dnsRecord },
  alert: { fields: ALERT, type: TYPES.alert },
  "ingress rule": { fields: INGRESS_RULE, type: undefined },
} as const satisfies Partial<Record<Kind, object>>;

export type JudgedKind = keyof typeof OF_KIND;
export const isJudged = (kind: Kind): kind is JudgedKind => Object.hasOwn(OF_KIND, kind);

/** What hangs on a field; undefined for one that nobody has judged. */
export function meaningOf(kind: JudgedKind, field: string): Meaning | undefined {
  const { fields, type } = OF_KIND[kind];
  const known = fields as Readonly<Record<string, Meaning>>;
  if (Object.hasOwn(known, field)) return known[field];
  const bookkeeping = type === undefined ? undefined : kindOf(type)?.bookkeeping;
  return bookkeeping !== undefined && Object.hasOwn(bookkeeping, field)
    ? { neither: bookkeeping[field] ?? "" }
    : undefined;
}

/**
 * What cloudflared takes for an `originRequest` option that neither the rule nor the tunnel sets.
 * https://github.com/cloudflare/cloudflared/blob/2026.8.2/ingress/config.go
 */
const ORIGIN_DEFAULTS: Readonly<Record<string, unknown>> = {
  connectTimeout: 30,
  tlsTimeout: 10,
  tcpKeepAlive: 30,
  noHappyEyeballs: false,
  keepAliveConnections: 100,
  keepAliveTimeout: 90,
  httpHostHeader: "",
  originServerName: "",
  matchSNItoHost: false,
  caPool: "",
  noTLSVerify: false,
  disableChunkedEncoding: false,
  bastionMode: false,
  proxyAddress: "127.0.0.1",
  proxyPort: 0,
  proxyType: "",
  ipRules: [],
  http2Origin: false,
};

/** What an `originRequest` option is in effect: the rule's own, else the tunnel's, else cloudflared's default. */
export function inEffect(option: string, own: unknown, tunnels: unknown): unknown {
  return own ?? tunnels ?? (Object.hasOwn(ORIGIN_DEFAULTS, option) ? ORIGIN_DEFAULTS[option] : undefined);
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
