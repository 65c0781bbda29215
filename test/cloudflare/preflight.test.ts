import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Problem, ProblemsError } from "../../packages/base/problems";
import { type RawAnswer, type Send, sendRequest } from "../../packages/cloudflare/api-request";
import { type ApiAccess, type PreflightArgs, preflight } from "../../packages/cloudflare/preflight";
import { DEV_ACCOUNT_ID, DEV_ZONE_ID } from "../../packages/sandbox/account/seed";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server/server";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
beforeEach(() => sandbox.reset());
afterAll(() => sandbox.close());

const args = (overrides: Partial<PreflightArgs> = {}): PreflightArgs => ({
  accountId: DEV_ACCOUNT_ID,
  zone: "datacrew.space",
  teamName: "datacrew",
  applications: [{ name: "comfyui", hostname: "comfyui.datacrew.space" }],
  tunnel: { name: "comfyui-dev" },
  google: {},
  alerts: {},
  ownerComment: "comfyui-access comfyui-access/dev",
  adopted: [],
  ...overrides,
});

/** An answer of the API's. */
const json = (status: number, body: unknown, headers: Record<string, string> = {}): RawAnswer => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  text: JSON.stringify(body),
});
const HALF: RawAnswer = { ...json(200, {}), text: '{"result":[' };

const access = (token: string = sandbox.tokens.preview): ApiAccess => ({ baseUrl: sandbox.apiUrl, token });

async function problemsOf(overrides: Partial<PreflightArgs>, api = access()): Promise<readonly Problem[]> {
  const outcome = await preflight(args(overrides), api).catch((error: unknown) => error);
  if (outcome instanceof ProblemsError) return outcome.problems;
  throw new Error(`no problems, but ${String(outcome)}`);
}

