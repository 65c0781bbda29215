import type {
  Account,
  ApiToken,
  InfisicalIdentity,
  InfisicalProject,
  JsonObject,
  Organization,
  Settings,
  Zone,
} from "./entities";
import { secondsTime, sha256 } from "./ids";
import type { State } from "./store";

/** An API token to start with. */
interface SeedToken {
  name: string;
  /** The value clients send; only its hash is kept. */
  value: string;
  kind?: "user" | "account";
  /** Permission groups by name, e.g. `DNS Write`; on all accounts unless `accounts` says less. */
  permissions: readonly string[];
  /** Ids of the accounts (with their zones) the token reaches; default: all. */
  accounts?: readonly string[];
  status?: ApiToken["status"];
}

/** The objects that an account may hold already. */
export type SeedObjects = Partial<
  Pick<
    State,
    | "identityProviders"
    | "policies"
    | "applications"
    | "serviceTokens"
    | "tunnels"
    | "tunnelConfigurations"
    | "dnsRecords"
    | "notificationPolicies"
  >
>;

/** What an untouched sandbox holds. */
export interface Seed {
  accounts: {
    id: string;
    name: string;
    team: string;
    zeroTrustEnabled?: boolean;
    createdAt?: string;
    /** Fields of the organization that differ from a new one's; undefined takes one away. */
    organization?: JsonObject;
  }[];
  zones: { id: string; accountId: string; name: string; status?: Zone["status"] }[];
  tokens: SeedToken[];
  settings?: Partial<Settings>;
  /** What was made before, seen from `now`. Default: nothing. */
  objects?(now: Date): SeedObjects;
}

/** Ids and names of the seeded account, as the `dev` stack uses them. */
export const DEV_ACCOUNT_ID = "0123456789abcdef0123456789abcdef";
export const DEV_ZONE_ID = "fedcba9876543210fedcba9876543210";
const DEV_ZONE_NAME = "datacrew.space";
export const OTHER_ZONE_ID = "89abcdef0123456789abcdef01234567";
const OTHER_ZONE_NAME = "example.org";
const DEV_TEAM = "datacrew";
/** The id of the one user to whom the user tokens belong. */
const DEV_USER_ID = "00112233445566778899aabbccddeeff";

/**
 * Values of the seeded tokens. They open nothing but a sandbox on the loopback interface, and are fixed
 * so that a stack's environment stays valid when the sandbox is started again. At least forty characters
 * each, as Cloudflare's own have.
 */
export const DEV_TOKENS = {
  /** Everything, including reading API tokens. */
  admin: "sandbox-admin-00000000000000000000000000",
  /** What `pulumi up` of the program needs, and no more. */
  up: "sandbox-up-00000000000000000000000000000",
  /** What `pulumi preview` needs: reading only. */
  preview: "sandbox-preview-000000000000000000000000",
  /** An account-owned token with the permissions of `up`. */
  accountOwned: "cfat_sandbox-account-0000000000000000000",
} as const;

/** The one project of the seeded Infisical, as the `dev` stack uses it. */
export const DEV_INFISICAL_PROJECT_ID = "5f0c1b7e-3a52-4d86-9c41-0d2e7a9b6c13";

/** The machine identity that may write to it; fixed, as {@link DEV_TOKENS} are and for the same reason. */
export const DEV_INFISICAL_IDENTITY = {
  clientId: "d1b0a7c4-6f2e-4c58-8a39-2e5f7b9c0d64",
  clientSecret: "sandbox-infisical-0000000000000000000000",
} as const;

const INFISICAL_PROJECT: InfisicalProject = {
  id: DEV_INFISICAL_PROJECT_ID,
  name: "comfyui",
  environments: ["dev", "staging", "prod"].map((slug) => ({ slug, folders: ["/comfyui"] })),
};

const INFISICAL_IDENTITY: InfisicalIdentity = {
  id: "8e6d4c2b-1a90-4f7d-b5c3-a2918f7e6d50",
  name: "comfyui-access",
  clientId: DEV_INFISICAL_IDENTITY.clientId,
  clientSecretHash: sha256(DEV_INFISICAL_IDENTITY.clientSecret),
  memberships: [{ projectId: DEV_INFISICAL_PROJECT_ID, role: "admin" }],
};

const READ = [
  "Zone Read",
  "Access: Apps and Policies Read",
  "Access: Organizations, Identity Providers, and Groups Read",
  "Access: Service Tokens Read",
  "Cloudflare Tunnel Read",
  "DNS Read",
  "Notifications Read",
] as const;

const WRITE = [
  "Zone Read",
  "Access: Apps and Policies Write",
  "Access: Organizations, Identity Providers, and Groups Write",
  "Access: Service Tokens Write",
  "Cloudflare Tunnel Write",
  "DNS Write",
  "Notifications Write",
] as const;

