import assert from "node:assert/strict";
import fc from "fast-check";
import { test, vi } from "vitest";
import {
  DEV_ACCOUNT_ID,
  DEV_INFISICAL_IDENTITY,
  DEV_INFISICAL_PROJECT_ID,
  DEV_TOKENS,
  DEV_ZONE_ID,
} from "../../packages/sandbox/account/seed";
import { ACCESS, ACCOUNT, madeObjects, RECORDS, type TestClient, testClient } from "../sandbox/client";
import { cpuTime } from "../support/cpu-time";
import { countCases, holdsInTime } from "../support/properties";
import { anyJson, NASTY_KEYS, ownObject } from "./config-arbitraries";

/** Everything that the sandbox logs is a mistake of its own. */
const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);

const admin = `Bearer ${DEV_TOKENS.admin}`;

/** A body that its route takes, for others to be made of. */
interface Taken {
  method: string;
  path: string;
  body: Record<string, unknown>;
}

/** A sandbox with an object of each kind, its routes, the ids in it, and bodies that it takes. */
async function furnished() {
  const client = testClient({ rateLimit: false, settings: { gcpServicesMustBeEnabled: false } });
  const { idp, token, people, machines } = await madeObjects(client);
  const app = {
    type: "self_hosted",
    name: "comfyui",
    destinations: [{ type: "public", uri: "comfyui.datacrew.space" }],
    policies: [{ id: people.id, precedence: 1 }],
    allowed_idps: [idp.id],
    session_duration: "24h",
    cors_headers: { allowed_origins: ["https://a.example.org"], allowed_methods: ["GET"] },
  };
  const made = (await client.post(`${ACCESS}/apps`, app)).result;
  const tunnel = (await client.post(`${ACCOUNT}/cfd_tunnel`, { name: "home", config_src: "cloudflare" }))
    .result;
  const configuration = {
    config: {
      ingress: [
        {
          hostname: "comfyui.datacrew.space",
          service: "http://localhost:8188",
          originRequest: { access: { required: true, teamName: "datacrew", audTag: [made.aud] } },
        },
        { service: "http_status:404" },
      ],
    },
  };
  const record = {
    type: "CNAME",
    name: "comfyui.datacrew.space",
    content: `${tunnel.id}.cfargotunnel.com`,
    proxied: true,
    ttl: 1,
  };
  const dns = (await client.post(RECORDS, record)).result;
  const alert = {
    name: "tokens",
    alert_type: "expiring_service_token_alert",
    enabled: true,
    mechanisms: { email: [{ id: "a@datacrew.space" }] },
  };
  const notice = await client.post(`${ACCOUNT}/alerting/v3/policies`, alert);
  const provider = {
    name: "Google",
    type: "google",
    config: { client_id: "x.apps.googleusercontent.com", client_secret: "GOCSPX-example" },
  };
  const policy = {
    name: "people",
    decision: "allow",
    include: [{ email: { email: "a@datacrew.space" } }],
    require: [{ login_method: { id: idp.id } }],
    exclude: [],
  };
  const serviceToken = { name: "comfyui-api", duration: "8760h" };
  const under = "/client/v4";
  const bodies: Taken[] = [
    ...["", `/${made.id}`].map((id) => ({
      method: id ? "PUT" : "POST",
      path: `${under}${ACCESS}/apps${id}`,
      body: app,
    })),
    ...["", `/${people.id}`].map((id) => ({
      method: id ? "PUT" : "POST",
      path: `${under}${ACCESS}/policies${id}`,
      body: policy,
    })),
    ...["", `/${idp.id}`].map((id) => ({
      method: id ? "PUT" : "POST",
      path: `${under}${ACCESS}/identity_providers${id}`,
      body: provider,
    })),
    { method: "POST", path: `${under}${ACCESS}/service_tokens`, body: serviceToken },
    {
      method: "PUT",
      path: `${under}${ACCESS}/service_tokens/${token.id}`,
      body: {
        ...serviceToken,
        client_secret_version: 2,
        previous_client_secret_expires_at: "2099-01-31T00:00:00Z",
      },
    },
    {
      method: "POST",
      path: `${under}${ACCESS}/service_tokens/${token.id}/rotate`,
      body: { previous_client_secret_expires_at: "2099-01-31T00:00:00Z" },
    },
    {
      method: "PUT",
      path: `${under}${ACCESS}/organizations`,
      body: { name: "Datacrew", auth_domain: "datacrew.cloudflareaccess.com", session_duration: "24h" },
    },
    {
      method: "POST",
      path: `${under}${ACCESS}/organizations/revoke_user`,
      body: { email: "a@datacrew.space" },
    },
    {
      method: "POST",
      path: `${under}${ACCOUNT}/cfd_tunnel`,
      body: {
        name: "other",
        config_src: "cloudflare",
        tunnel_secret: Buffer.alloc(32, 1).toString("base64"),
      },
    },
    { method: "PATCH", path: `${under}${ACCOUNT}/cfd_tunnel/${tunnel.id}`, body: { name: "renamed" } },
    { method: "PUT", path: `${under}${ACCOUNT}/cfd_tunnel/${tunnel.id}/configurations`, body: configuration },
    ...["", `/${dns.id}`].map((id) => ({
      method: id ? "PUT" : "POST",
      path: `${under}${RECORDS}${id}`,
      body: { ...record, ...(id ? {} : { name: "b.datacrew.space" }), comment: "c", tags: ["a:b"] },
    })),
    { method: "PATCH", path: `${under}${RECORDS}/${dns.id}`, body: { ttl: 300, data: {} } },
    ...["", `/${notice.result?.id}`].map((id) => ({
      method: id ? "PUT" : "POST",
      path: `${under}${ACCOUNT}/alerting/v3/policies${id}`,
      body: alert,
    })),
    {
      method: "POST",
      path: `${under}/graphql`,
      body: {
        query: "{ viewer { accounts { accessLoginRequestsAdaptiveGroups { count } } } }",
        variables: { accountTag: DEV_ACCOUNT_ID },
      },
    },
    {
      method: "POST",
      path: "/gcp/v1/projects/p/secrets?secretId=s",
      body: { replication: { automatic: {} }, labels: { a: "b" } },
    },
    {
      method: "POST",
      path: "/gcp/v1/projects/p/secrets/s:addVersion",
      body: { payload: { data: "c2VjcmV0", dataCrc32c: "1" } },
    },
    {
      method: "POST",
      path: "/gcp/v1/projects/p/secrets/s:setIamPolicy",
      body: {
        policy: { bindings: [{ role: "roles/secretmanager.secretAccessor", members: ["user:a@b.c"] }] },
      },
    },
    { method: "POST", path: "/gcp/v1/projects/p/secrets/s/versions/1:destroy", body: { etag: "x" } },
    { method: "PATCH", path: "/gcp/v1/projects/p/secrets/s?updateMask=labels", body: { labels: { a: "c" } } },
    {
      method: "POST",
      path: "/infisical/api/v1/auth/universal-auth/login",
      body: { ...DEV_INFISICAL_IDENTITY },
    },
    {
      method: "POST",
      path: "/infisical/api/v3/secrets/raw/NAME",
      body: {
        workspaceId: DEV_INFISICAL_PROJECT_ID,
        environment: "prod",
        secretPath: "/",
        secretValue: "v",
        type: "shared",
      },
    },
    {
      method: "POST",
      path: "/__sandbox__/faults",
      body: {
        pathRegex: "^/nowhere$",
        action: "status",
        status: 500,
        nth: 1,
        times: 1,
        retryAfter: 1,
        delayMs: 1,
      },
    },
    { method: "POST", path: "/__sandbox__/clock", body: { advanceSeconds: 1 } },
    {
      method: "POST",
      path: `/__sandbox__/tunnels/${tunnel.id}/connectors`,
      body: { clientId: people.id, version: "2026.1.0", originIp: "203.0.113.7" },
    },
  ];
  const identity = await client.app.request("/infisical/api/v1/auth/universal-auth/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(DEV_INFISICAL_IDENTITY),
  });
  const infisical = `Bearer ${((await identity.json()) as { accessToken: string }).accessToken}`;
  await client.app.request("/gcp/v1/projects/p/secrets?secretId=s", {
    method: "POST",
    headers: { authorization: admin },
    body: JSON.stringify({ replication: { automatic: {} } }),
  });
  const ids = [
    DEV_ACCOUNT_ID,
    DEV_ZONE_ID,
    idp.id,
    token.id,
    people.id,
    machines.id,
    made.id,
    tunnel.id,
    dns.id,
    notice.result?.id ?? "x",
    "s",
    "1",
    "latest",
  ];
  const routes = [
    ...new Set(
      client.app.routes
        .filter(({ path, method }) => method !== "ALL" || path.includes("/v1/"))
        .map(({ path }) => path),
    ),
  ].filter((path) => !path.endsWith("/events"));
  return { client, bodies, ids: ids as string[], routes, infisical };
}
type Furnished = Awaited<ReturnType<typeof furnished>>;

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const nastyId = fc.constantFrom(
  ...NASTY_KEYS.filter((key) => key !== ""),
  "%",
  "%00",
  "%2e%2e",
  "%2F",
  "..",
  "a:b",
  ":",
  "x".repeat(9000),
  "ü",
  "%ff%fe",
  "*",
  "null",
  "0",
  "-1",
);
const query = fc.constantFrom(
  "",
  "",
  "?",
  "?page=1&per_page=2",
  "?page=-1",
  "?page=1e9&per_page=9007199254740993",
  "?per_page=0",
  "?name=%",
  "?name=%ff",
  "?__proto__=1&constructor=2",
  "?name.contains=(",
  "?type=CNAME&order=x",
  "?is_deleted=maybe",
  "?page=1&page=2",
  "?secretId=s&updateMask=labels",
  `?q=${"x".repeat(9000)}`,
  `?workspaceId=${DEV_INFISICAL_PROJECT_ID}&environment=prod&secretPath=%2F`,
  "?exclude_tunnel_prefix=&name=a;b",
);
const headers = fc
  .record({
    authorization: fc.oneof(
      { weight: 9, arbitrary: fc.constant(admin) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          `Bearer ${DEV_TOKENS.preview}`,
          "Bearer x",
          "Bearer ",
          "Basic Og==",
          "",
          "Bearer a b",
          `bearer ${"x".repeat(9000)}`,
        ),
      },
    ),
    odd: fc.oneof(
      { weight: 5, arbitrary: fc.constant({}) },
      {
        weight: 1,
        arbitrary: fc.constantFrom<Record<string, string>>(
          { origin: "https://evil.example" },
          { origin: "null" },
          { "content-length": "-1" },
          { "content-length": "5" },
          { accept: "text/html" },
          { "content-type": "text/plain" },
          { "content-type": "multipart/form-data; boundary=x" },
          { "content-type": "application/json; charset=utf-16" },
          { "content-type": ";;;" },
          { "x-forwarded-host": "evil.example", forwarded: "host=evil.example" },
        ),
      },
    ),
  })
  .map(({ authorization, odd }) => ({ authorization, "content-type": "application/json", ...odd }));
