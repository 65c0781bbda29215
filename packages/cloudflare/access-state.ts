import type { Policy, PolicyDecision } from "../access";
import { UserError } from "../base/errors";
import { type Fields, fieldsOf, listOf, textOf } from "../base/json-values";
import { exportedResources } from "./stack-export";
import { isHidden, MASKED_VALUE, rulesOf } from "./wire-rules";

/** A policy, with how long a session lasts that it begins. */
export interface StatePolicy extends Policy {
  /** Go duration; absent when the application's counts. */
  sessionDuration?: string;
  /** True for a policy that the stack only refers to: what it says is not known. */
  foreign?: true;
}

/** An application of a stack, with its policies in the order of their precedence. */
export interface StateApplication {
  id: string;
  name: string;
  aud?: string;
  destinations: Readonly<Record<string, unknown>>[];
  policies: StatePolicy[];
  /** Ids of the identity providers that its login offers; empty means all of the account's. */
  allowedIdps: string[];
  /** Go duration; absent when the organization's counts. */
  sessionDuration?: string;
  serviceAuth401: boolean;
  preflightBypass: boolean;
  /** Origins of `cors_headers`; absent when the application declares none. */
  corsOrigins?: string[];
}

/** A service token of a stack, without its secret. */
export interface StateToken {
  id: string;
  name: string;
  clientId?: string;
  /** ISO date and time; absent for one that does not expire. */
  expiresAt?: string;
  /** Go duration, or `forever`. */
  duration?: string;
  /** Rotation counter; absent where it is not known. */
  version?: number;
  /** Until when the secret before this version is accepted (RFC 3339); absent where there is none, or it is not known. */
  previousExpiresAt?: string;
}

/** A public host name of the tunnel, and whether the connector checks the Access JWT for it. */
export interface StateIngressRule {
  hostname?: string;
  service: string;
  jwtRequired: boolean;
  /** The team whose JWTs it takes. */
  teamName?: string;
  /** Audience tags of the applications whose JWTs it takes; one that cannot be read is there as a hidden value. */
  audTags: string[];
  /** True when it cannot be read where it leads, or whether it checks. */
  unread?: true;
}

/** A login that people may be offered. */
export interface StateIdentityProvider {
  id: string;
  name: string;
  /** As the API spells it, e.g. `google` or `onetimepin`. */
  type?: string;
}

/** A DNS record; only behind a proxied one does Access stand in front. */
export interface StateRecord {
  name: string;
  /** Undefined: not known. */
  proxied?: boolean;
  /** What it points to, e.g. `<tunnel id>.cfargotunnel.com`; undefined: not known. */
  target?: string;
}

/** What of a stack's state decides who gets in. */
export interface AccessState {
  applications: StateApplication[];
  tokens: StateToken[];
  identityProviders: StateIdentityProvider[];
  ingress: StateIngressRule[];
  /** Names of the DNS records. */
  hostnames: string[];
  records: StateRecord[];
  tunnelId?: string;
  accountId?: string;
}

/** A resource, as far as the access model needs it. */
export interface StateResource {
  type: string;
  id: string;
  /** Its properties in Pulumi's spelling. */
  outputs: Fields;
}

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
 * Reads what `pulumi stack export` prints.
 * @param text the export; its secrets may be encrypted, none is needed.
 * @param where it comes from, for messages.
 * @throws {UserError} when it is not an export, or the stack protects no application.
 */
export function parseAccessState(text: string, where: string): AccessState {
  const state = accessStateOf(resourcesOf(text, where));
  if (state.applications.length === 0) {
    throw new UserError(
      `${where} has no Access application`,
      "Run `pulumi up` first, or name another stack.",
    );
  }
  return state;
}

/** What resources say of who gets in: those of a state, of a preview, or of what a program is about to declare. */
export function accessStateOf(resources: readonly StateResource[]): AccessState {
  const of = (type: string) => resources.filter((resource) => resource.type === type);
  const policies = new Map(of(TYPES.policy).map((resource) => [resource.id, policyOf(resource)]));
  const applications = of(TYPES.application).map((resource) => applicationOf(resource, policies));
  const ownIngress = of(TYPES.ownIngress);
  const sharedIngress = of(TYPES.sharedIngress);
  const records = of(TYPES.dnsRecord).flatMap(recordOf);
  return {
    applications,
    tokens: of(TYPES.token).map(tokenOf),
    identityProviders: of(TYPES.identityProvider).map(({ id, outputs }) => ({
      id,
      name: textOf(outputs["name"]) ?? id,
      type: textOf(outputs["type"]),
    })),
    ingress: [
      ...ownIngress.flatMap(({ outputs }) => listOf(fieldsOf(outputs["config"])["ingresses"]).map(ingressOf)),
      ...sharedIngress.flatMap(({ outputs }) => listOf(outputs["rules"]).map(ingressOf)),
    ],
    hostnames: records.map(({ name }) => name),
    records,
    tunnelId: textOf([...ownIngress, ...sharedIngress][0]?.outputs["tunnelId"]),
    accountId: textOf(of(TYPES.application)[0]?.outputs["accountId"]),
  };
}

