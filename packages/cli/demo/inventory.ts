import Cloudflare from "cloudflare";
import { ApiError } from "../../base/errors";

/** One resource as `pulumi stack export` lists it. */
interface StateResource {
  urn: string;
  type: string;
  custom?: boolean;
  id?: string;
  outputs?: Record<string, unknown>;
}

/** A stack's state, as `pulumi stack export` prints it; secrets stay encrypted. */
export interface StackExport {
  deployment: { resources?: StateResource[] };
}

/** An object that the stack made, as the account shows it. */
export interface InventoryItem {
  /** What it is, in Cloudflare's words. */
  kind: string;
  /** Its name in the account, or in the stack where it has none. */
  name: string;
  id: string;
  /** One more thing worth knowing, e.g. the hostname. */
  detail: string;
}

/** Reads one object back and says what the account calls it. Throws when it is not there. */
type ReadBack = (
  api: Cloudflare,
  resource: Found,
  googleUrl: string,
) => Promise<{ name?: string | null; detail?: string }>;

interface Found {
  id: string;
  name: string;
  accountId: string;
  zoneId: string;
}

/** In the order in which a reader thinks of them: who logs in, what is guarded, who may, how it is reached. */
const kinds: Record<string, { kind: string; read: ReadBack }> = {
  "cloudflare:index/zeroTrustAccessIdentityProvider:ZeroTrustAccessIdentityProvider": {
    kind: "identity provider",
    read: async (api, { id, accountId }) => {
      const idp = await api.zeroTrust.identityProviders.get(id, { account_id: accountId });
      return { name: idp.name, detail: idp.type };
    },
  },
  "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication": {
    kind: "Access application",
    read: async (api, { id, accountId }) => {
      const app = (await api.zeroTrust.access.applications.get(id, { account_id: accountId })) as {
        name?: string;
        destinations?: { uri?: string }[];
        policies?: unknown[];
      };
      const hosts = (app.destinations ?? []).map((destination) => destination.uri).join(", ");
      return { name: app.name, detail: `${hosts}, ${app.policies?.length ?? 0} policies` };
    },
  },
  "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy": {
    kind: "Access policy",
    read: async (api, { id, accountId }) => {
      const policy = await api.zeroTrust.access.policies.get(id, { account_id: accountId });
      const who = (policy.include ?? []).map((rule) => Object.keys(rule)[0]).join(", ");
      return { name: policy.name, detail: `${policy.decision}: ${who}` };
    },
  },
  "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken": {
    kind: "service token",
    read: async (api, { id, accountId }) => {
      const token = await api.zeroTrust.access.serviceTokens.get(id, { account_id: accountId });
      return { name: token.name, detail: `expires ${token.expires_at?.slice(0, 10) ?? "never"}` };
    },
  },
  "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared": {
    kind: "tunnel",
    read: async (api, { id, accountId }) => {
      const tunnel = await api.zeroTrust.tunnels.cloudflared.get(id, { account_id: accountId });
      return { name: tunnel.name, detail: String(tunnel.status ?? "") };
    },
  },
  "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig": {
    kind: "tunnel ingress",
    read: readIngress,
  },
  "comfyui-access:index:TunnelIngress": { kind: "tunnel ingress", read: readIngress },
  "cloudflare:index/dnsRecord:DnsRecord": {
    kind: "DNS record",
    read: async (api, { id, zoneId }) => {
      const record = await api.dns.records.get(id, { zone_id: zoneId });
      return { name: record.name, detail: `${record.type}, ${record.proxied ? "proxied" : "NOT PROXIED"}` };
    },
  },
  "cloudflare:index/notificationPolicy:NotificationPolicy": {
    kind: "notification",
    read: async (api, { id, accountId }) => {
      const policy = await api.alerting.policies.get(id, { account_id: accountId });
      return { name: policy.name, detail: String(policy.alert_type ?? "") };
    },
  },
  "gcp:secretmanager/secret:Secret": {
    kind: "Google secret",
    read: async (_, { id, name }, googleUrl) => {
      const versions = await readGoogle<{ versions?: unknown[] }>(`${googleUrl}/v1/${id}/versions`);
      const count = versions.versions?.length ?? 0;
      return { name, detail: `${count} version${count === 1 ? "" : "s"}` };
    },
  },
};

async function readGoogle<T>(url: string): Promise<T> {
  const answer = await fetch(url, { headers: { authorization: "Bearer sandbox" } });
  if (!answer.ok) throw Object.assign(new Error(await answer.text()), { status: answer.status });
  return (await answer.json()) as T;
}

async function readIngress(
  api: Cloudflare,
  { id, name, accountId }: Found,
): Promise<{ name: string; detail: string }> {
  // The resource's id is the tunnel's own, which may stand behind the account's.
  const tunnelId = id.split("/").at(-1) ?? id;
  const { config } = await api.zeroTrust.tunnels.cloudflared.configurations.get(tunnelId, {
    account_id: accountId,
  });
  const rules = (config?.ingress ?? []).map((rule) => `${rule.hostname || "*"} → ${rule.service}`);
  return { name, detail: rules.join(", ") };
}

/** The resources of a state that stand for an object in an account: not components, not providers. */
export function objectsOf(state: StackExport): StateResource[] {
  return (state.deployment.resources ?? []).filter(
    (resource) => resource.custom === true && !resource.type.startsWith("pulumi:"),
  );
}

/**
 * Reads every object of a state back through the APIs.
 *
 * @throws {ApiError} naming the first object that the state has and the account has not.
 */
export async function readBack(
  state: StackExport,
  api: { baseURL: string; apiToken: string; googleUrl: string },
): Promise<InventoryItem[]> {
  const { baseURL, apiToken, googleUrl } = api;
  const client = new Cloudflare({ baseURL, apiToken, maxRetries: 2 });
  const order = Object.keys(kinds);
  const objects = objectsOf(state)
    .filter((resource) => kinds[resource.type] !== undefined)
    .sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type) || a.urn.localeCompare(b.urn));
  return Promise.all(
    objects.map(async (resource) => {
      const { kind, read } = kinds[resource.type] as { kind: string; read: ReadBack };
      const logicalName = resource.urn.split("::").at(-1) ?? resource.urn;
      const id = resource.id ?? "";
      const found: Found = {
        id,
        name: logicalName,
        accountId: String(resource.outputs?.["accountId"] ?? ""),
        zoneId: String(resource.outputs?.["zoneId"] ?? ""),
      };
      const { name, detail } = await read(client, found, googleUrl).catch((error: unknown) => {
        throw new ApiError({
          action: "read back",
          object: `${kind} ${logicalName} (${id})`,
          status: (error as { status?: number }).status,
          detail: error instanceof Error ? error.message : undefined,
        });
      });
      return { kind, name: name ?? logicalName, id: id.split("/").at(-1) ?? id, detail: detail ?? "" };
    }),
  );
}