const wrongValue = fc.oneof(
  anyJson,
  fc.constantFrom<unknown>(
    `${"9".repeat(400)}h`,
    "9999999999h",
    "0s",
    "-1h",
    "2027-02-31T00:00:00Z",
    "+275760-09-13T00:00:00Z",
    "0000-00-00T00:00:00Z",
    "not a date",
    "http://",
    "(",
    "*.*.*",
    "\u0000",
    "a".repeat(20_000),
    2 ** 53,
    -0.5,
    [[]],
    [null],
    [{}],
    { id: {} },
  ),
);
const rawBody = fc.oneof(
  anyJson.map((value) => JSON.stringify(value)),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom(
    "",
    " ",
    "{",
    "[",
    "nul",
    '{"a":1}{"b":2}',
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    "[".repeat(20_000),
    `${"[".repeat(5000)}${"]".repeat(5000)}`,
    `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`,
    `{"name":"${"x".repeat(300_000)}"}`,
    "\uFEFF{}",
  ),
);

/** What is asked, as numbers that choose among what the sandbox has by then. */
const request = fc.record({
  /** Of a body that is taken, or of a route. */
  from: fc.nat(999),
  byBody: fc.constantFrom(true, true, false),
  method: fc.oneof(
    { weight: 9, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
  ),
  fills: fc.array(fc.oneof({ weight: 3, arbitrary: fc.nat(99) }, { weight: 1, arbitrary: nastyId }), {
    minLength: 4,
    maxLength: 4,
  }),
  query,
  headers,
  body: fc.option(rawBody, { nil: undefined }),
  /** What of the body is another; nothing below zero. */
  key: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -8, max: 30 }) },
    { weight: 1, arbitrary: fc.constantFrom(...NASTY_KEYS) },
  ),
  value: fc.option(wrongValue, { nil: undefined }),
  bytes: fc.option(fc.uint8Array({ maxLength: 8 }), { nil: undefined, freq: 30 }),
});
type Asked = typeof request extends fc.Arbitrary<infer T> ? T : never;

