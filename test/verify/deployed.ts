import { randomBytes } from "node:crypto";
import type { Situation } from "../../packages/access/situation";
import { liveIngress } from "../../packages/cli/verify/live-api";
import type { VerifyTarget } from "../../packages/cli/verify/target";
import type { Network } from "../../packages/client/typescript/network";
import { DEV_ACCOUNT_ID, DEV_ZONE_ID } from "../../packages/sandbox/account/seed";
import { type Origin, type OriginSettings, startOrigin } from "../../packages/sandbox/origin";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server/server";

const HOSTNAME = "comfyui.datacrew.space";
export const NEIGHBOUR = "notes.datacrew.space";

const ACCOUNT = `/accounts/${DEV_ACCOUNT_ID}`;
const ACCESS = `${ACCOUNT}/access`;
const RECORDS = `/zones/${DEV_ZONE_ID}/dns_records`;

type Fields = Record<string, unknown>;

/** A sandbox with the objects that the program makes for one application, a ComfyUI behind it, and a neighbour. */
export interface Deployed {
  sandbox: Sandbox;
  origin: Origin;
  network: Network;
  target: VerifyTarget;
  state: Situation;
  ids: { app: string; people: string; machines: string; google: string; token: string; record: string };
  /** Changes an object through the API, as somebody does in the dashboard: what is not named stays. */
  change: {
    application(fields: Fields): Promise<void>;
    people(fields: Fields): Promise<void>;
    machines(fields: Fields): Promise<void>;
    ingress(access: Fields | undefined): Promise<void>;
    /** Puts another origin behind the application, as its ingress rule does; unchecked: without a check of the JWT. */
    service(service: string, checked?: boolean): Promise<void>;
    /** Puts a further policy at a place of the application, from 1. */
    addPolicy(policy: Fields, precedence: number): Promise<void>;
    record(fields: Fields): Promise<void>;
    send(method: string, path: string, body?: Fields): Promise<Fields>;
  };
  close(): Promise<void>;
}

/** How ComfyUI is to be started behind Access: with the application's own address as allowed origin. */
const behindAccess: Partial<OriginSettings> = { enableCorsHeader: `https://${HOSTNAME}` };

/** What a stack's state would say of the application, for the places that access tests name. */
export const stateOf = (id: string, aud: string): Situation => ({
  applications: [
    {
      id,
      name: "comfyui",
      aud,
      destinations: [{ type: "public", uri: HOSTNAME }],
      policies: [],
      allowedIdps: [],
      serviceAuth401: true,
      preflightBypass: false,
    },
  ],
  tokens: [],
  identityProviders: [],
  ingress: [],
  hostnames: [HOSTNAME],
  records: [],
  notJudged: [],
});

