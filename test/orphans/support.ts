import { parseConfig } from "../../config/stack-config";
import type { OrphanSearch } from "../../packages/cli/orphans/orphan";
import type { StackResource, StackSettings } from "../../packages/cli/stack/read-stack";
import { AccountApi, type Wire } from "../../packages/cloudflare/account-api";
import { DEV_ACCOUNT_ID, DEV_ZONE_ID } from "../../packages/sandbox/account/seed";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server/server";

const OWNER = "comfyui-access comfyui-access/dev";
export const HOST = "comfyui.datacrew.space";
const CLIENT_ID = "sandbox.apps.googleusercontent.com";

export const settings: StackSettings = {
  project: "comfyui-access",
  cloudflare: {},
  config: parseConfig({
    accountId: DEV_ACCOUNT_ID,
    zone: "datacrew.space",
    teamName: "datacrew",
    google: { clientId: CLIENT_ID, clientSecret: "GOCSPX-example" },
    tunnel: { name: "comfyui-dev" },
    applications: [{ name: "comfyui", hostname: HOST, allow: { emails: ["artist@datacrew.space"] } }],
    alerts: { emails: ["ops@datacrew.space"] },
  }),
};

/** Makes the objects of the account, as the provider, or somebody with the dashboard, would. */
export class Account {
  private constructor(
    readonly sandbox: Sandbox,
    readonly api: AccountApi,
  ) {}

  static async open(): Promise<Account> {
    const sandbox = await startSandbox({ rateLimit: false });
    const access = { accountId: DEV_ACCOUNT_ID, token: sandbox.tokens.up, baseUrl: sandbox.apiUrl };
    return new Account(sandbox, new AccountApi(access));
  }

  /** @returns the object's id. */
  private async make(path: string, body: Wire): Promise<string> {
    const made = await this.api.write("post", path, { action: "make", object: path, body });
    return String(made["id"]);
  }

  token(name = "comfyui-api") {
    return this.make(this.api.below("access/service_tokens"), { name, duration: "8760h" });
  }

  login(name = "Google", clientId = CLIENT_ID) {
    const config = { client_id: clientId, client_secret: "GOCSPX-example" };
    return this.make(this.api.below("access/identity_providers"), { name, type: "google", config });
  }

  tokenPolicy(tokenId: string, name = "comfyui-service-token") {
    const include = [{ service_token: { token_id: tokenId } }];
    return this.make(this.api.below("access/policies"), { name, decision: "non_identity", include });
  }

  emailPolicy(loginId: string, name = "comfyui-google-email") {
    const include = [{ email: { email: "artist@datacrew.space" } }];
    const require = [{ login_method: { id: loginId } }];
    return this.make(this.api.below("access/policies"), { name, decision: "allow", include, require });
  }

  application(name: string, uri: string, { policies, logins }: { policies: string[]; logins: string[] }) {
    return this.make(this.api.below("access/apps"), {
      name,
      type: "self_hosted",
      destinations: [{ type: "public", uri }],
      policies: policies.map((id, index) => ({ id, precedence: index + 1 })),
      allowed_idps: logins,
    });
  }

  tunnel(name = "comfyui-dev") {
    return this.make(this.api.below("cfd_tunnel"), { name, config_src: "cloudflare" });
  }

  async ingress(tunnelId: string, rules: Wire[]) {
    const path = this.api.below(`cfd_tunnel/${tunnelId}/configurations`);
    const body = { config: { ingress: rules } };
    await this.api.write("put", path, { action: "write", object: path, body });
  }

  record(name: string, tunnelId: string, comment = OWNER, content = `${tunnelId}.cfargotunnel.com`) {
    return this.make(`/zones/${DEV_ZONE_ID}/dns_records`, {
      type: "CNAME",
      name,
      content,
      proxied: true,
      comment,
    });
  }

  alert(name: string, alertType: string) {
    const mechanisms = { email: [{ id: "ops@datacrew.space" }] };
    const body = { name, alert_type: alertType, enabled: true, mechanisms };
    return this.make(this.api.below("alerting/v3/policies"), body);
  }

  /** A whole stack, as one `up` makes it. */
  async stack(): Promise<Stack> {
    const login = await this.login();
    const token = await this.token();
    const people = await this.emailPolicy(login);
    const machines = await this.tokenPolicy(token);
    const application = await this.application("comfyui", HOST, {
      policies: [people, machines],
      logins: [login],
    });
    const tunnel = await this.tunnel();
    await this.ingress(tunnel, [
      { hostname: HOST, service: "http://localhost:8188" },
      { service: "http_status:404" },
    ]);
    const record = await this.record(HOST, tunnel);
    const expiry = await this.alert("comfyui-access-dev token-expiry", "expiring_service_token_alert");
    const health = await this.alert("comfyui-access-dev tunnel-health", "tunnel_health_event");
    return { login, token, people, machines, application, tunnel, record, expiry, health };
  }
}

export type Stack = Record<
  "login" | "token" | "people" | "machines" | "application" | "tunnel" | "record" | "expiry" | "health",
  string
>;

const TYPE: Record<keyof Stack, [type: string, name: string]> = {
  login: ["zeroTrustAccessIdentityProvider:ZeroTrustAccessIdentityProvider", "Google"],
  token: ["zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken", "comfyui-api"],
  people: ["zeroTrustAccessPolicy:ZeroTrustAccessPolicy", "comfyui-google-email"],
  machines: ["zeroTrustAccessPolicy:ZeroTrustAccessPolicy", "comfyui-service-token"],
  application: ["zeroTrustAccessApplication:ZeroTrustAccessApplication", "comfyui"],
  tunnel: ["zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared", "comfyui-dev"],
  record: ["dnsRecord:DnsRecord", HOST],
  expiry: ["notificationPolicy:NotificationPolicy", "comfyui-access-dev token-expiry"],
  health: ["notificationPolicy:NotificationPolicy", "comfyui-access-dev tunnel-health"],
};

/** The state that knows these objects, and no others. */
export function stateOf(stack: Partial<Stack>, accountId = DEV_ACCOUNT_ID): StackResource[] {
  return (Object.entries(stack) as [keyof Stack, string][]).map(([part, id]) => {
    const [type, name] = TYPE[part];
    const inputs = part === "record" ? { zoneId: DEV_ZONE_ID, name } : { accountId, name };
    const token = `cloudflare:index/${type}`;
    return {
      urn: `urn:pulumi:dev::p::${token}::${part}`,
      type: token,
      name: part,
      id,
      inputs,
      outputs: inputs,
    };
  });
}

export function search(resources: StackResource[], more: Partial<OrphanSearch> = {}): OrphanSearch {
  return { stack: "dev", settings, resources, pendingDeletes: [], ...more };
}