/**
 * The resources of what `pulumi stack export` prints, without those that only wait to be deleted.
 * @throws {UserError} when it is not an export.
 */
export function resourcesOf(text: string, where: string): StateResource[] {
  return exportedResources(text, where).map((resource) => ({
    type: String(resource["type"]),
    id: textOf(resource["id"]) ?? "",
    outputs: { ...fieldsOf(resource["inputs"]), ...fieldsOf(resource["outputs"]) },
  }));
}

function applicationOf(
  { id, outputs }: StateResource,
  policies: ReadonlyMap<string, StatePolicy>,
): StateApplication {
  const links = listOf(outputs["policies"])
    .map(fieldsOf)
    .sort((a, b) => Number(a["precedence"] ?? 0) - Number(b["precedence"] ?? 0));
  const cors = outputs["corsHeaders"];
  return {
    id,
    name: textOf(outputs["name"]) ?? id,
    aud: textOf(outputs["aud"]),
    destinations: listOf(outputs["destinations"]).map(fieldsOf),
    policies: links.map((link) => linkedPolicy(link, policies)),
    allowedIdps: listOf(outputs["allowedIdps"]).filter((each) => typeof each === "string"),
    sessionDuration: textOf(outputs["sessionDuration"]),
    serviceAuth401: outputs["serviceAuth401Redirect"] === true,
    preflightBypass: outputs["optionsPreflightBypass"] === true,
    ...(cors === undefined || cors === null ? {} : { corsOrigins: corsOriginsOf(fieldsOf(cors)) }),
  };
}

function corsOriginsOf(cors: Fields): string[] {
  if (cors["allowAllOrigins"] === true) return ["*"];
  return listOf(cors["allowedOrigins"]).filter((origin) => typeof origin === "string");
}

function linkedPolicy(link: Fields, policies: ReadonlyMap<string, StatePolicy>): StatePolicy {
  const id = textOf(link["id"]) ?? "";
  const known = policies.get(id);
  if (known !== undefined) return known;
  if (listOf(link["includes"]).length > 0) return policyOf({ type: TYPES.policy, id, outputs: link });
  // A policy of somebody else's: that it could be anything must not be hidden.
  const unknown = { "policy of another stack": { id } };
  return { id, name: id, decision: "allow", include: [unknown], require: [], exclude: [], foreign: true };
}

function policyOf({ id, outputs }: StateResource): StatePolicy {
  return {
    id,
    name: textOf(outputs["name"]) ?? id,
    decision: (textOf(outputs["decision"]) ?? "deny") as PolicyDecision,
    include: rulesOf(outputs["includes"]),
    require: rulesOf(outputs["requires"]),
    exclude: rulesOf(outputs["excludes"]),
    sessionDuration: textOf(outputs["sessionDuration"]),
  };
}

function tokenOf({ id, outputs }: StateResource): StateToken {
  return {
    id,
    name: textOf(outputs["name"]) ?? id,
    clientId: textOf(outputs["clientId"]),
    expiresAt: textOf(outputs["expiresAt"]),
    duration: textOf(outputs["duration"]),
    ...rotationOf(outputs),
  };
}

function rotationOf(outputs: Fields): Pick<StateToken, "version" | "previousExpiresAt"> {
  const { clientSecretVersion: version, previousClientSecretExpiresAt: until } = outputs;
  return {
    ...(typeof version === "number" ? { version } : {}),
    ...(typeof until === "string" && !isHidden(until) ? { previousExpiresAt: until } : {}),
  };
}

function recordOf({ outputs }: StateResource): StateRecord[] {
  const name = textOf(outputs["name"]);
  const leadsSomewhere = ["A", "AAAA", "CNAME"].includes(textOf(outputs["type"]) ?? "CNAME");
  if (name === undefined || !leadsSomewhere) return [];
  const proxied = isHidden(outputs["proxied"]) ? {} : { proxied: outputs["proxied"] === true };
  const target = textOf(outputs["content"]);
  return [{ name, ...proxied, ...(target === undefined ? {} : { target }) }];
}

function ingressOf(value: unknown): StateIngressRule {
  const rule = fieldsOf(value);
  const { originRequest } = rule;
  const access = fieldsOf(fieldsOf(originRequest)["access"]);
  const parts = [
    value,
    rule["service"],
    originRequest,
    fieldsOf(originRequest)["access"],
    access["required"],
  ];
  return {
    hostname: textOf(rule["hostname"]),
    service: textOf(rule["service"]) ?? "",
    jwtRequired: access["required"] === true,
    teamName: textOf(access["teamName"]),
    // A shared tunnel's rules are in the API's spelling, an owned one's in the provider's.
    audTags: tagsOf(access["audTags"] ?? access["audTag"]),
    ...(parts.some(isHidden) ? { unread: true } : {}),
  };
}

function tagsOf(value: unknown): string[] {
  if (isHidden(value)) return [MASKED_VALUE];
  return listOf(value).flatMap((tag) => (isHidden(tag) ? [MASKED_VALUE] : (textOf(tag) ?? [])));
}
