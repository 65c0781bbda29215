import { accessApplication, applicationPolicies } from "../../../components/access-application";
import { googleEmailPolicy, serviceTokenPolicy } from "../../../components/access-policy";
import { dnsRoute, ownerComment } from "../../../components/dns-route";
import { expiryAlerts } from "../../../components/expiry-alert";
import { googleLogin } from "../../../components/google-identity-provider";
import { serviceToken } from "../../../components/service-token";
import { sharedRule } from "../../../components/tunnel-ingress";
import { stackPrefix } from "../../../config/secret-id";
import type { StackConfig } from "../../../config/stack-config";
import { TYPES } from "../../cloudflare/access-state";
import { type Kind, newId, type Resource } from "./types";

/** Ids and audience of what exists already and is taken; what is left out is going to be made. */
export interface KnownIds {
  zoneId: string;
  /** By name in the program. */
  applications: Readonly<Record<string, { id: string; aud: string } | undefined>>;
  policies: Readonly<Record<string, string | undefined>>;
  tokens: Readonly<Record<string, string | undefined>>;
  identityProvider?: string;
  /** The stack's own tunnel. */
  tunnel?: string;
}

/** A resource of the program, and what it stands for. */
export interface Declared {
  kind: Kind;
  /** The application that it belongs to; undefined for what the whole stack shares. */
  application?: string;
  /** One resource for all rules of a tunnel. */
  resource: Resource;
}

/** What stands for a secret of the config: its value has no business in a plan. */
export const SECRET = "(secret of the config)";

const component = (type: string, name: string) => ({ type: `comfyui-access:components:${type}`, name });

/**
 * What the program declares in Cloudflare for a config, in its own order. The same functions give the components their
 * inputs, so that the two cannot part.
 */
export function declaredResources(
  config: StackConfig,
  project: string,
  stack: string,
  ids: KnownIds,
): Declared[] {
  const { accountId, teamName } = config;
  const declared: Declared[] = [];
  const add = (kind: Kind, resource: Resource, application?: string) =>
    void declared.push({ kind, resource, ...(application === undefined ? {} : { application }) });

  if (config.google.clientId !== undefined) {
    const properties = googleLogin(accountId, config.google.clientId, SECRET);
    const parent = component("GoogleIdentityProvider", "google");
    add("identity provider", { type: TYPES.identityProvider, name: "google", parent, properties });
  }
  const identityProviderId =
    config.google.identityProviderId ?? ids.identityProvider ?? newId("identity provider", "Google");

  for (const { name, ...token } of config.serviceTokens) {
    add("service token", {
      type: TYPES.token,
      name,
      properties: serviceToken(name, { accountId, ...token }),
    });
  }
  const tokenId = (name: string) => ids.tokens[name] ?? newId("service token", name);

  for (const { name, hostname, allow, serviceTokens, sessionDuration } of config.applications) {
    const parent = component("AccessApplication", name);
    const tokenIds = serviceTokens.map(tokenId);
    const args = { accountId, hostname, identityProviderId, allow, tokenIds, sessionDuration };
    const policies = applicationPolicies(name, args).map((policy) => {
      const properties =
        policy.people === undefined
          ? serviceTokenPolicy(policy.name, policy.tokens)
          : googleEmailPolicy(policy.name, policy.people);
      add("policy", { type: TYPES.policy, name: policy.name, parent, properties }, name);
      return { id: ids.policies[policy.name] ?? newId("policy", policy.name) };
    });
    const properties = accessApplication(name, args, policies);
    add("application", { type: TYPES.application, name, parent, properties }, name);
  }

  const tunnelId = config.tunnel.id ?? ids.tunnel ?? newId("tunnel", config.tunnel.name ?? "");
  const rules = config.applications.map(({ name, hostname, service }) =>
    sharedRule(
      { hostname, service, aud: ids.applications[name]?.aud ?? newId("application", name) },
      teamName,
    ),
  );
  if (config.tunnel.name !== undefined) {
    const tunnel = component("Tunnel", "tunnel");
    add("tunnel", {
      type: TYPES.tunnel,
      name: "tunnel",
      parent: tunnel,
      properties: { accountId, name: config.tunnel.name, configSrc: "cloudflare" },
    });
  }
  add("ingress rule", {
    type: config.tunnel.name === undefined ? TYPES.sharedIngress : TYPES.ownIngress,
    name: "ingress",
    parent: component("TunnelIngress", "ingress"),
    properties: { accountId, tunnelId, rules },
  });
  for (const { name, hostname } of config.applications) {
    const route = { zoneId: ids.zoneId, hostname, comment: ownerComment(project, stack) };
    const properties = dnsRoute(route, `${tunnelId}.cfargotunnel.com`);
    add(
      "DNS record",
      { type: TYPES.dnsRecord, name, parent: component("AccessApplication", name), properties },
      name,
    );
  }
  if (config.alerts !== undefined) {
    const args = { accountId, emails: config.alerts.emails, prefix: stackPrefix(project, stack) };
    for (const [name, properties] of Object.entries(expiryAlerts(args))) {
      add("alert", { type: TYPES.alert, name, parent: component("ExpiryAlert", "alerts"), properties });
    }
  }
  return declared;
}

/** A resource's URN, without aliases or nesting deeper than the program's. */
export function urnOf(
  { type, name, parent }: Pick<Resource, "type" | "name" | "parent">,
  project: string,
  stack: string,
) {
  const qualified = parent === undefined ? type : `${parent.type}$${type}`;
  return `urn:pulumi:${stack}::${project}::${qualified}::${name}`;
}
