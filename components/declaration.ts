import type * as pulumi from "@pulumi/pulumi";
import { stackPrefix } from "../config/secret-id";
import type { GoogleConfig, StackConfig } from "../config/stack-config";
import { acceptedTokens, handedOut } from "../config/stand-in";
import { tunnelHost } from "../packages/access/tunnel-host";
import { TYPES } from "../packages/cloudflare/access-state";
import { type AccessApplicationArgs, accessApplication, applicationPolicies } from "./access-application";
import { googleEmailPolicy, serviceTokenPolicy } from "./access-policy";
import { type DnsRouteArgs, dnsRoute, ownerComment } from "./dns-route";
import { type ExpiryAlertArgs, expiryAlerts } from "./expiry-alert";
import { GOOGLE_LOGIN, googleLogin } from "./google-identity-provider";
import { storedCredentials, storedSecrets } from "./secret-store";
import { type ServiceTokenArgs, serviceToken } from "./service-token";
import { ownedTunnel, TUNNEL_SECRET, tunnelSecretName } from "./tunnel";
import { ingressRules, ownedIngress, sharedIngress, type TunnelIngressArgs } from "./tunnel-ingress";
import { AROUND, COMPONENTS } from "./types";

/** What of the config decides what is declared. */
export type Declarable<Secret = unknown> = Pick<
  StackConfig<Secret>,
  | "accountId"
  | "teamName"
  | "google"
  | "tunnel"
  | "applications"
  | "serviceTokens"
  | "protectTokens"
  | "secretStore"
  | "alerts"
>;

type Application = Declarable["applications"][number];
type Token = Declarable["serviceTokens"][number];
/** An id, or another text, that is known now or only when the program has run. */
type Text = pulumi.Input<string>;

/** Whose program it is, and the zone of its host names. */
export interface Place {
  project: string;
  stack: string;
  zoneId: string;
}

/** What the program calls what it has one of. */
export const NAMES = {
  login: "google",
  tunnel: "tunnel",
  ingress: "ingress",
  store: "secret-store",
  alerts: "alerts",
} as const;

/** The components' args, as they follow from the config; what is only known once a resource is there is asked for. */
export function argsFrom<Secret>(config: Declarable<Secret>, { project, stack, zoneId }: Place) {
  const { accountId, teamName, tunnel } = config;
  const prefix = stackPrefix(project, stack);
  return {
    login: (): { accountId: string; teamName: string; google: GoogleConfig<Secret> } => {
      return { accountId, teamName, google: config.google };
    },
    token: ({ duration, version, previousExpiresAt, standIn }: Token): ServiceTokenArgs => {
      const protect = config.protectTokens && standIn === undefined;
      return { accountId, duration, version, previousExpiresAt, protect };
    },
    application: (
      { hostname, allow, serviceTokens, sessionDuration }: Application,
      identityProviderId: Text,
      tokens: readonly (Pick<Token, "name" | "standIn"> & { id: Text })[],
    ): AccessApplicationArgs => {
      const tokenIds = acceptedTokens({ serviceTokens }, tokens).map(({ id }) => id);
      return { accountId, hostname, identityProviderId, allow, tokenIds, sessionDuration };
    },
    tunnel: () => ({ accountId, tunnel }),
    ingress: (tunnelId: Text, applications: readonly (Application & { aud: Text })[]): TunnelIngressArgs => {
      const rules = applications.map(({ hostname, service, aud }) => ({ hostname, service, aud }));
      return { accountId, teamName, tunnelId, shared: tunnel.id !== undefined, rules };
    },
    route: ({ hostname }: Application, tunnelId: Text): DnsRouteArgs => {
      return { zoneId, hostname, tunnelId, comment: ownerComment(project, stack) };
    },
    store: (tokens: Readonly<Record<string, Text>>, clientSecret: Text | undefined) => {
      if (config.secretStore.kind === "none") return undefined;
      const { project, readers } = config.secretStore;
      return { project, readers, prefix, secrets: storedCredentials(tokens, clientSecret) };
    },
    alerts: (): ExpiryAlertArgs | undefined => {
      return config.alerts && { accountId, emails: config.alerts.emails, prefix };
    },
  };
}

/** What a resource stands for, in the vendor's words where it is an object of the account. */
export type Kind =
  | "component"
  | "application"
  | "policy"
  | "identity provider"
  | "service token"
  | "tunnel"
  | "tunnel secret"
  | "ingress rule"
  | "DNS record"
  | "alert"
  | "secret store"
  | "stored secret"
  | "secret version"
  | "secret reader";

/** A resource of the program. */
export interface Resource {
  type: string;
  name: string;
  parent?: { type: string; name: string };
  /** Inputs as the program declares them. */
  properties: Readonly<Record<string, unknown>>;
  /** Of what holds a tunnel's rules: those of the stack, one by one, as the API takes them. */
  rules?: readonly Readonly<Record<string, unknown>>[];
}

/** A resource of the program, and what it stands for. */
export interface Declared {
  kind: Kind;
  /** Id of the object, as {@link Known} says it; empty for a component. */
  id: string;
  resource: Resource;
}

