/**
 * What the sandbox keeps. Entities hold facts in the sandbox's own terms; the files in `api/` turn
 * them into the vendor's wire form. `fields` is a validated request body, kept as it was sent.
 */

/** An object in the vendor's JSON, of which the sandbox need not know every field. */
export type JsonObject = Record<string, unknown>;

export interface Account {
  id: string;
  name: string;
  type: "standard" | "enterprise";
  createdAt: string;
  /** False until Zero Trust has been set up in the dashboard: every `/access` call is refused. */
  zeroTrustEnabled: boolean;
}

export interface Zone {
  id: string;
  accountId: string;
  name: string;
  /** Only an active zone may carry Access applications. */
  status: "initializing" | "pending" | "active" | "moved";
  createdAt: string;
}

interface ApiTokenPolicy {
  id: string;
  effect: "allow" | "deny";
  /** Names of permission groups, e.g. `DNS Write`. */
  permissionGroups: string[];
  /** Vendor resource keys to `*`, e.g. `com.cloudflare.api.account.<id>`. */
  resources: Record<string, string>;
}

export interface ApiToken {
  id: string;
  name: string;
  /** A user's token, or one that the account owns: they are verified at different addresses. */
  kind: "user" | "account";
  /** The owner of a `user` token is the sandbox's one user; of an `account` token, this account. */
  accountId: string | null;
  /** SHA-256 of the value, hexadecimal: the value itself is never kept. */
  valueHash: string;
  status: "active" | "disabled" | "expired";
  policies: ApiTokenPolicy[];
  issuedAt: string;
  expiresAt: string | null;
}

export interface Organization {
  /** The account's id: there is one organization per account. */
  id: string;
  authDomain: string;
  createdAt: string;
  updatedAt: string;
  fields: JsonObject;
}

export interface IdentityProvider {
  id: string;
  accountId: string;
  name: string;
  type: string;
  config: JsonObject;
  scimConfig: JsonObject | null;
  version: string;
  createdAt: string;
  updatedAt: string;
}

export interface AccessPolicy {
  id: string;
  accountId: string;
  /** The application of a policy that was written inside it; null for a reusable one. */
  appId: string | null;
  fields: JsonObject & { name: string; decision: string; include: JsonObject[] };
  createdAt: string;
  updatedAt: string;
}

export interface PolicyLink {
  id: string;
  precedence: number;
}

export interface AccessApplication {
  id: string;
  accountId: string;
  aud: string;
  /** Sorted by precedence. */
  policies: PolicyLink[];
  fields: JsonObject & { name?: string; type: string; destinations: JsonObject[]; domain?: string };
  createdAt: string;
  updatedAt: string;
}

export interface ServiceToken {
  id: string;
  accountId: string;
  name: string;
  clientId: string;
  /** SHA-256 of the current secret, hexadecimal. */
  clientSecretHash: string;
  clientSecretVersion: number;
  /** SHA-256 of the secret before the last rotation; null when it stopped at once. */
  previousClientSecretHash: string | null;
  previousClientSecretExpiresAt: string | null;
  duration: string;
  enabled: boolean;
  /** Null for a token of duration `forever`. */
  expiresAt: string | null;
  createdAt: string;
  updatedAt: string;
}

/** One running `cloudflared` process. */
export interface Connector {
  id: string;
  version: string;
  arch: string;
  originIp: string;
  startedAt: string;
  connections: { id: string; coloName: string; openedAt: string }[];
}

export interface Tunnel {
  id: string;
  accountId: string;
  name: string;
  configSrc: "local" | "cloudflare";
  /** Base64; the connector token is computed from it, so it is kept in clear. */
  secret: string;
  connectors: Connector[];
  connsActiveAt: string | null;
  connsInactiveAt: string | null;
  createdAt: string;
  deletedAt: string | null;
}

export interface TunnelConfiguration {
  /** The tunnel's id. */
  id: string;
  accountId: string;
  version: number;
  config: JsonObject;
  createdAt: string;
}