const DEFAULT_SETTINGS: Settings = {
  maxSessionDuration: "730h",
  secretFormat: "hex",
  accessCreateStatus: 201,
  proxiedTtl: "automatic",
  tunnelRouteReplacement: "accept",
  identityProviderInUse: "accept",
  tunnelInUseStatus: 400,
  deletedTunnelRead: "answer",
  tunnelConnections: "left-out",
  gcpServicesMustBeEnabled: true,
};

/** The account of the `dev` stack: two active zones, four API tokens, nothing built yet. */
export const DEFAULT_SEED: Seed = {
  // Made after 5 October 2026, so strict service-token authentication is on, as for any new account.
  accounts: [{ id: DEV_ACCOUNT_ID, name: "Sandbox", team: DEV_TEAM, createdAt: "2026-10-06T08:00:00Z" }],
  zones: [
    { id: DEV_ZONE_ID, accountId: DEV_ACCOUNT_ID, name: DEV_ZONE_NAME },
    { id: OTHER_ZONE_ID, accountId: DEV_ACCOUNT_ID, name: OTHER_ZONE_NAME },
  ],
  tokens: [
    {
      name: "admin",
      value: DEV_TOKENS.admin,
      permissions: [
        ...WRITE,
        "Account Settings Read",
        "Account Analytics Read",
        "API Tokens Read",
        "Account API Tokens Read",
      ],
    },
    { name: "up", value: DEV_TOKENS.up, permissions: WRITE },
    { name: "preview", value: DEV_TOKENS.preview, permissions: READ },
    { name: "account-owned", value: DEV_TOKENS.accountOwned, kind: "account", permissions: WRITE },
  ],
};

/** The state that a seed describes, made at `now`. */
export function stateFromSeed(seed: Seed, now: Date, settings: Partial<Settings> = {}): State {
  const createdAt = secondsTime(now);
  const accounts = seed.accounts.map(
    (account): Account => ({
      id: account.id,
      name: account.name,
      type: "standard",
      createdAt: account.createdAt ?? createdAt,
      zeroTrustEnabled: account.zeroTrustEnabled ?? true,
    }),
  );
  return {
    settings: { ...DEFAULT_SETTINGS, ...seed.settings, ...settings },
    accounts,
    zones: seed.zones.map((zone): Zone => ({ status: "active", createdAt, ...zone })),
    apiTokens: seed.tokens.map((token) => seededToken(token, accounts, createdAt)),
    organizations: seed.accounts.map((account) => seededOrganization(account, createdAt)),
    identityProviders: [],
    policies: [],
    applications: [],
    serviceTokens: [],
    tunnels: [],
    tunnelConfigurations: [],
    dnsRecords: [],
    notificationPolicies: [],
    gcpSecrets: [],
    gcpServices: [],
    infisicalProjects: [INFISICAL_PROJECT],
    infisicalIdentities: [INFISICAL_IDENTITY],
    infisicalSecrets: [],
    ...structuredClone(seed.objects?.(now) ?? {}),
  };
}

function seededToken(token: SeedToken, accounts: Account[], issuedAt: string): ApiToken {
  const reached = token.accounts ?? accounts.map((account) => account.id);
  const kind = token.kind ?? "user";
  return {
    id: sha256(`token ${token.name}`).slice(0, 32),
    name: token.name,
    kind,
    accountId: kind === "account" ? (reached[0] ?? null) : null,
    valueHash: sha256(token.value),
    status: token.status ?? "active",
    policies: [
      {
        id: sha256(`token policy ${token.name}`).slice(0, 32),
        effect: "allow",
        permissionGroups: [...token.permissions],
        resources: Object.fromEntries([
          ...reached.map((id) => [`com.cloudflare.api.account.${id}`, "*"]),
          ...(kind === "user" ? [[`com.cloudflare.api.user.${DEV_USER_ID}`, "*"]] : []),
        ]),
      },
    ],
    issuedAt,
    expiresAt: null,
  };
}

function seededOrganization(account: Seed["accounts"][number], now: string): Organization {
  return {
    id: account.id,
    authDomain: `${account.team}.cloudflareaccess.com`,
    createdAt: account.createdAt ?? now,
    updatedAt: now,
    fields: {
      name: account.name,
      session_duration: "24h",
      is_ui_read_only: false,
      allow_authenticate_via_warp: false,
      auto_redirect_to_identity: false,
      user_seat_expiration_inactive_time: "730h",
      // Organizations made since 5 October 2026 are strict and cannot turn it off.
      strict_service_token_auth: isStrictByDefault(account.createdAt ?? now),
      login_design: {
        background_color: "",
        text_color: "",
        logo_path: "",
        header_text: "",
        footer_text: "",
      },
      ...account.organization,
    },
  };
}

/** Whether an organization made then is bound to strict service-token authentication. */
export function isStrictByDefault(createdAt: string): boolean {
  return Date.parse(createdAt) >= Date.parse("2026-10-05T00:00:00Z");
}