/** The request itself. */
function made(
  asked: Asked,
  { bodies, ids, routes, infisical }: Furnished,
): { url: string; init: RequestInit } {
  const { authorization } = asked.headers;
  const send = (method: string, path: string, body: RequestInit["body"]) => ({
    url: `http://localhost${path}`,
    init: {
      method,
      headers:
        path.startsWith("/infisical") && authorization === admin
          ? { ...asked.headers, authorization: infisical }
          : asked.headers,
      ...(method === "GET" || method === "HEAD" ? {} : { body }),
    },
  });
  if (asked.byBody) {
    const { method, path, body } = bodies[asked.from % bodies.length] as Taken;
    const text = JSON.stringify(changed(body, asked.key, asked.value));
    return send(
      asked.method ?? method,
      path + (path.includes("?") ? "" : asked.query),
      asked.bytes ? Buffer.from(asked.bytes) : text,
    );
  }
  const route = routes[asked.from % routes.length] ?? "/";
  let index = 0;
  const path = route.replace(/:[A-Za-z]+|\*/g, (name) => {
    const fill = asked.fills[index++ % asked.fills.length] ?? 0;
    if (typeof fill === "string") return fill;
    if (name === ":account") return DEV_ACCOUNT_ID;
    return name === ":zone" ? DEV_ZONE_ID : (ids[fill % ids.length] ?? "");
  });
  return send(
    asked.method ?? (METHODS[asked.from % METHODS.length] as string),
    path + asked.query,
    asked.bytes ? Buffer.from(asked.bytes) : asked.body,
  );
}