/** Makes an object in the sandbox, as somebody else would. */
async function make(path: string, body: unknown): Promise<{ id: string }> {
  const response = await fetch(`${sandbox.apiUrl}/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${sandbox.tokens.admin}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const { result, errors } = (await response.json()) as { result: { id: string } | null; errors: unknown };
  if (result === null) throw new Error(JSON.stringify(errors));
  return result;
}

test("finds the zone's id, with a token that may only read, by GETs only", async () => {
  expect(await preflight(args(), access())).toMatchObject({ zoneId: DEV_ZONE_ID });
  expect(new Set(sandbox.requests.map(({ method }) => method))).toEqual(new Set(["GET"]));
  expect(sandbox.requests.length).toBeLessThanOrEqual(9);
});

test("needs a constant number of requests, however many applications there are", async () => {
  const applications = Array.from({ length: 50 }, (_, n) => ({
    name: `a${n}`,
    hostname: `a${n}.datacrew.space`,
  }));
  await preflight(args({ applications }), access());
  expect(sandbox.requests.length).toBeLessThanOrEqual(9);
});

test("a missing token is told before anything is asked", async () => {
  const [problem] = await problemsOf({}, { baseUrl: sandbox.apiUrl });
  expect(problem).toMatchObject({ path: "API token", found: "not set" });
  expect(problem?.remedy).toContain("CLOUDFLARE_API_TOKEN");
  expect(sandbox.requests).toEqual([]);
});

test("a refused token is one problem, and is not repeated", async () => {
  const token = "sandbox-revoked-000000000000000000000000";
  const problems = await problemsOf({}, access(token));
  expect(problems).toMatchObject([{ path: "API token", found: "refused (HTTP 401, code 10000)" }]);
  expect(JSON.stringify(problems)).not.toContain(token);
});

test("an account that the token does not reach is one problem", async () => {
  const problems = await problemsOf({ accountId: "f".repeat(32) });
  expect(problems.find(({ path }) => path === "accountId")?.found).toBe(
    `the API token reaches nothing in account ${"f".repeat(32)}`,
  );
  expect(problems.map(({ path }) => path).sort()).toEqual(["accountId", "zone"]);
});

test("an account id that is none is one problem too: everything below it is not there", async () => {
  const missing = json(404, { errors: [{ code: 7003, message: "Could not route" }] });
  const send: Send = async (request) => (request.url.includes("/accounts/") ? missing : sendRequest(request));
  const id = "11111111-1111-4111-8111-111111111111";
  for (const tunnel of [{ id }, { name: "comfyui-dev" }]) {
    expect(await problemsOf({ tunnel }, { ...access(), send })).toMatchObject([{ path: "accountId" }]);
  }
});

describe("a token without a scope is told which permission group it lacks", () => {
  const groups: [RegExp, string][] = [
    [/access\/service_tokens/, "Access: Service Tokens Write"],
    [/access\/(apps|policies)/, "Access: Apps and Policies Write"],
    [
      /access\/(organizations|identity_providers)/,
      "Access: Organizations, Identity Providers, and Groups Write",
    ],
    [/cfd_tunnel/, "Cloudflare Tunnel Write"],
    [/dns_records/, "DNS Write"],
    [/alerting/, "Notifications Write"],
  ];
  test.each(groups)("%s", async (pattern, group) => {
    const refusal = json(403, { errors: [{ code: 10000, message: "Authentication error" }] });
    const send: Send = async (request) => (pattern.test(request.url) ? refusal : sendRequest(request));
    const problems = await problemsOf({}, { ...access(), send });
    expect(problems.length).toBeGreaterThan(0);
    for (const { path, found, remedy } of problems) {
      expect(path).toBe("API token");
      expect(found).toMatch(/^may not read .* \(HTTP 403, code 10000\)$/);
      expect(remedy).toContain(`"${group}"`);
    }
  });
});

test("a zone that is not there or belongs elsewhere", async () => {
  const problems = await problemsOf({ zone: "example.net" });
  expect(problems).toMatchObject([{ path: "zone" }]);
  expect(problems[0]?.found).toContain("sees no zone example.net");
});

test("a team of another name", async () => {
  expect(await problemsOf({ teamName: "datacrow" })).toEqual([
    {
      path: "teamName",
      found: "datacrow, but the account's team domain is datacrew.cloudflareaccess.com",
      remedy: "pulumi config set teamName datacrew",
    },
  ]);
});

describe("a DNS name", () => {
  const record = (comment?: string) =>
    make(`zones/${DEV_ZONE_ID}/dns_records`, {
      type: "A",
      name: "comfyui.datacrew.space",
      content: "192.0.2.1",
      ttl: 1,
      proxied: true,
      ...(comment === undefined ? {} : { comment }),
    });

  test("taken by a record that is not the stack's is refused, with its id", async () => {
    const { id } = await record();
    const [problem, ...others] = await problemsOf({});
    expect(others).toEqual([]);
    expect(problem?.path).toBe("applications[0].hostname");
    expect(problem?.found).toBe(
      "comfyui.datacrew.space has an A record that is not this stack's (to 192.0.2.1)",
    );
    expect(problem?.remedy).toContain(id);
  });

  test("of the stack's own record is no problem", async () => {
    await record(args().ownerComment);
    expect(await preflight(args(), access())).toMatchObject({ zoneId: DEV_ZONE_ID });
  });

  test("is also found among many", async () => {
    await record("somebody else's");
    const others = ["a", "b", "c"].map((name) => ({ name, hostname: `${name}.datacrew.space` }));
    const problems = await problemsOf({ applications: [...others, ...args().applications] });
    expect(problems.map(({ path }) => path)).toEqual(["applications[3].hostname"]);
  });
});

test("a host name that another Access application guards", async () => {
  const { id } = await make(`accounts/${DEV_ACCOUNT_ID}/access/apps`, {
    name: "by-hand",
    type: "self_hosted",
    destinations: [{ type: "public", uri: "comfyui.datacrew.space" }],
  });
  expect(await problemsOf({})).toEqual([
    {
      path: "applications[0].hostname",
      found: `comfyui.datacrew.space belongs to the Access application "by-hand" (${id})`,
      remedy: "Choose another name, or remove that application; to take it over: npm run cli -- adopt",
    },
  ]);
});

test("what the stack has taken over is no problem, and only that", async () => {
  const app = await make(`accounts/${DEV_ACCOUNT_ID}/access/apps`, {
    name: "by-hand",
    type: "self_hosted",
    destinations: [{ type: "public", uri: "comfyui.datacrew.space" }],
  });
  const content = "11111111-1111-4111-8111-111111111111.cfargotunnel.com";
  const cname = { type: "CNAME", name: "comfyui.datacrew.space", content, proxied: true };
  const record = await make(`zones/${DEV_ZONE_ID}/dns_records`, cname);
  const adopted = [app.id, record.id];
  expect(await preflight(args({ adopted }), access())).toMatchObject({ zoneId: DEV_ZONE_ID });
  expect(await problemsOf({ adopted: [app.id] })).toHaveLength(1);
  expect(await problemsOf({ adopted: [record.id] })).toHaveLength(1);
});

describe("a shared tunnel", () => {
  const tunnel = (config_src: string) =>
    make(`accounts/${DEV_ACCOUNT_ID}/cfd_tunnel`, { name: "shared", config_src });

  test("has to exist", async () => {
    const id = "11111111-1111-4111-8111-111111111111";
    expect(await problemsOf({ tunnel: { id } })).toMatchObject([
      { path: "tunnel.id", found: `there is no tunnel ${id} in the account` },
    ]);
  });

  test("has to take its rules from the API", async () => {
    const { id } = await tunnel("local");
    expect(await problemsOf({ tunnel: { id } })).toMatchObject([
      { path: "tunnel.id", found: 'the tunnel "shared" takes its rules from a file on its machine' },
    ]);
  });

  test("is accepted otherwise", async () => {
    const { id } = await tunnel("cloudflare");
    expect(await preflight(args({ tunnel: { id } }), access())).toMatchObject({ zoneId: DEV_ZONE_ID });
  });
});

describe("an existing identity provider", () => {
  test("has to exist", async () => {
    const identityProviderId = "11111111-1111-4111-8111-111111111111";
    expect(await problemsOf({ google: { identityProviderId } })).toMatchObject([
      { path: "google.identityProviderId" },
    ]);
  });

  test("has to be Google's", async () => {
    const path = `accounts/${DEV_ACCOUNT_ID}/access/identity_providers`;
    const { id } = await make(path, { name: "PIN", type: "onetimepin", config: {} });
    const problems = await problemsOf({ google: { identityProviderId: id } });
    expect(problems).toMatchObject([{ found: "the provider is of type onetimepin" }]);
  });
});

test("everything wrong comes in one error", async () => {
  const problems = await problemsOf({
    zone: "example.net",
    teamName: "datacrow",
    tunnel: { id: "11111111-1111-4111-8111-111111111111" },
  });
  expect(problems.map(({ path }) => path).sort()).toEqual(["teamName", "tunnel.id", "zone"]);
});

describe("a server in trouble", () => {
  test("waits as long as Retry-After says, a bounded number of times", async () => {
    const waits: number[] = [];
    const send: Send = async () => json(429, {}, { "retry-after": "2" });
    const sleep = async (milliseconds: number) => void waits.push(milliseconds);
    const problems = await problemsOf({}, { token: "t", send, sleep });
    expect(problems).toMatchObject([{ path: "API", found: "too many requests (HTTP 429)" }]);
    expect(new Set(waits)).toEqual(new Set([2000]));
    expect(waits.length).toBeLessThanOrEqual(8 * 3);
  });

  test("does not wait for minutes", async () => {
    const send: Send = async () => json(429, {}, { "retry-after": "300" });
    const sleep = async () => Promise.reject(new Error("it waited"));
    expect(await problemsOf({}, { token: "t", send, sleep })).toMatchObject([
      { found: "too many requests (HTTP 429)" },
    ]);
  });

  test("recovers when a later try succeeds", async () => {
    const seen = new Set<string>();
    const send: Send = async (request) => {
      if (seen.has(request.url)) return sendRequest(request);
      seen.add(request.url);
      return { status: 503, headers: {}, text: "" };
    };
    expect(await preflight(args(), { ...access(), send, sleep: async () => {} })).toMatchObject({
      zoneId: DEV_ZONE_ID,
    });
  });

  test.each([
    [
      "a connection that breaks",
      () => Promise.reject(Object.assign(new Error("hang up"), { code: "ECONNRESET" })),
    ],
    ["half an answer", async () => HALF],
  ])("tries again after %s", async (_, broken: () => Promise<RawAnswer>) => {
    const seen = new Set<string>();
    const send: Send = async (request) => {
      if (seen.has(request.url)) return sendRequest(request);
      seen.add(request.url);
      return broken();
    };
    expect(await preflight(args(), { ...access(), send, sleep: async () => {} })).toMatchObject({
      zoneId: DEV_ZONE_ID,
    });
  });

  test("answers that stay unreadable are one problem", async () => {
    const send: Send = async () => HALF;
    const problems = await problemsOf({}, { ...access(), send, sleep: async () => {} });
    expect(problems).toMatchObject([{ path: "API", found: `no JSON from ${sandbox.apiUrl}` }]);
  });

  test("no answer at all is one problem that names the address", async () => {
    const problems = await problemsOf({}, { baseUrl: "http://127.0.0.1:1/client/v4", token: "t" });
    expect(problems).toMatchObject([
      { path: "API", found: "no answer from http://127.0.0.1:1/client/v4 (ECONNREFUSED)" },
    ]);
  });
});

test("a rule of the own tunnel is declared in Unicode too", async () => {
  const rules = ["BÜCHER.datacrew.space", "other.datacrew.space"].map((hostname) => ({ hostname }));
  const send: Send = async (request) => {
    if (request.url.includes("/configurations")) return json(200, { result: { config: { ingress: rules } } });
    if (request.url.includes("/cfd_tunnel?")) return json(200, { result: [{ id: "t", name: "books" }] });
    return sendRequest(request);
  };
  const applications = [{ name: "books", hostname: "xn--bcher-kva.datacrew.space" }];
  const { undeclared } = await preflight(args({ applications, tunnel: { name: "books" } }), {
    ...access(),
    send,
  });
  expect(undeclared).toEqual([{ hostname: "other.datacrew.space" }]);
});
