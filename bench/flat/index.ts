// What somebody would write without components, config checks or look-ups: the reference of `npm run bench`.
import { DnsRecord } from "@pulumi/cloudflare/dnsRecord.js";
import { NotificationPolicy } from "@pulumi/cloudflare/notificationPolicy.js";
import { ZeroTrustAccessApplication } from "@pulumi/cloudflare/zeroTrustAccessApplication.js";
import { ZeroTrustAccessIdentityProvider } from "@pulumi/cloudflare/zeroTrustAccessIdentityProvider.js";
import { ZeroTrustAccessPolicy } from "@pulumi/cloudflare/zeroTrustAccessPolicy.js";
import { ZeroTrustAccessServiceToken } from "@pulumi/cloudflare/zeroTrustAccessServiceToken.js";
import { ZeroTrustTunnelCloudflared } from "@pulumi/cloudflare/zeroTrustTunnelCloudflared.js";
import { ZeroTrustTunnelCloudflaredConfig } from "@pulumi/cloudflare/zeroTrustTunnelCloudflaredConfig.js";
import { Service } from "@pulumi/gcp/projects/service.js";
import { Secret } from "@pulumi/gcp/secretmanager/secret.js";
import { SecretIamMember } from "@pulumi/gcp/secretmanager/secretIamMember.js";
import { SecretVersion } from "@pulumi/gcp/secretmanager/secretVersion.js";
import * as pulumi from "@pulumi/pulumi";
import { RandomBytes } from "@pulumi/random/randomBytes.js";

interface App {
  name: string;
  hostname: string;
  service: string;
  allow: { emails: string[] };
}

const config = new pulumi.Config("comfyui-access");
const accountId = config.require("accountId");
const teamName = config.require("teamName");
const apps = config.requireObject<App[]>("applications");
const google = config.requireSecretObject<{ clientId: string; clientSecret: string }>("google");
const store = config.requireObject<{ project: string; readers: string[] }>("secretStore");
const alerts = config.requireObject<{ emails: string[] }>("alerts");
const zoneId = new pulumi.Config("flat").require("zoneId");

const idp = new ZeroTrustAccessIdentityProvider("google", {
  accountId,
  name: "Google",
  type: "google",
  config: { clientId: google.clientId, clientSecret: google.clientSecret },
});
const token = new ZeroTrustAccessServiceToken("comfyui-api", {
  accountId,
  name: "comfyui-api",
  duration: "8760h",
});
const tunnelSecret = new RandomBytes("tunnel-secret", { length: 32 });
const tunnel = new ZeroTrustTunnelCloudflared("tunnel", {
  accountId,
  name: "comfyui-dev",
  configSrc: "cloudflare",
  tunnelSecret: tunnelSecret.base64,
});
const applications = apps.map(({ name, hostname, service, allow }) => {
  const people = new ZeroTrustAccessPolicy(`${name}-google-email`, {
    accountId,
    name: `${name}-google-email`,
    decision: "allow",
    includes: allow.emails.map((email) => ({ email: { email } })),
    requires: [{ loginMethod: { id: idp.id } }],
    sessionDuration: "24h",
  });
  const scripts = new ZeroTrustAccessPolicy(`${name}-service-token`, {
    accountId,
    name: `${name}-service-token`,
    decision: "non_identity",
    includes: [{ serviceToken: { tokenId: token.id } }],
    sessionDuration: "24h",
  });
  const application = new ZeroTrustAccessApplication(name, {
    accountId,
    name,
    type: "self_hosted",
    destinations: [{ type: "public", uri: hostname }],
    policies: [
      { id: people.id, precedence: 1 },
      { id: scripts.id, precedence: 2 },
    ],
    allowedIdps: [idp.id],
    autoRedirectToIdentity: true,
    sessionDuration: "24h",
    serviceAuth401Redirect: true,
  });
  return { hostname, service, application };
});
const ingress = new ZeroTrustTunnelCloudflaredConfig("ingress", {
  accountId,
  tunnelId: tunnel.id,
  config: {
    ingresses: [
      ...applications.map(({ hostname, service, application }) => ({
        hostname,
        service,
        originRequest: { access: { required: true, teamName, audTags: [application.aud] } },
      })),
      { service: "http_status:404" },
    ],
  },
});
for (const { hostname } of applications) {
  new DnsRecord(
    hostname,
    {
      zoneId,
      name: hostname,
      type: "CNAME",
      content: pulumi.interpolate`${tunnel.id}.cfargotunnel.com`,
      proxied: true,
      ttl: 1,
    },
    { dependsOn: ingress },
  );
}
for (const [name, alertType] of [
  ["token-expiry", "expiring_service_token_alert"],
  ["tunnel-health", "tunnel_health_event"],
] as const) {
  new NotificationPolicy(name, {
    accountId,
    name,
    alertType,
    enabled: true,
    mechanisms: { emails: alerts.emails.map((id) => ({ id })) },
  });
}
const { project } = store;
const service = new Service("secretmanager", {
  project,
  service: "secretmanager.googleapis.com",
  disableOnDestroy: false,
});
for (const { key, secretData, readable } of [
  {
    key: "comfyui-api",
    secretData: pulumi.interpolate`${token.clientId}:${token.clientSecret}`,
    readable: true,
  },
  { key: "google-client-secret", secretData: google.clientSecret, readable: false },
]) {
  const secret = new Secret(
    key,
    { project, secretId: key, replication: { auto: {} } },
    { dependsOn: service },
  );
  new SecretVersion(key, { secret: secret.id, secretData });
  if (!readable) continue;
  for (const member of store.readers) {
    new SecretIamMember(key, {
      project,
      secretId: secret.secretId,
      role: "roles/secretmanager.secretAccessor",
      member,
    });
  }
}
const connectorToken = pulumi
  .all([tunnel.id, tunnelSecret.base64])
  .apply(([t, s]) => Buffer.from(JSON.stringify({ a: accountId, t, s })).toString("base64"));
export const aud = applications.map(({ application }) => application.aud);
export const credentials = pulumi.secret({
  clientId: token.clientId,
  clientSecret: token.clientSecret,
  connectorToken,
});