/** A body with one place in it changed, taken away or added. */
function changed(body: unknown, key: number | string, value: unknown, depth = 0): unknown {
  if (typeof body !== "object" || body === null) return value;
  if (typeof key === "number" && key < 0) return body;
  const entries = Object.entries(body);
  if (typeof key === "string") return ownObject([...entries, [key, value]]);
  const chosen = key % Math.max(entries.length, 1);
  const next = entries.map(([name, inner], index): [string, unknown] => {
    if (index !== chosen) return [name, inner];
    const goesIn = typeof inner === "object" && inner !== null && (key >> depth) % 2 === 1 && depth < 4;
    return [name, goesIn ? changed(inner, key >> 1, value, depth + 1) : value];
  });
  return Array.isArray(body) ? next.map(([, inner]) => inner) : ownObject(next);
}

/** Whether an answer is in the form of the API that was asked. */
function checkForm(path: string, status: number, text: string): void {
  const body = JSON.parse(text);
  if (/^(\/gcp)?\/v1(\/|$)/.test(path)) {
    if (status >= 400) assert.ok(body.error.code === status && typeof body.error.message === "string", text);
  } else if (path.startsWith("/infisical")) {
    if (status >= 400) assert.ok(body.statusCode === status && "message" in body && "error" in body, text);
  } else if (status >= 400) {
    assert.deepEqual([body.success, body.result, body.messages], [false, null, []], text);
    assert.ok(body.errors.length > 0);
    for (const { code, message } of body.errors) assert.ok(Number.isInteger(code) && message !== "", text);
  } else if (path.startsWith("/client/v4") && !path.includes("graphql")) {
    assert.deepEqual([body.success, body.errors], [true, []], text);
  }
}

const stateOf = (client: TestClient) => JSON.stringify(client.store.snapshot());

/** Sends a request and judges the answer, and what it left behind. */
async function tried(asked: Asked, found: Furnished): Promise<number> {
  const { client } = found;
  client.faults.clear();
  logged.mockClear();
  const { url, init } = made(asked, found);
  const before = stateOf(client);
  const clock = client.store.now().getTime();
  let sent: Request;
  try {
    sent = new Request(url, init);
  } catch {
    // No client could send it.
    return 0;
  }
  const started = cpuTime();
  const response = await client.app.request(sent);
  const text = await response.text();
  const { status } = response;
  const { pathname } = new URL(url);
  const error = logged.mock.lastCall?.[0];
  const said = `${init.method} ${url} ${String(init.body)}`
    .slice(0, 500)
    .concat(`: ${status} ${text.slice(0, 500)} ${error}`);
  assert.ok(status < 500 && error === undefined, said);
  assert.ok(cpuTime() - started < 2000, `took too long: ${said}`);
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  if (init.method !== "HEAD" && !/^\/(__page__\/.*)?$/.test(pathname)) {
    assert.ok(isJson || text === "", said);
    if (isJson) assert.doesNotThrow(() => checkForm(pathname, status, text), said);
  }
  if (status >= 400) assert.equal(stateOf(client), before, said);
  const now = client.store.now().getTime();
  assert.ok(!Number.isNaN(now) && now >= clock, said);
  assert.ok(Object.keys(Object.prototype).length === 0 && !("polluted" in {}), said);
  return status;
}

test("no request makes the API fail, hang, or change anything when it refuses", async () => {
  const statuses = new Map<number, number>();
  await holdsInTime(
    // Each on a sandbox of its own, for what an earlier one leaves behind to be a part of the case.
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 40, size: "max" }), async (all) => {
      const found = await furnished();
      countCases(all.length - 1, 0);
      for (const asked of all) {
        const status = await tried(asked, found);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }),
    { runs: 150, withinMs: 10_000 },
  );
  // Not all are refused at the door.
  const all = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  const share = (status: number) => (statuses.get(status) ?? 0) / all;
  assert.ok(share(200) > 0.02 && share(400) > 0.1, JSON.stringify([...statuses]));
}, 300_000);
