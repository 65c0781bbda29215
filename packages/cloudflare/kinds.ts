import type { Decides } from "../access/situation";

/** Pulumi's types of the stack's resources in Cloudflare. */
export const TYPES = {
  application: "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication",
  policy: "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy",
  token: "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken",
  identityProvider: "cloudflare:index/zeroTrustAccessIdentityProvider:ZeroTrustAccessIdentityProvider",
  ownIngress: "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig",
  sharedIngress: "comfyui-access:index:TunnelIngress",
  dnsRecord: "cloudflare:index/dnsRecord:DnsRecord",
  tunnel: "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared",
  alert: "cloudflare:index/notificationPolicy:NotificationPolicy",
} as const;

/**
 * What a field decides, and how far the model judges it. One that decides nothing may hold what it likes; of the others
 * each value that the model does not judge is named, and what hangs on it is undecided.
 */
export interface Field {
  decides: Decides;
  /**
   * `all`: the model reads it, whatever it holds. A list: these values are judged, and no other. In each case a field
   * that is not set is, as are `null`, `false`, an empty text, an empty list and an object of such.
   */
  judged: "all" | readonly unknown[];
  /** The fields of an object, or of each object in a list; `rules`: each is one rule of a policy. */
  fields?: Fields | "rules";
  /** True when nothing can be said where it cannot be read yet; of others the model says what hangs on them. */
  mustBeKnown?: true;
}

/** Fields by Pulumi's names, or by the API's where the engine keeps those. */
export type Fields = Readonly<Record<string, Field>>;

/** A kind of object, with every field that the provider's schema has. */
export interface Kind {
  /** Pulumi's types of it, the present one first, then those of older versions of the package. */
  types: readonly [string, ...string[]];
  fields: Fields;
}

const NOTHING: Field = { decides: "nothing", judged: "all" };
/** Read by the model, whatever it holds. */
const judged = (decides: Decides, fields?: Field["fields"]): Field => ({ decides, judged: "all", fields });
/** Decides, and the model does not read it: judged only where it is not set, or has one of these values. */
const unjudged = (decides: Decides, ...values: unknown[]): Field => ({ decides, judged: values });

/** Nothing can be said where it cannot be read yet. */
const known = (field: Field): Field => ({ ...field, mustBeKnown: true });

const nothing = (...names: string[]): Fields => Object.fromEntries(names.map((name) => [name, NOTHING]));
const all = (field: Field, ...names: string[]): Fields =>
  Object.fromEntries(names.map((name) => [name, field]));

const APPLICATION: Fields = {
  ...nothing("accountId", "zoneId", "name", "tags"),
  // Of states that older versions of the package wrote.
  ...nothing("createdAt", "updatedAt"),
  type: unjudged("access", "self_hosted"),
  aud: judged("access"),
  destinations: known(
    judged("access", {
      type: unjudged("access", "public"),
      uri: judged("access"),
      ...all(
        unjudged("access"),
        "cidr",
        "hostname",
        "l4Protocol",
        "mcpServerId",
        "portRange",
        "vnetId",
        "workerId",
      ),
    }),
  ),
  domain: judged("access"),
  selfHostedDomains: judged("access"),
  policies: known(
    judged("access", {
      ...nothing("name"),
      id: judged("access"),
      precedence: judged("access"),
      decision: judged("access"),
      includes: judged("access", "rules"),
      requires: judged("access", "rules"),
      excludes: judged("access", "rules"),
      connectionRules: unjudged("access"),
      mfaConfig: unjudged("credentials"),
    }),
  ),
  allowedIdps: known(judged("access")),
  // With one login it saves the page that asks which.
  autoRedirectToIdentity: NOTHING,
  allowAuthenticateViaWarp: unjudged("access"),
  optionsPreflightBypass: known(judged("access")),
  readServiceTokensFromHeader: unjudged("credentials"),
  serviceAuth401Redirect: NOTHING,
  skipInterstitial: NOTHING,
  corsHeaders: known(
    judged("credentials", {
      allowAllOrigins: judged("credentials"),
      allowedOrigins: judged("credentials"),
      // Of a page that may call at all; what it may send and read then.
      ...all(
        unjudged("credentials"),
        "allowAllHeaders",
        "allowAllMethods",
        "allowCredentials",
        "allowedHeaders",
        "allowedMethods",
      ),
      maxAge: NOTHING,
    }),
  ),
  sessionDuration: known(judged("credentials")),
  mfaConfig: unjudged("credentials"),
  enableBindingCookie: unjudged("credentials"),
  httpOnlyCookieAttribute: unjudged("credentials", true),
  pathCookieAttribute: unjudged("credentials"),
  sameSiteCookieAttribute: unjudged("credentials", "lax"),
  oauthConfiguration: unjudged("access"),
  saasApp: unjudged("access"),
  scimConfig: unjudged("access"),
  targetCriterias: unjudged("access"),
  // How it looks, and what somebody sees who is refused all the same.
  ...nothing(
    "allowIframe",
    "appLauncherLogoUrl",
    "appLauncherVisible",
    "bgColor",
    "customDenyMessage",
    "customDenyUrl",
    "customNonIdentityDenyUrl",
    "customPages",
    "footerLinks",
    "headerBgColor",
    "landingPageDesign",
    "logoUrl",
    "skipAppLauncherLoginPage",
  ),
};

