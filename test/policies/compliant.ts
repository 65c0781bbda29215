import { type PropertyMap, type PropertyValue, Secret, UNKNOWN } from "../../packages/provider/host/values";
import { type Kind, type Resource, TYPES } from "../../policies/resource";

/** How a compliant stack is to be made. */
export interface Shape {
  /** `preview`: what its providers compute is not known yet. Default: `update`. */
  mode?: "preview" | "update";
  stack?: string;
  /** Whether the tunnel is another's, with the project's own ingress resource. */
  shared?: boolean;
  applications?: {
    name: string;
    emails: string[];
    emailDomains: string[];
    sessionDuration: string;
    tokens: number;
  }[];
  tokenDurations?: string[];
}

const ACCOUNT = "0123456789abcdef0123456789abcdef";
const SHARED_TUNNEL = "11111111-2222-4333-8444-555555555555";

/** What every rule passes: the stack that the program declares, as the engine hands it over. */
export function compliant(shape: Shape = {}): Resource[] {
  const { mode = "update", stack = "dev", shared = false, tokenDurations = ["8760h"] } = shape;
  const { applications = [EXAMPLE] } = shape;
  const made = (value: string): PropertyValue => (mode === "preview" ? UNKNOWN : value);
  const resource = (
    kind: Kind,
    name: string,
    properties: PropertyMap,
    from: Record<string, Resource[]> = {},
  ): Resource => {
    const type = TYPES[kind][0];
    const dependencies = Object.entries(from).map(([property, origins]) => [
      property,
      origins.map(({ urn }) => urn),
    ]);
    return {
      urn: `urn:pulumi:${stack}::comfyui-access::${type}::${name}`,
      type,
      name,
      properties: {
        id: made(`id-of-${kind}-${name}`),
        ...(kind === "dnsRecord" ? {} : { accountId: ACCOUNT }),
        ...properties,
      },
      protect: kind === "token" && stack === "prod",
      propertyDependencies: Object.fromEntries(dependencies),
    };
  };
  const idOf = ({ properties }: Resource): PropertyValue => properties["id"] ?? null;

  const google = resource("identityProvider", "google", {
    name: "Google",
    type: "google",
    config: { clientId: "dev.apps.googleusercontent.com", clientSecret: new Secret("GOCSPX-made-up-secret") },
  });
  const tokens = tokenDurations.map((duration, index) =>
    resource("token", `token-${index}`, {
      name: `token-${index}`,
      duration,
      clientSecret: new Secret(UNKNOWN),
    }),
  );
  const guarded = applications.map(({ name, emails, emailDomains, sessionDuration, tokens: count }) => {
    const people = resource(
      "policy",
      `${name}-google-email`,
      {
        name: `${name}-google-email`,
        decision: "allow",
        includes: [
          ...emails.map((email) => ({ email: { email } })),
          ...emailDomains.map((domain) => ({ emailDomain: { domain } })),
        ],
        requires: [{ loginMethod: { id: idOf(google) } }],
        sessionDuration,
      },
      { requires: [google] },
    );
    const accepted = tokens.slice(0, count);
    const machines = resource(
      "policy",
      `${name}-service-token`,
      {
        name: `${name}-service-token`,
        decision: "non_identity",
        includes: accepted.map((token) => ({ serviceToken: { tokenId: idOf(token) } })),
        sessionDuration,
      },
      { includes: accepted },
    );
    const policies = accepted.length > 0 ? [people, machines] : [people];
    const application = resource(
      "application",
      name,
      {
        name,
        type: "self_hosted",
        aud: made(`aud-of-${name}`),
        destinations: [{ type: "public", uri: `${name}.datacrew.space` }],
        policies: policies.map((policy, index) => ({ id: idOf(policy), precedence: index + 1 })),
        allowedIdps: [idOf(google)],
        autoRedirectToIdentity: true,
        sessionDuration,
      },
      { policies, allowedIdps: [google] },
    );
    return { application, policies };
  });
  const tunnel = resource("tunnel", "tunnel", {
    name: "comfyui",
    tunnelSecret: new Secret(made("c2VjcmV0")),
  });
  const tunnelId = shared ? SHARED_TUNNEL : idOf(tunnel);
  const audience = shared ? "audTag" : "audTags";
  const rules = guarded.map(({ application }) => ({
    hostname: `${application.name}.datacrew.space`,
    service: "http://localhost:8188",
    originRequest: {
      access: { required: true, teamName: "datacrew", [audience]: [application.properties["aud"] ?? null] },
    },
  }));
  const declared = guarded.map(({ application }) => application);
  const ingress = shared
    ? resource("sharedIngress", "ingress", { tunnelId, rules }, { rules: declared })
    : resource(
        "ownIngress",
        "ingress",
        { tunnelId, config: { ingresses: [...rules, { service: "http_status:404" }] } },
        { config: declared, tunnelId: [tunnel] },
      );
  const records = declared.map(({ name }) =>
    resource(
      "dnsRecord",
      name,
      {
        name: `${name}.datacrew.space`,
        type: "CNAME",
        content: shared ? `${SHARED_TUNNEL}.cfargotunnel.com` : made("id-of-tunnel-tunnel.cfargotunnel.com"),
        proxied: true,
        ttl: 1,
      },
      shared ? {} : { content: [tunnel] },
    ),
  );
  return [
    resource("provider", "default_6_22_1", { version: "6.22.1" }),
    google,
    ...tokens,
    ...guarded.flatMap(({ application, policies }) => [...policies, application]),
    ...(shared ? [] : [tunnel]),
    resource("secretReader", "clients", {
      member: "serviceAccount:clients@datacrew-prod.iam.gserviceaccount.com",
      role: "roles/secretmanager.secretAccessor",
      secretId: "comfyui-api",
      project: "datacrew-prod",
    }),
    ingress,
    ...records,
  ];
}

const EXAMPLE = {
  name: "comfyui",
  emails: ["artist@datacrew.space"],
  emailDomains: [],
  sessionDuration: "24h",
  tokens: 1,
};

/** The resource of a kind, by name where there are several. */
export function the(resources: Resource[], kind: Kind, name?: string): Resource {
  const types: readonly string[] = TYPES[kind];
  const found = resources.filter((each) => types.includes(each.type) && each.name === (name ?? each.name));
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`${found.length} of ${kind} ${name ?? ""}`);
  return found[0];
}

/** Sets a value inside a resource, as `includes[0].email.email`; undefined takes the property away. */
export function set(resource: Resource, path: string, value: PropertyValue | undefined): void {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
  const last = steps.pop() ?? "";
  let inside = resource.properties as Record<string, unknown>;
  for (const step of steps) inside = inside[step] as Record<string, unknown>;
  if (value === undefined) delete inside[last];
  else inside[last] = value;
}
