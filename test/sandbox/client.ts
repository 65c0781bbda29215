import { DEV_ACCOUNT_ID, DEV_TOKENS, DEV_ZONE_ID } from "../../packages/sandbox/account/seed";
import { type AppOptions, createSandbox, type SandboxCore } from "../../packages/sandbox/server/app";

/** What parsing an answer gives: tests know its shape and assert it. */
export type Json = ReturnType<typeof JSON.parse>;

export interface Answer {
  status: number;
  headers: Headers;
  body: Json;
  /** `body.result` */
  result: Json;
  /** Code of the first error, if any. */
  code: number | undefined;
  /** Text of all errors and their chains. */
  text: string;
}

/** A sandbox without a port, and a client that speaks to its Cloudflare API. */
export interface TestClient extends SandboxCore {
  send(method: string, path: string, body?: unknown, token?: string): Promise<Answer>;
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  put(path: string, body?: unknown): Promise<Answer>;
  patch(path: string, body?: unknown): Promise<Answer>;
  del(path: string): Promise<Answer>;
}

export const ACCOUNT = `/accounts/${DEV_ACCOUNT_ID}`;
export const ACCESS = `${ACCOUNT}/access`;
export const RECORDS = `/zones/${DEV_ZONE_ID}/dns_records`;

export function testClient(options: AppOptions = {}): TestClient {
  const core = createSandbox(options);
  const send = async (method: string, path: string, body?: unknown, token: string = DEV_TOKENS.admin) => {
    const response = await core.app.request(`/client/v4${path}`, {
      method,
      headers: {
        ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
        "content-type": "application/json",
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return answer(response);
  };
  return {
    ...core,
    send,
    get: (path) => send("GET", path),
    post: (path, body) => send("POST", path, body),
    put: (path, body) => send("PUT", path, body),
    patch: (path, body) => send("PATCH", path, body),
    del: (path) => send("DELETE", path),
  };
}

export async function answer(response: Response): Promise<Answer> {
  const body: Json = await response.json();
  const errors: Json[] = body.errors ?? [];
  return {
    status: response.status,
    headers: response.headers,
    body,
    result: body.result,
    code: errors[0]?.code,
    text: errors
      .flatMap((error) => [error.message, ...(error.error_chain ?? []).map((link: Json) => link.message)])
      .join("\n"),
  };
}

/** Makes the objects of one protected application; each can be overridden by tests through the API. */
export async function madeObjects(client: TestClient) {
  const idp = (
    await client.post(`${ACCESS}/identity_providers`, {
      name: "Google",
      type: "google",
      config: { client_id: "x.apps.googleusercontent.com", client_secret: "GOCSPX-example" },
    })
  ).result;
  const token = (await client.post(`${ACCESS}/service_tokens`, { name: "comfyui-api", duration: "8760h" }))
    .result;
  const people = (
    await client.post(`${ACCESS}/policies`, {
      name: "people",
      decision: "allow",
      include: [{ email: { email: "ann@datacrew.space" } }],
      require: [{ login_method: { id: idp.id } }],
    })
  ).result;
  const machines = (
    await client.post(`${ACCESS}/policies`, {
      name: "machines",
      decision: "non_identity",
      include: [{ service_token: { token_id: token.id } }],
    })
  ).result;
  return { idp, token, people, machines };
}