const POLICY: Fields = {
  ...nothing("accountId", "name", "appCount", "reusable", "purposeJustificationPrompt"),
  ...nothing("createdAt", "updatedAt"),
  decision: known(judged("access")),
  includes: judged("access", "rules"),
  requires: judged("access", "rules"),
  excludes: judged("access", "rules"),
  sessionDuration: known(judged("credentials")),
  approvalGroups: unjudged("access"),
  approvalRequired: unjudged("access"),
  connectionRules: unjudged("access"),
  isolationRequired: unjudged("access"),
  purposeJustificationRequired: unjudged("access"),
  mfaConfig: unjudged("credentials"),
};

const SERVICE_TOKEN: Fields = {
  ...nothing("accountId", "zoneId", "clientId"),
  // Policies name a token by its id; the name tells one that is made anew from one that is new.
  name: known(NOTHING),
  // What clients send; a new one comes with a new version.
  clientSecret: NOTHING,
  enabled: unjudged("access", true),
  duration: known(judged("credentials")),
  expiresAt: judged("credentials"),
  clientSecretVersion: judged("credentials"),
  previousClientSecretExpiresAt: judged("credentials"),
};

const IDENTITY_PROVIDER: Fields = {
  ...nothing("accountId", "zoneId", "name", "readOnly", "samlCertificateSetId"),
  samlCertificateSet: NOTHING,
  // Who vouches: another type is another login.
  type: judged("access"),
  config: judged("credentials", {
    // Which client of the vendor's asks: the vendor vouches for the same people.
    ...nothing("clientId", "clientSecret", "redirectUrl", "prompt", "maxSsoUrlLength", "useLoginHint"),
    ...all(
      unjudged("credentials"),
      "appsDomain",
      "attributes",
      "authUrl",
      "authorizationServerId",
      "centrifyAccount",
      "centrifyAppId",
      "certsUrl",
      "claims",
      "conditionalAccessEnabled",
      "directoryId",
      "emailAttributeName",
      "emailClaimName",
      "enableEncryption",
      "forceAuthn",
      "headerAttributes",
      "idpPublicCerts",
      "issuerUrl",
      "oktaAccount",
      "oneloginAccount",
      "pingEnvId",
      "pkceEnabled",
      "restrictToAccountMembers",
      "scopes",
      "signRequest",
      "ssoTargetUrl",
      "supportGroups",
      "tokenUrl",
    ),
  }),
  scimConfig: judged("credentials", {
    ...nothing("scimBaseUrl", "secret"),
    ...all(
      unjudged("credentials"),
      "enabled",
      "identityUpdateBehavior",
      "seatDeprovision",
      "userDeprovision",
    ),
  }),
};

/** How the connector connects, in either spelling; the same server answers. */
const CONNECTION = nothing(
  "connectTimeout",
  "disableChunkedEncoding",
  "http2Origin",
  "keepAliveConnections",
  "keepAliveTimeout",
  "noHappyEyeballs",
  "tcpKeepAlive",
  "tlsTimeout",
);

/** Of a tunnel rule, and of a whole tunnel: how the connector reaches the service. */
const ORIGIN_REQUEST: Fields = {
  access: judged("access", {
    required: judged("access"),
    teamName: judged("access"),
    audTags: judged("access"),
  }),
  // With another server name, Host or proxy another server may answer.
  ...all(
    unjudged("routes"),
    "caPool",
    "httpHostHeader",
    "matchSnItoHost",
    "noTlsVerify",
    "originServerName",
    "proxyType",
  ),
  ...CONNECTION,
};

/** The same, as the API and the rules of a shared tunnel spell it; with what only older connectors know. */
const WIRE_ORIGIN_REQUEST: Fields = {
  access: judged("access", {
    required: judged("access"),
    teamName: judged("access"),
    audTag: judged("access"),
  }),
  ...all(
    unjudged("routes"),
    "bastionMode",
    "caPool",
    "httpHostHeader",
    "ipRules",
    "matchSNItoHost",
    "noTLSVerify",
    "originServerName",
    "proxyAddress",
    "proxyPort",
    "proxyType",
  ),
  ...CONNECTION,
};

/** The patterns that take every path, as a rule without one does. */
const EVERY_PATH = ["/", "^/", ".*", "^/.*"];

