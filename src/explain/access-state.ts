import type { Policy, PolicyDecision, Rule } from "../access";
import { UserError } from "../errors";

/** An application of a stack, with its policies in the order of their precedence. */
export interface StateApplication {
  id: string;
  name: string;
  aud?: string;
  destinations: Readonly<Record<string, unknown>>[];
  policies: Policy[];
  /** Ids of the identity providers that its login offers; empty means all of the account's. */
  allowedIdps: string[];
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
}

/** A public host name of the tunnel, and whether the connector checks the Access JWT for it. */
export interface StateIngressRule {
  hostname?: string;
  service: string;
  jwtRequired: boolean;
  /** The team whose JWTs it takes. */
  teamName?: string;
}

/** What of a stack's state decides who gets in. */
export interface AccessState {
  applications: StateApplication[];
  tokens: StateToken[];
  identityProviders: { id: string; name: string }[];
  ingress: StateIngressRule[];
  /** Names of the DNS records. */
  hostnames: string[];
  tunnelId?: string;
  accountId?: string;
}

type Fields = Readonly<Record<string, unknown>>;

interface Resource {
  type: string;
  id: string;
  outputs: Fields;
}

const TYPES = {
  application: "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication",
  policy: "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy",
  token: "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken",
  identityProvider: "cloudflare:index/zeroTrustAccessIdentityProvider:ZeroTrustAccessIdentityProvider",
  ownIngress: "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig",
  sharedIngress: "comfyui-access:index:TunnelIngress",
  dnsRecord: "cloudflare:index/dnsRecord:DnsRecord",
} as const;

/**
 * Reads what `pulumi stack export` prints.
 * @param text the export; its secrets may be encrypted, none is needed.
 * @param where it comes from, for messages.
 * @throws {UserError} when it is not an export, or the stack protects no application.
 */
export function parseAccessState(text: string, where: string): AccessState {
  const resources = resourcesOf(text, where);
  const of = (type: string) => resources.filter((resource) => resource.type === type);
  const policies = new Map(of(TYPES.policy).map((resource) => [resource.id, policyOf(resource)]));
  const applications = of(TYPES.application).map((resource) => applicationOf(resource, policies));
  if (applications.length === 0) {
    throw new UserError(
      `${where} has no Access application`,
      "Run `pulumi up` first, or name another stack.",
    );
  }
  const ownIngress = of(TYPES.ownIngress);
  const sharedIngress = of(TYPES.sharedIngress);
  return {
    applications,
    tokens: of(TYPES.token).map(tokenOf),
    identityProviders: of(TYPES.identityProvider).map(({ id, outputs }) => ({
      id,
      name: textOf(outputs["name"]) ?? id,
    })),
    ingress: [
      ...ownIngress.flatMap(({ outputs }) => list(fields(outputs["config"])["ingresses"]).map(ingressOf)),
      ...sharedIngress.flatMap(({ outputs }) => list(outputs["rules"]).map(ingressOf)),
    ],
    hostnames: of(TYPES.dnsRecord).flatMap(({ outputs }) => textOf(outputs["name"]) ?? []),
    tunnelId: textOf([...ownIngress, ...sharedIngress][0]?.outputs["tunnelId"]),
    accountId: textOf(of(TYPES.application)[0]?.outputs["accountId"]),
  };
}

function resourcesOf(text: string, where: string): Resource[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new UserError(`${where} is not JSON`, "Give the file that `pulumi stack export` wrote.");
  }
  const resources = fields(fields(parsed)["deployment"])["resources"];
  if (!Array.isArray(resources)) {
    throw new UserError(
      `${where} is not a stack's exported state`,
      "Give the file that `pulumi stack export` wrote.",
    );
  }
  return resources.map(fields).flatMap((resource) => {
    // What a replacement left to be deleted does not decide anything any more.
    if (resource["delete"] === true) return [];
    const outputs = { ...fields(resource["inputs"]), ...fields(resource["outputs"]) };
    return [{ type: String(resource["type"]), id: textOf(resource["id"]) ?? "", outputs }];
  });
}

function applicationOf({ id, outputs }: Resource, policies: ReadonlyMap<string, Policy>): StateApplication {
  const links = list(outputs["policies"])
    .map(fields)
    .sort((a, b) => Number(a["precedence"] ?? 0) - Number(b["precedence"] ?? 0));
  const cors = outputs["corsHeaders"];
  return {
    id,
    name: textOf(outputs["name"]) ?? id,
    aud: textOf(outputs["aud"]),
    destinations: list(outputs["destinations"]).map(fields),
    policies: links.map((link) => linkedPolicy(link, policies)),
    allowedIdps: list(outputs["allowedIdps"]).filter((each) => typeof each === "string"),
    serviceAuth401: outputs["serviceAuth401Redirect"] === true,
    preflightBypass: outputs["optionsPreflightBypass"] === true,
    ...(cors === undefined || cors === null ? {} : { corsOrigins: corsOriginsOf(fields(cors)) }),
  };
}

function corsOriginsOf(cors: Fields): string[] {
  if (cors["allowAllOrigins"] === true) return ["*"];
  return list(cors["allowedOrigins"]).filter((origin) => typeof origin === "string");
}

function linkedPolicy(link: Fields, policies: ReadonlyMap<string, Policy>): Policy {
  const id = textOf(link["id"]) ?? "";
  const known = policies.get(id);
  if (known !== undefined) return known;
  if (list(link["includes"]).length > 0) return policyOf({ type: TYPES.policy, id, outputs: link });
  // A policy of somebody else's: that it could be anything must not be hidden.
  const unknown = { "policy of another stack": { id } };
  return { id, name: id, decision: "allow", include: [unknown], require: [], exclude: [] };
}

function policyOf({ id, outputs }: Resource): Policy {
  return {
    id,
    name: textOf(outputs["name"]) ?? id,
    decision: (textOf(outputs["decision"]) ?? "deny") as PolicyDecision,
    include: rulesOf(outputs["includes"]),
    require: rulesOf(outputs["requires"]),
    exclude: rulesOf(outputs["excludes"]),
  };
}

function rulesOf(value: unknown): Rule[] {
  return list(value).map((rule) => wireRule(fields(rule)));
}

/** The two names that the API does not spell in snake case. */
const ODD_NAMES: Readonly<Record<string, string>> = {
  azureAd: "azureAD",
  githubOrganization: "github-organization",
};

/** A rule in the API's form: Pulumi spells its names in camel case and keeps empty ones. */
function wireRule(rule: Fields): Rule {
  return Object.fromEntries(
    Object.entries(rule)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [ODD_NAMES[name] ?? snakeCase(name), wireFields(value)]),
  );
}

function wireFields(value: unknown): unknown {
  return Object.fromEntries(Object.entries(fields(value)).map(([name, inner]) => [snakeCase(name), inner]));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function tokenOf({ id, outputs }: Resource): StateToken {
  return {
    id,
    name: textOf(outputs["name"]) ?? id,
    clientId: textOf(outputs["clientId"]),
    expiresAt: textOf(outputs["expiresAt"]),
  };
}

function ingressOf(value: unknown): StateIngressRule {
  const rule = fields(value);
  const access = fields(fields(rule["originRequest"])["access"]);
  return {
    hostname: textOf(rule["hostname"]),
    service: textOf(rule["service"]) ?? "",
    jwtRequired: access["required"] === true,
    teamName: textOf(access["teamName"]),
  };
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