/** What a declaration has in place of what only the vendors will know: what is known of it, or a word that stands for it. */
export interface Known extends Place {
  /** Id of an object, by what it is called: a secret by its resource's name, any other one by its own. */
  idOf(kind: Kind, name: string): string;
  /** Audience tag of an application. */
  audOf(application: string): string;
  /** A secret: of the login, of the tunnel, or the credential of a token. */
  secretOf(kind: "identity provider" | "tunnel" | "service token", name: string): string;
}

/**
 * What the program declares for a config: each resource that it registers, in its own order, and nothing else. Whoever
 * has to know that without running the program asks here; a test holds the program to it.
 * @throws UserError for what the program would refuse too
 */
export function declaration(config: Declarable, known: Known): Declared[] {
  const { accountId, google, tunnel } = config;
  const args = argsFrom(config, known);
  const declared: Declared[] = [];
  const add = (kind: Kind, name: string, resource: Resource): string => {
    const id = known.idOf(kind, name);
    declared.push({ kind, id, resource });
    return id;
  };
  const component = (type: string, name: string) => {
    declared.push({ kind: "component", id: "", resource: { type, name, properties: {} } });
    return { type, name };
  };

  const login = component(COMPONENTS.login, NAMES.login);
  const clientSecret =
    google.clientId === undefined ? undefined : known.secretOf("identity provider", NAMES.login);
  const loginId =
    google.clientId === undefined
      ? google.identityProviderId
      : add("identity provider", GOOGLE_LOGIN.name, {
          type: TYPES.identityProvider,
          name: NAMES.login,
          parent: login,
          properties: googleLogin(accountId, google.clientId, clientSecret),
        });

  const tokens = config.serviceTokens.map((token) => {
    const { name } = token;
    const properties = serviceToken(name, args.token(token));
    return { ...token, id: add("service token", name, { type: TYPES.token, name, properties }) };
  });

  const applications = config.applications.map((application) => {
    const { name } = application;
    const parent = component(COMPONENTS.application, name);
    const wanted = args.application(application, loginId, tokens);
    const policies = applicationPolicies(name, wanted).map((policy) => {
      const properties =
        policy.people === undefined
          ? serviceTokenPolicy(policy.name, policy.tokens)
          : googleEmailPolicy(policy.name, policy.people);
      return {
        id: add("policy", policy.name, { type: TYPES.policy, name: policy.name, parent, properties }),
      };
    });
    const properties = accessApplication(name, wanted, policies);
    add("application", name, { type: TYPES.application, name, parent, properties });
    return { ...application, aud: known.audOf(name), parent };
  });

  const tunnelComponent = component(COMPONENTS.tunnel, NAMES.tunnel);
  if (tunnel.name !== undefined) {
    const parent = tunnelComponent;
    const secret = tunnelSecretName(NAMES.tunnel);
    add("tunnel secret", secret, {
      type: AROUND.tunnelSecret,
      name: secret,
      parent,
      properties: TUNNEL_SECRET,
    });
    const properties = ownedTunnel(accountId, tunnel.name, known.secretOf("tunnel", tunnel.name));
    add("tunnel", tunnel.name, { type: TYPES.tunnel, name: NAMES.tunnel, parent, properties });
  }
  const tunnelId = tunnel.id ?? known.idOf("tunnel", tunnel.name);
  const ingress = args.ingress(tunnelId, applications);
  add("ingress rule", NAMES.ingress, {
    type: ingress.shared ? TYPES.sharedIngress : TYPES.ownIngress,
    name: NAMES.ingress,
    parent: component(COMPONENTS.ingress, NAMES.ingress),
    properties: ingress.shared ? { ...sharedIngress(ingress) } : ownedIngress(ingress),
    rules: ingressRules(ingress).map((rule) => ({ ...rule })),
  });

  for (const { parent, ...application } of applications) {
    const { name, hostname } = application;
    const properties = dnsRoute(args.route(application, tunnelId), tunnelHost(tunnelId));
    add("DNS record", hostname, { type: TYPES.dnsRecord, name, parent, properties });
  }

  const credentials = Object.entries(handedOut(config.serviceTokens)).map(([name, token]) => {
    return [name, known.secretOf("service token", token.name)] as const;
  });
  const store = args.store(Object.fromEntries(credentials), clientSecret);
  if (store !== undefined) {
    const parent = component(COMPONENTS.store, NAMES.store);
    const { api, secrets } = storedSecrets(NAMES.store, store);
    add("secret store", api.name, { type: AROUND.googleApi, ...api, parent });
    for (const { key, value, secret, version, readers } of secrets) {
      const id = add("stored secret", key, { type: AROUND.secret, name: key, parent, properties: secret });
      const properties = version(id, value);
      add("secret version", key, { type: AROUND.secretVersion, name: key, parent, properties });
      for (const { name, grant } of readers) {
        add("secret reader", name, {
          type: AROUND.secretReader,
          name,
          parent,
          properties: grant(secret.secretId),
        });
      }
    }
  }

  const alerts = args.alerts();
  if (alerts !== undefined) {
    const parent = component(COMPONENTS.alerts, NAMES.alerts);
    for (const [name, properties] of Object.entries(expiryAlerts(alerts))) {
      add("alert", properties.name, { type: TYPES.alert, name, parent, properties });
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
