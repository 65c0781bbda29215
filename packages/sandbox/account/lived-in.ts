import { tunnelHost } from "../tunnel/host";
import type {
  AccessApplication,
  AccessPolicy,
  DnsRecord,
  IdentityProvider,
  JsonObject,
  NotificationPolicy,
  ServiceToken,
  Tunnel,
  TunnelConfiguration,
} from "./entities";
import { secondsTime, sha256 } from "./ids";
import {
  DEFAULT_SEED,
  DEV_ACCOUNT_ID,
  DEV_ZONE_ID,
  OTHER_ZONE_ID,
  type Seed,
  type SeedObjects,
} from "./seed";

/**
 * An account as people click one together over years: 40 applications of several ages, inline and reusable policies,
 * three login methods, tokens of which nobody has the secret any more, and one tunnel that all of it goes through.
 * ComfyUI is among it, made by hand. Every id is fixed; only expiries count from the day the sandbox starts.
 */
export const LIVED_IN_SEED: Seed = {
  ...DEFAULT_SEED,
  accounts: DEFAULT_SEED.accounts.map((account) => ({
    ...account,
    // Older than strict service-token authentication, and nobody has turned it on since.
    createdAt: "2022-03-01T09:00:00Z",
    organization: { name: "Datacrew", session_duration: "168h", strict_service_token_auth: undefined },
  })),
  objects,
};

/** Ids that tests and documents name. */
export const LIVED_IN = {
  application: uuid("application ComfyUI"),
  peoplePolicy: uuid("policy ComfyUI: artists"),
  tokenPolicy: uuid("policy ComfyUI: scripts"),
  google: uuid("identity provider google"),
  serviceToken: uuid("service token comfyui-api"),
  tunnel: uuid("tunnel house"),
  record: hex32("record comfyui.datacrew.space"),
} as const;

const ZONE = "datacrew.space";
const DAY_MS = 86_400_000;

function objects(now: Date): SeedObjects {
  const applications = [...OLD_NAMES.map(oldApplication), ...REST.map(application)];
  return {
    identityProviders: identityProviders(),
    policies: [...reusablePolicies(), ...applications.flatMap(({ inline }) => inline)],
    applications: applications.map(({ made }) => made),
    serviceTokens: TOKENS.map((token) => serviceToken(token, now)),
    tunnels: tunnels(),
    tunnelConfigurations: [configuration()],
    dnsRecords: records(),
    notificationPolicies: alerts(),
  };
}

function identityProviders(): IdentityProvider[] {
  const provider = (name: string, type: string, config: JsonObject, at: string): IdentityProvider => ({
    id: uuid(`identity provider ${type}`),
    accountId: DEV_ACCOUNT_ID,
    name,
    type,
    config,
    scimConfig: null,
    version: hex32(`version of ${type}`),
    createdAt: at,
    updatedAt: at,
  });
  const client = {
    client_id: "482911-lived-in.apps.googleusercontent.com",
    client_secret: "GOCSPX-set-by-hand",
  };
  return [
    provider("One-time PIN", "onetimepin", {}, "2022-03-01T09:00:05Z"),
    provider("Google login", "google", client, "2022-03-02T10:12:00Z"),
    provider(
      "Entra ID",
      "azureAD",
      {
        client_id: "5f0c7a52-2f6a-4f9a-9a4f-6f3a1c2b7d10",
        client_secret: "set-by-hand",
        directory_id: "c2b9e5a4-7a8d-4a51-8d4f-0d8a9f3f1e77",
        support_groups: true,
      },
      "2024-06-11T07:41:00Z",
    ),
  ];
}

type Fields = AccessPolicy["fields"];

const email = (address: string): JsonObject => ({ email: { email: address } });
const STAFF: Fields = {
  name: "Staff",
  decision: "allow",
  include: [{ email_domain: { domain: ZONE } }],
  session_duration: "24h",
};
const ADMINS: Fields = {
  name: "Admins with Entra",
  decision: "allow",
  include: [email("ada@datacrew.space"), email("grace@datacrew.space")],
  require: [{ login_method: { id: uuid("identity provider azureAD") } }],
  session_duration: "8h",
};
const MONITORING: Fields = {
  name: "Monitoring",
  decision: "non_identity",
  include: [{ service_token: { token_id: uuid("service token monitoring") } }],
  session_duration: "24h",
};
const OFFICE: Fields = {
  name: "Office network",
  decision: "bypass",
  include: [{ ip: { ip: "198.51.100.0/24" } }],
  session_duration: "24h",
};
const REUSABLE = { STAFF, ADMINS, MONITORING, OFFICE };

