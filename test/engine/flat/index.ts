import { DnsRecord, type DnsRecordArgs } from "@pulumi/cloudflare/dnsRecord.js";
import { NotificationPolicy, type NotificationPolicyArgs } from "@pulumi/cloudflare/notificationPolicy.js";
import { Provider } from "@pulumi/cloudflare/provider.js";
import {
  ZeroTrustAccessApplication,
  type ZeroTrustAccessApplicationArgs,
} from "@pulumi/cloudflare/zeroTrustAccessApplication.js";
import {
  ZeroTrustAccessIdentityProvider,
  type ZeroTrustAccessIdentityProviderArgs,
} from "@pulumi/cloudflare/zeroTrustAccessIdentityProvider.js";
import {
  ZeroTrustAccessPolicy,
  type ZeroTrustAccessPolicyArgs,
} from "@pulumi/cloudflare/zeroTrustAccessPolicy.js";
import {
  ZeroTrustAccessServiceToken,
  type ZeroTrustAccessServiceTokenArgs,
} from "@pulumi/cloudflare/zeroTrustAccessServiceToken.js";
import {
  ZeroTrustTunnelCloudflared,
  type ZeroTrustTunnelCloudflaredArgs,
} from "@pulumi/cloudflare/zeroTrustTunnelCloudflared.js";
import {
  ZeroTrustTunnelCloudflaredConfig,
  type ZeroTrustTunnelCloudflaredConfigArgs,
} from "@pulumi/cloudflare/zeroTrustTunnelCloudflaredConfig.js";
import * as pulumi from "@pulumi/pulumi";

/** What one run of the program changes, by object; each part replaces or adds properties. */
interface Changes {
  tunnel?: Partial<ZeroTrustTunnelCloudflaredArgs>;
  alert?: Partial<NotificationPolicyArgs>;
  idp?: Partial<ZeroTrustAccessIdentityProviderArgs>;
  token?: Partial<ZeroTrustAccessServiceTokenArgs>;
  record?: Partial<DnsRecordArgs>;
  emailPolicy?: Partial<ZeroTrustAccessPolicyArgs>;
  tokenPolicy?: Partial<ZeroTrustAccessPolicyArgs>;
  app?: Partial<ZeroTrustAccessApplicationArgs>;
  config?: Partial<ZeroTrustTunnelCloudflaredConfigArgs>;
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

const tunnel = new ZeroTrustTunnelCloudflared(
  "comfyui",
  args("tunnel", {
    accountId,
    name: "comfyui",
    configSrc: "cloudflare",
    tunnelSecret: pulumi.secret("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="),
  }),
);

new NotificationPolicy(
  "expiry",
  args("alert", {
    accountId,
    name: "token expiry",
    alertType: "expiring_service_token_alert",
    enabled: true,
    mechanisms: { emails: [{ id: "a@b.c" }] },
  }),
);

const idp = new ZeroTrustAccessIdentityProvider(
  "google",
  args("idp", {
    accountId,
    name: "Google",
    type: "google",
    config: { clientId: "x.apps.googleusercontent.com", clientSecret: pulumi.secret("GOCSPX-abc") },
  }),
);

const token = new ZeroTrustAccessServiceToken(
  "comfyui-api",
  args("token", { accountId, name: "comfyui-api", duration: "8760h" }),
);

new DnsRecord(
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

const tokenPolicy = new ZeroTrustAccessPolicy(
  "service-token",
  args("tokenPolicy", {
    accountId,
    name: "service-token",
    decision: "non_identity",
    includes: [{ serviceToken: { tokenId: token.id } }],
    sessionDuration: "24h",
  }),
);

const emailPolicy = new ZeroTrustAccessPolicy(
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

const app = new ZeroTrustAccessApplication(
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

new ZeroTrustTunnelCloudflaredConfig(
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
  const provider = new Provider("own", { apiToken: "made-up", baseUrl: changes.apiAddress });
  new ZeroTrustTunnelCloudflared("more", { accountId, name: "more" }, { provider });
}
