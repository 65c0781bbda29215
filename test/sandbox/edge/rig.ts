import {
  DEFAULT_SEED,
  DEV_ACCOUNT_ID,
  DEV_TOKENS,
  DEV_ZONE_ID,
} from "../../../packages/sandbox/account/seed";
import type { EdgeSettings } from "../../../packages/sandbox/edge";
import type { GoogleOptions } from "../../../packages/sandbox/google";
import { type Sandbox, startSandbox } from "../../../packages/sandbox/server/server";
import type { Connector } from "../../../packages/sandbox/tunnel";
import { type EchoOrigin, startEchoOrigin } from "./origin";
import { Visitor } from "./visitor";

export const HOST = "comfyui.datacrew.space";
export const APP = `https://${HOST}`;
export const TEAM_HOST = "datacrew.cloudflareaccess.com";
export const TEAM = `https://${TEAM_HOST}`;
export const ARTIST = "artist@datacrew.space";
export const STRANGER = "stranger@example.org";

/** What parsing an answer gives: tests know its shape and assert it. */
export type Json = ReturnType<typeof JSON.parse>;

/** A sandbox with an edge, a tunnel and an origin behind it; its account holds one guarded hostname. */
export interface Rig {
  sandbox: Sandbox;
  edge: NonNullable<Sandbox["edge"]>;
  origin: EchoOrigin;
  connector: Connector;
  idp: Json;
  /** The service token that the application knows, with its secret. */
  token: Json;
  people: Json;
  machines: Json;
  app: Json;
  tunnelId: string;
  /** Calls the Cloudflare API and gives `result`. */
  api(method: string, path: string, body?: unknown): Promise<Json>;
  /** Changes the application: a PUT of what is there, with these fields over it. */
  change(fields: Record<string, unknown>): Promise<void>;
  /** The token's headers. */
  credentials(): Record<string, string>;
  visitor(): Visitor;
  close(): Promise<void>;
}

export const ACCESS = `/accounts/${DEV_ACCOUNT_ID}/access`;

/** Builds the objects through the API, as the stack does. `legacy`: an organization of before October 2026. */
export async function startRig(
  options: { legacy?: boolean; settings?: Partial<EdgeSettings>; google?: GoogleOptions } = {},
): Promise<Rig> {
  const seed = {
    ...DEFAULT_SEED,
    accounts: DEFAULT_SEED.accounts.map((account) =>
      options.legacy ? { ...account, createdAt: "2024-01-01T00:00:00Z" } : account,
    ),
  };
  const sandbox = await startSandbox({
    seed,
    rateLimit: false,
    edge: { settings: options.settings, google: options.google },
  });
  const { edge } = sandbox;
  if (edge === undefined) throw new Error("no edge");
  const origin = await startEchoOrigin();
  const visitors: Visitor[] = [];

  const api: Rig["api"] = async (method, path, body) => {
    const response = await fetch(`${sandbox.apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${DEV_TOKENS.admin}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const answer: Json = await response.json();
    if (!answer.success) throw new Error(`${method} ${path}: ${JSON.stringify(answer.errors)}`);
    return answer.result;
  };

  const idp = await api("POST", `${ACCESS}/identity_providers`, {
    name: "Google",
    type: "google",
    config: {
      client_id: "sandbox.apps.googleusercontent.com",
      client_secret: "sandbox-google-client-secret",
      pkce_enabled: true,
    },
  });
  const token = await api("POST", `${ACCESS}/service_tokens`, { name: "comfyui-api", duration: "8760h" });
  const people = await api("POST", `${ACCESS}/policies`, {
    name: "people",
    decision: "allow",
    include: [{ email: { email: ARTIST } }],
    require: [{ login_method: { id: idp.id } }],
  });
  const machines = await api("POST", `${ACCESS}/policies`, {
    name: "machines",
    decision: "non_identity",
    include: [{ service_token: { token_id: token.id } }],
  });
  const app = await api("POST", `${ACCESS}/apps`, {
    type: "self_hosted",
    name: "comfyui",
    destinations: [{ type: "public", uri: HOST }],
    policies: [
      { id: people.id, precedence: 1 },
      { id: machines.id, precedence: 2 },
    ],
    allowed_idps: [idp.id],
    auto_redirect_to_identity: true,
    same_site_cookie_attribute: "lax",
  });
  const tunnel = await api("POST", `/accounts/${DEV_ACCOUNT_ID}/cfd_tunnel`, {
    name: "home",
    config_src: "cloudflare",
  });
  await api("PUT", `/accounts/${DEV_ACCOUNT_ID}/cfd_tunnel/${tunnel.id}/configurations`, {
    config: {
      ingress: [
        {
          hostname: HOST,
          service: "http://localhost:8188",
          originRequest: { access: { required: true, teamName: "datacrew", audTag: [app.aud] } },
        },
        { hostname: "open.datacrew.space", service: "http://localhost:8188" },
        { service: "http_status:404" },
      ],
    },
  });
  for (const name of [HOST, "open.datacrew.space"]) {
    await api("POST", `/zones/${DEV_ZONE_ID}/dns_records`, {
      type: "CNAME",
      name,
      content: `${tunnel.id}.cfargotunnel.com`,
      proxied: true,
      ttl: 1,
    });
  }
  const connector = edge.tunnels.connect({
    token: await api("GET", `/accounts/${DEV_ACCOUNT_ID}/cfd_tunnel/${tunnel.id}/token`),
    services: { "http://localhost:8188": origin.url },
  });

  return {
    sandbox,
    edge,
    origin,
    connector,
    idp,
    token,
    people,
    machines,
    app,
    tunnelId: tunnel.id,
    api,
    async change(fields) {
      const { policies, ...current } = await api("GET", `${ACCESS}/apps/${app.id}`);
      const links = policies.map(({ id, precedence }: Json) => ({ id, precedence }));
      await api("PUT", `${ACCESS}/apps/${app.id}`, { ...current, policies: links, ...fields });
    },
    credentials: () => ({
      "cf-access-client-id": token.client_id,
      "cf-access-client-secret": token.client_secret,
    }),
    visitor() {
      const visitor = new Visitor(edge.network);
      visitors.push(visitor);
      return visitor;
    },
    async close() {
      await Promise.all(visitors.map((visitor) => visitor.close()));
      await sandbox.close();
      await origin.close();
    },
  };
}