function policy(key: string, fields: Fields, appId: string | null, at: string): AccessPolicy {
  return {
    id: uuid(`policy ${key}`),
    accountId: DEV_ACCOUNT_ID,
    appId,
    fields,
    createdAt: at,
    updatedAt: at,
  };
}

function reusablePolicies(): AccessPolicy[] {
  return Object.values(REUSABLE).map((fields) => policy(fields.name, fields, null, "2025-02-03T08:00:00Z"));
}

interface Made {
  made: AccessApplication;
  inline: AccessPolicy[];
}

/** Policies of an application: written out in it, or by the name of a reusable one. */
type Policies = (Fields | keyof typeof REUSABLE)[];

function make(
  name: string,
  fields: JsonObject & { destinations: JsonObject[] },
  of: Policies,
  at: string,
): Made {
  const id = uuid(`application ${name}`);
  const inline: AccessPolicy[] = [];
  const policies = of.map((each, index) => {
    if (typeof each === "string") return { id: uuid(`policy ${REUSABLE[each].name}`), precedence: index + 1 };
    const made = policy(`${name}: ${each.name}`, each, id, at);
    inline.push(made);
    return { id: made.id, precedence: index + 1 };
  });
  const made: AccessApplication = {
    id,
    accountId: DEV_ACCOUNT_ID,
    aud: sha256(`aud of ${name}`),
    policies,
    fields: {
      allowed_idps: [],
      tags: [],
      session_duration: "24h",
      app_launcher_visible: true,
      auto_redirect_to_identity: false,
      enable_binding_cookie: false,
      http_only_cookie_attribute: true,
      options_preflight_bypass: false,
      type: "self_hosted",
      name,
      ...fields,
    },
    createdAt: at,
    updatedAt: at,
  };
  return { made, inline };
}

const publicAt = (...uris: string[]): JsonObject[] => uris.map((uri) => ({ type: "public", uri }));

/** From before reusable policies: each with its own, written out again and again. */
const OLD_NAMES = [
  "wiki",
  "mail",
  "files",
  "photos",
  "grafana",
  "prometheus",
  "git",
  "ci",
  "registry",
  "tickets",
];

function oldApplication(name: string, index: number): Made {
  const people = { ...STAFF, name: "allow staff", include: [{ email_domain: { domain: ZONE } }] };
  const host = `${name}.${ZONE}`;
  const fields = { destinations: publicAt(host), domain: host, session_duration: "168h", logo_url: LOGO };
  const visitor = { ...people, name: "visitors", include: [email(`visitor${index}@example.org`)] };
  return make(
    name,
    fields,
    index % 3 === 0 ? [people, visitor] : [people],
    `2022-0${3 + (index % 6)}-15T10:00:00Z`,
  );
}

const LOGO = "https://datacrew.space/logo.svg";