const OWN_INGRESS: Fields = {
  ...nothing("accountId", "version"),
  ...nothing("createdAt"),
  tunnelId: judged("routes"),
  // One that is kept on the connector's machine is none of the account's to read.
  source: unjudged("routes", "cloudflare"),
  config: known(
    judged("routes", {
      ingresses: judged("routes", {
        hostname: judged("routes"),
        service: judged("routes"),
        path: unjudged("routes", ...EVERY_PATH),
        originRequest: judged("routes", ORIGIN_REQUEST),
      }),
      originRequest: unjudged("routes"),
    }),
  ),
};

const SHARED_INGRESS: Fields = {
  ...nothing("accountId", "configuration", "version"),
  tunnelId: judged("routes"),
  rules: known(
    judged("routes", {
      hostname: judged("routes"),
      service: judged("routes"),
      path: unjudged("routes", ...EVERY_PATH),
      originRequest: judged("routes", WIRE_ORIGIN_REQUEST),
    }),
  ),
};

const DNS_RECORD: Fields = {
  ...nothing("zoneId", "comment", "commentModifiedOn", "includeShadowMetadata", "meta", "proxiable", "tags"),
  ...nothing("tagsModifiedOn", "ttl"),
  ...nothing("createdOn", "modifiedOn"),
  name: known(judged("routes")),
  // Types that lead no visitor anywhere besides those that do; one that delegates a zone is not judged.
  type: known(unjudged("routes", "A", "AAAA", "CNAME", "TXT", "MX", "CAA")),
  content: judged("routes"),
  proxied: known(judged("access")),
  privateRouting: unjudged("routes"),
  data: unjudged("routes"),
  priority: NOTHING,
  settings: unjudged("routes"),
};

const TUNNEL: Fields = {
  ...nothing("accountId", "accountTag", "connections", "connsActiveAt", "connsInactiveAt", "deletedAt"),
  ...nothing("metadata", "name", "status", "tunType"),
  ...nothing("createdAt"),
  configSrc: unjudged("routes", "cloudflare"),
  remoteConfig: unjudged("routes", true),
  // Made of random bytes by the program; whoever holds a connector's token needs a new one with it.
  tunnelSecret: NOTHING,
};

const ALERT: Fields = {
  ...nothing("accountId", "alertInterval", "alertType", "description", "enabled", "filters", "mechanisms"),
  ...nothing("created", "modified", "name"),
};

/** Every kind that the model knows. A test holds its fields against the installed package's. */
export const KINDS = {
  application: {
    types: [TYPES.application, "cloudflare:index/accessApplication:AccessApplication"],
    fields: APPLICATION,
  },
  policy: { types: [TYPES.policy, "cloudflare:index/accessPolicy:AccessPolicy"], fields: POLICY },
  token: {
    types: [TYPES.token, "cloudflare:index/accessServiceToken:AccessServiceToken"],
    fields: SERVICE_TOKEN,
  },
  identityProvider: {
    types: [TYPES.identityProvider, "cloudflare:index/accessIdentityProvider:AccessIdentityProvider"],
    fields: IDENTITY_PROVIDER,
  },
  ownIngress: {
    types: [TYPES.ownIngress, "cloudflare:index/tunnelConfig:TunnelConfig"],
    fields: OWN_INGRESS,
  },
  sharedIngress: { types: [TYPES.sharedIngress], fields: SHARED_INGRESS },
  dnsRecord: { types: [TYPES.dnsRecord, "cloudflare:index/record:Record"], fields: DNS_RECORD },
  tunnel: { types: [TYPES.tunnel, "cloudflare:index/tunnel:Tunnel"], fields: TUNNEL },
  alert: { types: [TYPES.alert], fields: ALERT },
} as const satisfies Readonly<Record<string, Kind>>;

/** What a kind is called here. */
export type KindName = keyof typeof KINDS;

/** A kind that the table above has not, and that cannot touch who gets in. */
interface Harmless {
  type: RegExp;
  /** Why it cannot. */
  why: string;
  /** True for what is no object of any account, but holds objects together or reaches them. */
  isBracket?: true;
}

/** Kinds that are passed over. Every other one that the table lacks is not judged, of whatever package. */
export const HARMLESS: readonly Harmless[] = [
  { type: /^pulumi:pulumi:Stack$/, why: "the stack itself, which is no object", isBracket: true },
  {
    type: /^pulumi:providers:/,
    why: "judged by where it sends its credentials, not here",
    isBracket: true,
  },
  {
    type: /^comfyui-access:components:/,
    why: "a component is a bracket around its parts, which are judged",
    isBracket: true,
  },
  { type: /^random:/, why: "made of nothing and known to nobody but the state" },
  { type: /^gcp:projects\/service:Service$/, why: "turns an API of Google's on, and grants nothing" },
  {
    type: /^gcp:secretmanager\/(secret|secretVersion|secretIamMember):/,
    why: "where secrets go and who reads them is compared by the config, which declares them",
  },
];

/** The kind of a type; undefined for one that is not in the table. */
export function kindOfType(type: string): Kind | undefined {
  return Object.values<Kind>(KINDS).find(({ types }) => types.includes(type));
}