/** Deploys through the API alone, with the properties that `components/` declare. */
export async function deploy(): Promise<Deployed> {
  const sandbox = await startSandbox({
    rateLimit: false,
    // Otherwise each run would wait 25 seconds for a logout to be known everywhere.
    edge: { settings: { revocationDelayMs: 200 } },
  });
  const { edge } = sandbox;
  if (edge === undefined) throw new Error("the sandbox has no edge");
  const origin = await startOrigin({ settings: behindAccess });
  const send = async (method: string, path: string, body?: Fields): Promise<Fields> => {
    const answer = await fetch(`${sandbox.apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${sandbox.tokens.admin}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const { result, errors } = (await answer.json()) as { result: Fields; errors: unknown };
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(errors)}`);
    return result;
  };
  const make = async (path: string, body: Fields) => send("POST", path, body);

  const google = await make(`${ACCESS}/identity_providers`, {
    name: "Google",
    type: "google",
    config: {
      client_id: "sandbox.apps.googleusercontent.com",
      client_secret: "sandbox-google-client-secret",
    },
  });
  const token = await make(`${ACCESS}/service_tokens`, { name: "comfyui-api", duration: "8760h" });
  const peoplePolicy: Fields = {
    name: "comfyui-google-email",
    decision: "allow",
    include: [{ email: { email: "artist@datacrew.space" } }],
    require: [{ login_method: { id: google["id"] } }],
    session_duration: "24h",
  };
  const machinesPolicy: Fields = {
    name: "comfyui-service-token",
    decision: "non_identity",
    include: [{ service_token: { token_id: token["id"] } }],
    session_duration: "24h",
  };
  const people = await make(`${ACCESS}/policies`, peoplePolicy);
  const machines = await make(`${ACCESS}/policies`, machinesPolicy);
  let links = [people, machines].map(({ id }, index) => ({ id, precedence: index + 1 }));
  let appFields: Fields = {
    name: "comfyui",
    type: "self_hosted",
    destinations: [{ type: "public", uri: HOSTNAME }],
    allowed_idps: [google["id"]],
    auto_redirect_to_identity: true,
    session_duration: "24h",
    app_launcher_visible: true,
    http_only_cookie_attribute: true,
    same_site_cookie_attribute: "lax",
    enable_binding_cookie: false,
    service_auth_401_redirect: true,
    options_preflight_bypass: false,
  };
  const app = await make(`${ACCESS}/apps`, { ...appFields, policies: links });
  const aud = String(app["aud"]);
  const secret = randomBytes(32).toString("base64");
  const tunnel = await make(`${ACCOUNT}/cfd_tunnel`, {
    name: "comfyui-dev",
    config_src: "cloudflare",
    tunnel_secret: secret,
  });
  const tunnelId = String(tunnel["id"]);
  const putIngress = (access: Fields | undefined) =>
    send("PUT", `${ACCOUNT}/cfd_tunnel/${tunnelId}/configurations`, {
      config: {
        ingress: [
          {
            hostname: HOSTNAME,
            service: "http://localhost:8188",
            ...(access === undefined ? {} : { originRequest: { access } }),
          },
          { hostname: NEIGHBOUR, service: "http_status:204" },
          { service: "http_status:404" },
        ],
      },
    });
  await putIngress({ required: true, teamName: "datacrew", audTag: [aud] });
  const cname = { type: "CNAME", content: `${tunnelId}.cfargotunnel.com`, proxied: true, ttl: 1 };
  const record = await make(RECORDS, { ...cname, name: HOSTNAME });
  await make(RECORDS, { ...cname, name: NEIGHBOUR });
  edge.tunnels.connect({
    token: Buffer.from(JSON.stringify({ a: DEV_ACCOUNT_ID, t: tunnelId, s: secret })).toString("base64"),
    services: { "http://localhost:8188": origin.url },
  });

  const at = new URL(origin.url);
  const comfyui = { host: at.hostname, port: Number(at.port) };
  const network = {
    ...edge.network,
    routes: { ...edge.network.routes, "localhost:8188": comfyui, "comfyui:8188": comfyui },
  };
  const api = { baseUrl: sandbox.apiUrl, token: sandbox.tokens.preview, accountId: DEV_ACCOUNT_ID };
  const credentials = {
    name: "comfyui-api",
    clientId: String(token["client_id"]),
    clientSecret: String(token["client_secret"]),
  };
  const target: VerifyTarget = {
    environment: "the sandbox",
    applications: [
      {
        name: "comfyui",
        url: `https://${HOSTNAME}`,
        aud,
        service: "http://localhost:8188",
        token: credentials,
        localUrl: "http://localhost:8188",
        localRequired: true,
        dockerUrl: "http://comfyui:8188",
      },
    ],
    teamName: "datacrew",
    serviceTokenMode: "strict",
    tokens: [credentials],
    people: {
      allowed: { email: "artist@datacrew.space", password: "sandbox" },
      other: { email: "stranger@example.org", password: "sandbox" },
    },
    allowedEmails: ["artist@datacrew.space"],
    tunnelId,
    otherHostnames: [NEIGHBOUR],
    readIngress: () => liveIngress(api, tunnelId),
  };
  const putApp = () => send("PUT", `${ACCESS}/apps/${app["id"]}`, { ...appFields, policies: links });
  return {
    sandbox,
    origin,
    network,
    target,
    state: stateOf(String(app["id"]), aud),
    ids: {
      app: String(app["id"]),
      people: String(people["id"]),
      machines: String(machines["id"]),
      google: String(google["id"]),
      token: String(token["id"]),
      record: String(record["id"]),
    },
    change: {
      async application(fields) {
        appFields = { ...appFields, ...fields };
        await putApp();
      },
      async people(fields) {
        await send("PUT", `${ACCESS}/policies/${people["id"]}`, { ...peoplePolicy, ...fields });
      },
      async machines(fields) {
        await send("PUT", `${ACCESS}/policies/${machines["id"]}`, { ...machinesPolicy, ...fields });
      },
      async ingress(access) {
        await putIngress(access);
      },
      async service(service, checked = true) {
        const path = `${ACCOUNT}/cfd_tunnel/${tunnelId}/configurations`;
        const config = (await send("GET", path))["config"] as { ingress: Fields[] };
        const ingress = config.ingress.map((rule, index) =>
          index === 0 ? { ...rule, service, ...(checked ? {} : { originRequest: {} }) } : rule,
        );
        await send("PUT", path, { config: { ingress } });
      },
      async addPolicy(policy, precedence) {
        const added = await make(`${ACCESS}/policies`, policy);
        const ids = links.map(({ id }) => id);
        ids.splice(precedence - 1, 0, added["id"]);
        links = ids.map((id, index) => ({ id, precedence: index + 1 }));
        await putApp();
      },
      async record(fields) {
        await send("PATCH", `${RECORDS}/${record["id"]}`, fields);
      },
      send,
    },
    async close() {
      await sandbox.close();
      await origin.close();
    },
  };
}
