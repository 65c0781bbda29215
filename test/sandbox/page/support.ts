import { type Sandbox, type SandboxOptions, startSandbox } from "../../../packages/sandbox/server/server";
import { ACCESS, ACCOUNT, answer, type Json, RECORDS } from "../client";

/** A sandbox with everything that the page shows, and the secrets that it must not show. */
export interface Furnished {
  sandbox: Sandbox;
  ids: { application: string; policy: string; token: string; tunnel: string };
  secrets: string[];
  call(method: string, path: string, body?: unknown): Promise<Json>;
  advanceDays(days: number): Promise<void>;
}

const GOOGLE_SECRET = "sandbox-google-client-secret";

/** Starts a sandbox and builds one guarded application, an unguarded hostname, a tunnel, and tokens in it. */
export async function furnished(options: SandboxOptions = {}): Promise<Furnished> {
  const sandbox = await startSandbox(options);
  const call = async (method: string, path: string, body?: unknown): Promise<Json> => {
    const response = await fetch(`${sandbox.apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${sandbox.tokens.admin}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { result, text } = await answer(response);
    if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
    return result;
  };
  const post = (path: string, body: unknown) => call("POST", path, body);

  const idp = await post(`${ACCESS}/identity_providers`, {
    name: "Google",
    type: "google",
    config: { client_id: "sandbox.apps.googleusercontent.com", client_secret: GOOGLE_SECRET },
  });
  const token = await post(`${ACCESS}/service_tokens`, { name: "comfyui-api", duration: "8760h" });
  const people = await post(`${ACCESS}/policies`, {
    name: "people <b>of</b> datacrew",
    decision: "allow",
    include: [{ email: { email: "artist@datacrew.space" } }, { email_domain: { domain: "example.com" } }],
    require: [{ login_method: { id: idp.id } }],
    exclude: [{ geo: { country_code: "KP" } }],
  });
  const machines = await post(`${ACCESS}/policies`, {
    name: "machines",
    decision: "non_identity",
    include: [{ service_token: { token_id: token.id } }],
  });
  const application = await post(`${ACCESS}/apps`, {
    type: "self_hosted",
    name: "comfyui",
    domain: "comfyui.datacrew.space",
    destinations: [{ type: "public", uri: "comfyui.datacrew.space" }],
    allowed_idps: [idp.id],
    auto_redirect_to_identity: true,
    session_duration: "24h",
    policies: [
      { id: people.id, precedence: 1 },
      { id: machines.id, precedence: 2 },
    ],
  });
  const tunnel = await post(`${ACCOUNT}/cfd_tunnel`, { name: "studio", config_src: "cloudflare" });
  await call("PUT", `${ACCOUNT}/cfd_tunnel/${tunnel.id}/configurations`, {
    config: {
      ingress: [
        {
          hostname: "comfyui.datacrew.space",
          service: "http://localhost:8188",
          originRequest: { access: { required: true, teamName: "datacrew", audTag: [application.aud] } },
        },
        { hostname: "wiki.datacrew.space", service: "http://localhost:3000" },
        { hostname: "later.datacrew.space", service: "http://localhost:4000" },
        { service: "http_status:404" },
      ],
    },
  });
  for (const name of ["comfyui.datacrew.space", "wiki.datacrew.space"]) {
    await post(RECORDS, {
      type: "CNAME",
      name,
      content: `${tunnel.id}.cfargotunnel.com`,
      proxied: true,
      ttl: 1,
    });
  }
  return {
    sandbox,
    ids: { application: application.id, policy: people.id, token: token.id, tunnel: tunnel.id },
    secrets: [
      GOOGLE_SECRET,
      token.client_secret,
      ...Object.values(sandbox.tokens),
      ...tunnelSecrets(sandbox),
    ],
    call,
    async advanceDays(days) {
      await fetch(`${sandbox.url}/__sandbox__/clock`, {
        method: "POST",
        body: JSON.stringify({ advanceSeconds: days * 86_400 }),
      });
    },
  };
}

function tunnelSecrets({ store }: Sandbox): string[] {
  return store.tunnels
    .all()
    .flatMap(({ accountId: a, id: t, secret: s }) => [
      s,
      Buffer.from(JSON.stringify({ a, t, s })).toString("base64"),
    ]);
}
