import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";

/** What one run of the program changes, by object; each part replaces or adds properties. */
interface Changes {
  tunnel?: Partial<cloudflare.ZeroTrustTunnelCloudflaredArgs>;
  alert?: Partial<cloudflare.NotificationPolicyArgs>;
  idp?: Partial<cloudflare.ZeroTrustAccessIdentityProviderArgs>;
  token?: Partial<cloudflare.ZeroTrustAccessServiceTokenArgs>;
  record?: Partial<cloudflare.DnsRecordArgs>;
  emailPolicy?: Partial<cloudflare.ZeroTrustAccessPolicyArgs>;
  tokenPolicy?: Partial<cloudflare.ZeroTrustAccessPolicyArgs>;
  app?: Partial<cloudflare.ZeroTrustAccessApplicationArgs>;
  config?: Partial<cloudflare.ZeroTrustTunnelCloudflaredConfigArgs>;
  /** The address of Cloudflare's API by which a further provider, of the program's own, makes one more tunnel. */
  apiAddress?: string;
  /** The people's policy takes its session from something that only an update knows. */
  untold?: boolean;
  /** The ingress list with a second rule, and without the check of the Access JWT. */
  otherRules?: boolean;
  /** Properties to leave out, as `object.property`; `catch-all` for the last ingress rule. */
  without?: string[];
}

const stackConfig = new pulumi.Config();
const accountId = stackConfig.require("accountId");
const zoneId = stackConfig.require("zoneId");
const changes = stackConfig.getObject<Changes>("changes") ?? {};
const hostname = "comfyui.datacrew.space";

/** The arguments with this run's changes. */
function args<T extends object>(object: keyof Changes, base: T): T {
  const whole = { ...base, ...(changes[object] as Partial<T> | undefined) };
  const dropped = (changes.without ?? [])
    .filter((path) => path.startsWith(`${object}.`))
    .map((path) => path.slice(object.length + 1));
  return Object.fromEntries(Object.entries(whole).filter(([name]) => !dropped.includes(name))) as T;
}

const tunnel = new cloudflare.ZeroTrustTunnelCloudflared(
  "comfyui",
  args("tunnel", {
    accountId,
    name: "comfyui",
    configSrc: "cloudflare",
    tunnelSecret: pulumi.secret("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="),
  }),
);

new cloudflare.NotificationPolicy(
  "expiry",
  args("alert", {
    accountId,
    name: "token expiry",
    alertType: "expiring_service_token_alert",
    enabled: true,
    mechanisms: { emails: [{ id: "a@b.c" }] },
  }),
);

const idp = new cloudflare.ZeroTrustAccessIdentityProvider(
  "google",
  args("idp", {
    accountId,
    name: "Google",
    type: "google",
    config: { clientId: "x.apps.googleusercontent.com", clientSecret: pulumi.secret("GOCSPX-abc") },
  }),
);

const token = new cloudflare.ZeroTrustAccessServiceToken(
  "comfyui-api",
  args("token", { accountId, name: "comfyui-api", duration: "8760h" }),
);

new cloudflare.DnsRecord(
  "comfyui",
  args("record", {
    zoneId,
    name: hostname,
    type: "CNAME",
    content: pulumi.interpolate`${tunnel.id}.cfargotunnel.com`,
    proxied: true,
    ttl: 1,
  }),
);

const tokenPolicy = new cloudflare.ZeroTrustAccessPolicy(
  "service-token",
  args("tokenPolicy", {
    accountId,
    name: "service-token",
    decision: "non_identity",
    includes: [{ serviceToken: { tokenId: token.id } }],
    sessionDuration: "24h",
  }),
);

const emailPolicy = new cloudflare.ZeroTrustAccessPolicy(
  "google-email",
  args("emailPolicy", {
    accountId,
    name: "google-email",
    decision: "allow",
    includes: [{ email: { email: "a@b.c" } }],
    requires: [{ loginMethod: { id: idp.id } }],
    sessionDuration: changes.untold ? token.expiresAt.apply(() => "24h") : "24h",
  }),
);

const app = new cloudflare.ZeroTrustAccessApplication(
  "comfyui",
  args("app", {
    accountId,
    name: "ComfyUI",
    type: "self_hosted",
    destinations: [{ type: "public", uri: hostname }],
    allowedIdps: [idp.id],
    autoRedirectToIdentity: true,
    sessionDuration: "24h",
    policies: [
      { id: emailPolicy.id, precedence: 1 },
      { id: tokenPolicy.id, precedence: 2 },
    ],
  }),
);

const guarded = {
  hostname,
  service: "http://localhost:8188",
  originRequest: { access: { required: true, teamName: "datacrew", audTags: [app.aud] } },
};
const ingresses = changes.otherRules
  ? [
      { hostname: "other.datacrew.space", service: "http://localhost:1" },
      { hostname, service: "http://localhost:8188" },
    ]
  : [guarded];

new cloudflare.ZeroTrustTunnelCloudflaredConfig(
  "comfyui",
  args("config", {
    accountId,
    tunnelId: tunnel.id,
    config: {
      ingresses: [
        ...ingresses,
        ...(changes.without?.includes("catch-all") ? [] : [{ service: "http_status:404" }]),
      ],
    },
  }),
);

if (changes.apiAddress !== undefined) {
  const provider = new cloudflare.Provider("own", { apiToken: "made-up", baseUrl: changes.apiAddress });
  new cloudflare.ZeroTrustTunnelCloudflared("more", { accountId, name: "more" }, { provider });
}