/** Thirty younger ones: the special cases first, then one after the other. */
const REST: { name: string; fields?: JsonObject; hosts?: string[]; policies: Policies; at: string }[] = [
  {
    name: "ComfyUI",
    hosts: [`comfyui.${ZONE}`],
    fields: {
      domain: `comfyui.${ZONE}`,
      allowed_idps: [uuid("identity provider google")],
      skip_interstitial: true,
      tags: [],
    },
    policies: [
      {
        name: "artists",
        decision: "allow",
        include: [email("artist@datacrew.space"), email("painter@example.org")],
        session_duration: "24h",
      },
      {
        name: "scripts",
        decision: "non_identity",
        include: [{ service_token: { token_id: uuid("service token comfyui-api") } }],
        session_duration: "24h",
      },
    ],
    at: "2024-11-20T18:30:00Z",
  },
  { name: "Everything else", hosts: [`*.${ZONE}`], policies: ["STAFF"], at: "2023-01-09T12:00:00Z" },
  {
    name: "Home",
    hosts: [`home.${ZONE}`, `start.${ZONE}`, `home.${ZONE}/admin`],
    policies: ["STAFF", { ...ADMINS, name: "admins" }],
    at: "2023-05-04T09:00:00Z",
  },
  {
    name: "Shop preview",
    hosts: ["preview.example.org"],
    fields: {
      cors_headers: {
        allow_all_methods: true,
        allowed_origins: ["https://example.org"],
        allow_credentials: true,
      },
    },
    policies: ["STAFF", "OFFICE"],
    at: "2025-07-01T09:00:00Z",
  },
  {
    name: "Server room",
    hosts: [`ssh.${ZONE}`],
    fields: { type: "ssh" },
    policies: ["ADMINS"],
    at: "2025-01-20T09:00:00Z",
  },
  {
    name: "Handbook",
    hosts: [`handbook.${ZONE}`],
    fields: { type: "bookmark" },
    policies: [],
    at: "2025-03-20T09:00:00Z",
  },
  ...Array.from({ length: 24 }, (_, index) => ({
    name: `team-${index + 1}`,
    hosts: [`team-${index + 1}.${ZONE}`],
    fields:
      index % 4 === 0
        ? { allowed_idps: [uuid("identity provider google")], auto_redirect_to_identity: true }
        : {},
    policies: (
      [
        ["STAFF"],
        ["STAFF", "MONITORING"],
        ["ADMINS", "STAFF"],
        [{ ...STAFF, name: "just us" }, "MONITORING"],
      ] as Policies[]
    )[index % 4] as Policies,
    at: `2025-${String(1 + (index % 12)).padStart(2, "0")}-10T11:00:00Z`,
  })),
];

function application({ name, fields = {}, hosts = [], policies, at }: (typeof REST)[number]): Made {
  return make(name, { destinations: publicAt(...hosts), domain: hosts[0], ...fields }, policies, at);
}

/** Names, with the days that are left. */
const TOKENS = [
  { name: "comfyui-api", days: 120, at: "2025-12-01T12:00:00Z" },
  { name: "monitoring", days: 300, at: "2026-02-01T12:00:00Z" },
  { name: "backup", days: 20, at: "2025-12-15T12:00:00Z" },
  { name: "old laptop", days: -200, at: "2024-05-01T12:00:00Z" },
];

/** The secret of a token that some script somewhere still sends, and that nobody else knows. */
function scriptsSecret(token: string): string {
  return sha256(`lived-in secret of ${token}`);
}

/** What some script somewhere sends to pass with a token. */
export const scriptsHeaders = (token: string): Record<string, string> => ({
  "CF-Access-Client-Id": `${hex32(`client of ${token}`)}.access`,
  "CF-Access-Client-Secret": scriptsSecret(token),
});

function serviceToken({ name, days, at }: (typeof TOKENS)[number], now: Date): ServiceToken {
  const midnight = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  return {
    id: uuid(`service token ${name}`),
    accountId: DEV_ACCOUNT_ID,
    name,
    clientId: `${hex32(`client of ${name}`)}.access`,
    clientSecretHash: sha256(scriptsSecret(name)),
    clientSecretVersion: 1,
    previousClientSecretHash: null,
    previousClientSecretExpiresAt: null,
    duration: "8760h",
    enabled: true,
    expiresAt: secondsTime(new Date(midnight + days * DAY_MS)),
    createdAt: at,
    updatedAt: at,
  };
}

function tunnels(): Tunnel[] {
  return [
    { name: "house", configSrc: "cloudflare" as const, at: "2022-03-03T08:00:00.120000Z" },
    { name: "laptop", configSrc: "local" as const, at: "2024-09-09T20:10:00.004000Z" },
  ].map(({ name, configSrc, at }) => ({
    id: uuid(`tunnel ${name}`),
    accountId: DEV_ACCOUNT_ID,
    name,
    configSrc,
    secret: Buffer.from(sha256(`secret of tunnel ${name}`).slice(0, 32)).toString("base64"),
    connectors: [],
    connsActiveAt: null,
    connsInactiveAt: null,
    createdAt: at,
    deletedAt: null,
  }));
}