export interface DnsRecord {
  id: string;
  zoneId: string;
  type: string;
  name: string;
  content: string;
  ttl: number;
  proxied: boolean;
  comment: string | null;
  tags: string[];
  settings: JsonObject;
  /** Further fields of rarer types, e.g. `data`, `priority`. */
  extra: JsonObject;
  createdAt: string;
  updatedAt: string;
}

export interface NotificationPolicy {
  id: string;
  accountId: string;
  fields: JsonObject & { name: string; alert_type: string; enabled: boolean; mechanisms: JsonObject };
  createdAt: string;
  updatedAt: string;
}

export interface GcpSecretVersion {
  /** 1, 2, 3 … */
  number: number;
  state: "ENABLED" | "DISABLED" | "DESTROYED";
  /** Base64; empty when destroyed. */
  data: string;
  createTime: string;
}

export interface GcpSecret {
  /** `projects/<project>/secrets/<name>` */
  id: string;
  createTime: string;
  fields: JsonObject;
  versions: GcpSecretVersion[];
  iam: { version: number; etag: string; bindings: JsonObject[] };
}

export interface GcpService {
  /** `projects/<project>/services/<name>` */
  id: string;
  state: "ENABLED" | "DISABLED";
}

/** An Infisical project, with the folders below the root of each environment. */
export interface InfisicalProject {
  id: string;
  name: string;
  /** `approval`: changes wait until somebody approves them. */
  environments: { slug: string; folders: string[]; approval?: boolean }[];
}

/** A machine identity of Infisical with universal auth. */
export interface InfisicalIdentity {
  id: string;
  name: string;
  clientId: string;
  clientSecretHash: string;
  /** `describer` sees that secrets exist, `viewer` reads them, `admin` writes them. */
  memberships: { projectId: string; role: "admin" | "viewer" | "describer" }[];
}

/** A shared secret of Infisical. */
export interface InfisicalSecret {
  id: string;
  projectId: string;
  environment: string;
  secretPath: string;
  key: string;
  secretValue: string;
  secretComment: string;
  version: number;
  createdAt: string;
  updatedAt: string;
}

/**
 * Choices of the emulated account. Where no source says what the vendor does, the choice is a
 * setting here and never a fact in the code.
 */
export interface Settings {
  /** Longest session an application or policy may ask for; Go duration. */
  maxSessionDuration: string;
  /** Form of new service-token secrets: 64 hexadecimal digits, or `cfast_` as since 26 August 2026. */
  secretFormat: "hex" | "cfast";
  /** Status of a POST that made an identity provider, policy or service token; the vendor's is not known. */
  accessCreateStatus: 200 | 201;
  /** What a proxied record with a `ttl` other than 1 (automatic) gets; the vendor's answer is not known. */
  proxiedTtl: "automatic" | "as-sent" | "refuse";
  /**
   * A proxied address record on the name of a proxied tunnel route (CNAME to `*.cfargotunnel.com`).
   * The Terraform provider replaces a record by creating the new one first; `accept` lets its recorded
   * requests through, `refuse` answers 81054 as Cloudflare does (terraform-provider-cloudflare#6836).
   */
  tunnelRouteReplacement: "accept" | "refuse";
  /** Deleting an identity provider that an application allows; the vendor's answer is not known. */
  identityProviderInUse: "accept" | "refuse";
  /** Status of refusing to delete a tunnel with live connections (code 1022); only third-party fakes say 400. */
  tunnelInUseStatus: 400 | 409;
  /** What GET of a deleted tunnel answers: the tunnel with `deleted_at`, or 404. */
  deletedTunnelRead: "answer" | "not-found";
  /** Whether a tunnel has `connections`: announced to go on 5 October 2026; `/connections` stays. */
  tunnelConnections: "left-out" | "shown";
  /** Whether a Google API must be enabled in the project before it answers. */
  gcpServicesMustBeEnabled: boolean;
}

/** A service token's pass through the edge. */
export interface TokenUse {
  tokenId: string;
  /** RFC 3339. */
  at: string;
}
