import { handedOut } from "../config/stand-in";
import { tunnelHost } from "../packages/access/tunnel-host";
import { TYPES } from "../packages/cloudflare/kinds";
import { type AccessApplicationArgs, accessApplication, applicationPolicies } from "./access-application";
import { googleEmailPolicy, serviceTokenPolicy } from "./access-policy";
import { argsFrom, type Declarable, NAMES, type Place } from "./args";
import { dnsRoute } from "./dns-route";
import { type ExpiryAlertArgs, expiryAlerts } from "./expiry-alert";
import { GOOGLE_LOGIN, type GoogleIdentityProviderArgs, googleLogin } from "./google-identity-provider";
import { type SecretStoreArgs, storedSecrets } from "./secret-store";
import { serviceToken } from "./service-token";
import { ownedTunnel, TUNNEL_SECRET, type TunnelArgs, tunnelSecretName } from "./tunnel";
import { ingressRules, ownedIngress, sharedIngress, type TunnelIngressArgs } from "./tunnel-ingress";
import { AROUND, COMPONENTS } from "./types";

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
 * What the program declares for a config: each resource that it registers, and nothing else. Whoever has to know that
 * without running the program asks here; a test holds the program to it.
 * @throws UserError for what the program would refuse too
 */
export function declaration(config: Declarable, known: Known): Declared[] {
  const args = argsFrom(config, known);
  const list = new Declaring(known);
  const { google } = config;
  const clientSecret =
    google.clientId === undefined ? undefined : known.secretOf("identity provider", NAMES.login);
  const loginId = list.login(args.login(), clientSecret);
  const tokens = config.serviceTokens.map((token) => {
    const { name } = token;
    const properties = serviceToken(name, args.token(token));
    return { ...token, id: list.add("service token", name, { type: TYPES.token, name, properties }) };
  });
  const applications = config.applications.map((application) => {
    const { name } = application;
    const parent = list.application(name, args.application(application, loginId, tokens));
    return { application: { ...application, aud: known.audOf(name) }, parent };
  });
  const tunnelId = list.tunnel(args.tunnel());
  list.ingress(
    args.ingress(
      tunnelId,
      applications.map(({ application }) => application),
    ),
  );
  for (const { application, parent } of applications) {
    const { name, hostname } = application;
    const properties = dnsRoute(args.route(application, tunnelId), tunnelHost(tunnelId));
    list.add("DNS record", hostname, { type: TYPES.dnsRecord, name, parent, properties });
  }
  const credentials = Object.entries(handedOut(config.serviceTokens)).map(([name, token]) => {
    return [name, known.secretOf("service token", token.name)] as const;
  });
  list.store(args.store(Object.fromEntries(credentials), clientSecret));
  list.alerts(args.alerts());
  return list.declared;
}

/** A declaration under way: what each component declares for its args. */
class Declaring {
  readonly declared: Declared[] = [];

  constructor(private readonly known: Known) {}

  /** Declares an object, and gives the id that stands for it. */
  add(kind: Kind, name: string, resource: Resource): string {
    const id = this.known.idOf(kind, name);
    this.declared.push({ kind, id, resource });
    return id;
  }

  /** Declares a component, and gives it as a parent. */
  private component(type: string, name: string): { type: string; name: string } {
    this.declared.push({ kind: "component", id: "", resource: { type, name, properties: {} } });
    return { type, name };
  }

  login({ accountId, google }: Login, clientSecret: string | undefined): string {
    const name = NAMES.login;
    const parent = this.component(COMPONENTS.login, name);
    if (google.clientId === undefined) return google.identityProviderId;
    const properties = googleLogin(accountId, google.clientId, clientSecret);
    return this.add("identity provider", GOOGLE_LOGIN.name, {
      type: TYPES.identityProvider,
      name,
      parent,
      properties,
    });
  }

  application(name: string, args: AccessApplicationArgs) {
    const parent = this.component(COMPONENTS.application, name);
    const policies = applicationPolicies(name, args).map((policy) => {
      const properties =
        policy.people === undefined
          ? serviceTokenPolicy(policy.name, policy.tokens)
          : googleEmailPolicy(policy.name, policy.people);
      const resource = { type: TYPES.policy, name: policy.name, parent, properties };
      return { id: this.add("policy", policy.name, resource) };
    });
    const properties = accessApplication(name, args, policies);
    this.add("application", name, { type: TYPES.application, name, parent, properties });
    return parent;
  }

  tunnel({ accountId, tunnel }: TunnelArgs): string {
    const parent = this.component(COMPONENTS.tunnel, NAMES.tunnel);
    if (tunnel.name === undefined) return tunnel.id;
    const name = tunnelSecretName(NAMES.tunnel);
    this.add("tunnel secret", name, { type: AROUND.tunnelSecret, name, parent, properties: TUNNEL_SECRET });
    const properties = ownedTunnel(accountId, tunnel.name, this.known.secretOf("tunnel", tunnel.name));
    return this.add("tunnel", tunnel.name, { type: TYPES.tunnel, name: NAMES.tunnel, parent, properties });
  }

  ingress(args: TunnelIngressArgs): void {
    const name = NAMES.ingress;
    this.add("ingress rule", name, {
      type: args.shared ? TYPES.sharedIngress : TYPES.ownIngress,
      name,
      parent: this.component(COMPONENTS.ingress, name),
      properties: args.shared ? { ...sharedIngress(args) } : ownedIngress(args),
      rules: ingressRules(args).map((rule) => ({ ...rule })),
    });
  }

  store(args: SecretStoreArgs | undefined): void {
    if (args === undefined) return;
    const parent = this.component(COMPONENTS.store, NAMES.store);
    const { api, secrets } = storedSecrets(NAMES.store, args);
    this.add("secret store", api.name, { type: AROUND.googleApi, ...api, parent });
    for (const { key: name, value, secret, version, readers } of secrets) {
      const id = this.add("stored secret", name, { type: AROUND.secret, name, parent, properties: secret });
      const properties = version(id, value);
      this.add("secret version", name, { type: AROUND.secretVersion, name, parent, properties });
      for (const { name: reader, grant } of readers) {
        const resource = { type: AROUND.secretReader, name: reader, parent };
        this.add("secret reader", reader, { ...resource, properties: grant(secret.secretId) });
      }
    }
  }

  alerts(args: ExpiryAlertArgs | undefined): void {
    if (args === undefined) return;
    const parent = this.component(COMPONENTS.alerts, NAMES.alerts);
    for (const [name, properties] of Object.entries(expiryAlerts(args))) {
      this.add("alert", properties.name, { type: TYPES.alert, name, parent, properties });
    }
  }
}

/** A login's args, whose secret is none of a declaration's business. */
type Login = Pick<GoogleIdentityProviderArgs, "accountId"> & Pick<Declarable, "google">;

/** A resource's URN, without aliases or nesting deeper than the program's. */
export function urnOf(
  { type, name, parent }: Pick<Resource, "type" | "name" | "parent">,
  project: string,
  stack: string,
) {
  const qualified = parent === undefined ? type : `${parent.type}$${type}`;
  return `urn:pulumi:${stack}::${project}::${qualified}::${name}`;
}