/** 25 rules, with fields that no schema of this project knows. */
function configuration(): TunnelConfiguration {
  const rule = (hostname: string, service: string, rest: JsonObject = {}) => ({ hostname, service, ...rest });
  const names = [...OLD_NAMES, ...Array.from({ length: 9 }, (_, index) => `team-${index + 1}`)];
  const ingress = [
    ...names.map((name, index) => {
      const extra = index % 3 === 0 ? { originRequest: { noTLSVerify: true, connectTimeout: 10 } } : {};
      const unknown =
        index % 5 === 0 ? { id: String(index), "x-note": { by: "hand", tags: [index, null] } } : {};
      return rule(`${name}.${ZONE}`, `http://localhost:${3000 + index}`, { ...extra, ...unknown });
    }),
    rule(`files.${ZONE}`, "http://localhost:9000", { path: "^/public" }),
    rule(`comfyui.${ZONE}`, "http://localhost:8188", { originRequest: { connectTimeout: 30 } }),
    rule(`home.${ZONE}`, "https://localhost:8443", {
      originRequest: { originServerName: "home.lan", futureSwitch: { on: true } },
    }),
    rule(`ssh.${ZONE}`, "ssh://localhost:22"),
    rule(`*.${ZONE}`, "http://localhost:8080"),
    { service: "http_status:503" },
  ];
  return {
    id: uuid("tunnel house"),
    accountId: DEV_ACCOUNT_ID,
    version: 61,
    config: { ingress, originRequest: { keepAliveTimeout: 90 }, "warp-routing": { enabled: true } },
    createdAt: "2026-08-30T16:45:12.500000Z",
  };
}

function records(): DnsRecord[] {
  const house = tunnelHost(uuid("tunnel house"));
  const record = (type: string, name: string, content: string, rest: Partial<DnsRecord> = {}): DnsRecord => ({
    id: hex32(`record ${type === "CNAME" ? "" : `${type} `}${name}`),
    zoneId: DEV_ZONE_ID,
    type,
    name,
    content,
    ttl: 1,
    proxied: type === "CNAME",
    comment: null,
    tags: [],
    settings: {},
    extra: {},
    createdAt: "2022-03-03T08:05:00.000000Z",
    updatedAt: "2022-03-03T08:05:00.000000Z",
    ...rest,
  });
  return [
    record("A", ZONE, "198.51.100.10", { proxied: true }),
    record("MX", ZONE, "mail.example.org", { extra: { priority: 10 }, ttl: 3600 }),
    record("TXT", ZONE, '"v=spf1 include:example.org ~all"', { ttl: 3600 }),
    ...["comfyui", "home", "start", "ssh", ...OLD_NAMES].map((name) =>
      record("CNAME", `${name}.${ZONE}`, house),
    ),
    ...Array.from({ length: 24 }, (_, index) =>
      record("CNAME", `team-${index + 1}.${ZONE}`, house, {
        comment: index % 2 === 0 ? "made by hand" : null,
      }),
    ),
    record("CNAME", `docs.${ZONE}`, "pages.example.net", { comment: "static pages" }),
    record("CNAME", "preview.example.org", house, { zoneId: OTHER_ZONE_ID }),
  ];
}

function alerts(): NotificationPolicy[] {
  const alert = (name: string, type: string, at: string): NotificationPolicy => ({
    id: hex32(`alert ${name}`),
    accountId: DEV_ACCOUNT_ID,
    fields: { name, alert_type: type, enabled: true, mechanisms: { email: [{ id: "ops@datacrew.space" }] } },
    createdAt: at,
    updatedAt: at,
  });
  return [
    alert("Tunnel down", "tunnel_health_event", "2023-02-02T09:00:00.000000Z"),
    alert("Certificates", "universal_ssl_event_type", "2023-02-02T09:01:00.000000Z"),
  ];
}

function hex32(of: string): string {
  return sha256(`lived-in ${of}`).slice(0, 32);
}

/** A UUID of version 4 in form, the same every time. */
function uuid(of: string): string {
  const hex = hex32(of);
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20),
  ];
  return parts.join("-");
}
