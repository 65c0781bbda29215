import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  PartialFailure,
  type PropertyMap,
  type ProviderImpl,
  UNKNOWN,
} from "../../../packages/provider/host";
import { tunnelIngressProvider } from "../../../packages/provider/tunnel-ingress/provider";
import { TunnelApi } from "../../../packages/provider/tunnel-ingress/tunnel-api";
import { type Sandbox, startSandbox } from "../../../packages/sandbox/server/server";

const accountId = "0123456789abcdef0123456789abcdef";
const tunnels = `/accounts/${accountId}/cfd_tunnel`;

const app = {
  hostname: "comfyui.datacrew.space",
  service: "http://localhost:8188",
  originRequest: { access: { required: true, teamName: "datacrew", audTag: ["a1"] } },
};
const grafana = { hostname: "grafana.datacrew.space", service: "http://localhost:3000", future: { x: [1] } };
const wildcard = { hostname: "*.datacrew.space", service: "http://localhost:80" };
const end = { service: "http_status:503" };

let sandbox: Sandbox;
let provider: ProviderImpl;
let tunnelId: string;
let warnings: string[];

const context = {
  urn: "urn:pulumi:dev::project::comfyui-access:index:TunnelIngress::shared",
  type: "comfyui-access:index:TunnelIngress",
  name: "shared",
  warn: async (message: string) => {
    warnings.push(message);
  },
};

async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${sandbox.apiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${sandbox.tokens.admin}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const { result } = (await answer.json()) as { result: T };
  return result;
}

const makeTunnel = (configSrc: string) =>
  api<{ id: string }>("POST", tunnels, {
    name: "shared",
    config_src: configSrc,
    tunnel_secret: Buffer.alloc(32, 7).toString("base64"),
  });

const putRules = (ingress: unknown[], more: object = {}) =>
  api("PUT", `${tunnels}/${tunnelId}/configurations`, { config: { ingress, ...more } });

async function live(): Promise<{ ingress: unknown[] }> {
  const { config } = await api<{ config: { ingress: unknown[] } }>(
    "GET",
    `${tunnels}/${tunnelId}/configurations`,
  );
  return config;
}

const inputs = (...rules: PropertyMap[]): PropertyMap => ({ accountId, tunnelId, rules });
const create = (...rules: PropertyMap[]) =>
  provider.create({ ...context, inputs: inputs(...rules), preview: false });
const update = (before: PropertyMap, after: PropertyMap) =>
  provider.update({
    ...context,
    id: `${accountId}/${tunnelId}`,
    oldInputs: before,
    state: before,
    inputs: after,
    ignoreChanges: [],
    preview: false,
  });
const remove = (state: PropertyMap) => provider.delete({ ...context, id: `${accountId}/${tunnelId}`, state });
const read = (state: PropertyMap, id = `${accountId}/${tunnelId}`) =>
  provider.read({ ...context, id, state, inputs: state });
async function reasons(given: PropertyMap, oldInputs?: PropertyMap): Promise<string[]> {
  const { failures = [] } = await provider.check({ ...context, inputs: given, oldInputs });
  return failures.map(({ property, reason }) => `${property}: ${reason}`);
}

beforeAll(async () => {
  sandbox = await startSandbox();
});

afterAll(() => sandbox.close());

beforeEach(async () => {
  sandbox.reset();
  warnings = [];
  provider = tunnelIngressProvider((access) => new TunnelApi(access), {
    baseUrl: sandbox.apiUrl,
    apiToken: sandbox.tokens.up,
  });
  tunnelId = (await makeTunnel("cloudflare")).id;
});

describe("rules in a shared tunnel", () => {
  it("puts ours in, keeps everybody else's and every other setting, and takes only ours out", async () => {
    await putRules([grafana, wildcard, end], { originRequest: { connectTimeout: 5 } });
    const before = await live();
    const { state } = await create(app);
    expect((await live()).ingress).toEqual([grafana, app, wildcard, end]);
    await update(state, inputs({ ...app, service: "http://localhost:9" }));
    expect((await live()).ingress).toEqual([
      grafana,
      { ...app, service: "http://localhost:9" },
      wildcard,
      end,
    ]);
    await remove(state);
    expect(await live()).toEqual(before);
  });

  it("writes once per change, and not at all when nothing changed", async () => {
    await putRules([grafana, end]);
    const { state } = await create(app);
    const from = sandbox.requests.length;
    await update(state, inputs(app));
    expect(sandbox.requests.slice(from).map(({ method }) => method)).toEqual(["GET"]);
  });

  it("starts a list on a tunnel that has none", async () => {
    await create(app);
    expect((await live()).ingress).toEqual([app, { service: "http_status:404" }]);
  });

  it("leaves a tunnel whose list was empty as it was", async () => {
    await putRules([], { originRequest: { connectTimeout: 5 } });
    const before = await live();
    const { state } = await create(app);
    expect(state["ownCatchAll"]).toBe(true);
    const updated = await update(state, inputs({ ...app, service: "http://localhost:9" }));
    const refreshed = await read(updated);
    expect(refreshed?.state["ownCatchAll"]).toBe(true);
    await remove(refreshed?.state ?? {});
    expect(await live()).toEqual(before);
  });

  it("fails with the object kept when it went over somebody else's write", async () => {
    await putRules([grafana, end]);
    sandbox.faults.add({ method: "PUT", pathRegex: "/configurations$", action: "hold" });
    const creating = create(app).catch((error: unknown) => error);
    await vi.waitUntil(() => sandbox.faults.list().length === 0, { timeout: 20_000 });
    await putRules([wildcard, grafana, end]);
    sandbox.faults.release();
    const failure = await creating;
    expect(failure).toBeInstanceOf(PartialFailure);
    expect(failure).toMatchObject({ id: `${accountId}/${tunnelId}`, state: inputs(app) });
    expect(String(failure)).toMatch(/version 2 \(ours is 3.*overwritten/);
    // The engine has it in its state, and tries again as an update.
    expect(await update(inputs(app), inputs(app))).toEqual(inputs(app));
  });

  it("does not take its own lost answer for somebody else's write", async () => {
    await putRules([grafana, end]);
    sandbox.faults.add({ method: "PUT", pathRegex: "/configurations$", action: "drop-after" });
    await create(app);
    expect((await live()).ingress).toEqual([grafana, app, end]);
  });

  it("waits and goes on when the API has had too many requests", async () => {
    await putRules([grafana, end]);
    const busy = { method: "PUT", pathRegex: "/configurations$", action: "status", status: 429 } as const;
    sandbox.faults.add({ ...busy, retryAfter: 1 });
    await create(app);
    expect((await live()).ingress).toEqual([grafana, app, end]);
  });

  it("can be run again after an interruption", async () => {
    await putRules([app, end]);
    expect(await reasons(inputs(app))).toEqual([]);
    await create(app);
    expect((await live()).ingress).toEqual([app, end]);
  });

  it("shows in a refresh what somebody changed or removed", async () => {
    const { state } = await create(app, { ...app, hostname: "b.datacrew.space" });
    await putRules([{ ...app, service: "http://evil" }, end]);
    const found = await read(state);
    expect(found?.state["rules"]).toEqual([{ ...app, service: "http://evil" }]);
    expect(found?.inputs["rules"]).toEqual(found?.state["rules"]);
  });

  it("is gone when the tunnel is", async () => {
    const { state } = await create(app);
    await api("DELETE", `${tunnels}/${tunnelId}`);
    expect(await read(state)).toBeUndefined();
    await expect(remove(state)).resolves.toBeUndefined();
  });

  it("adopts rules by import", async () => {
    await putRules([grafana, app, end]);
    const id = `${accountId}/${tunnelId}/${app.hostname}`;
    const found = await provider.read({ ...context, id, state: {}, inputs: {} });
    expect(found).toMatchObject({ id: `${accountId}/${tunnelId}`, state: inputs(app), inputs: inputs(app) });
  });
});

describe("what is refused before anything is written", () => {
  it("a host name that a foreign rule serves, with the remedy", async () => {
    await putRules([{ hostname: app.hostname, service: "http://theirs:1" }, end]);
    const [reason] = await reasons(inputs(app));
    expect(reason).toContain("already serves comfyui.datacrew.space from http://theirs:1");
    expect(reason).toContain("Adopt it");
    await expect(create(app)).rejects.toThrow("already serves comfyui.datacrew.space");
  });

  it("a path of the host name that a foreign rule serves, whatever its expression", async () => {
    await putRules([{ hostname: app.hostname, path: "^/", service: "http://theirs:1" }, end]);
    const [reason] = await reasons(inputs(app));
    expect(reason).toContain("already serves comfyui.datacrew.space/^/ from http://theirs:1");
    await expect(create(app)).rejects.toThrow("already serves comfyui.datacrew.space/^/");
  });

  it("the same while the application's aud is still unknown", async () => {
    await putRules([{ hostname: app.hostname, service: app.service }, end]);
    const access = { required: true, teamName: "datacrew", audTag: [UNKNOWN] };
    expect(await reasons(inputs({ ...app, originRequest: { access } }))).toHaveLength(1);
  });

  it("a tunnel that does not exist, was deleted, or is configured by a file", async () => {
    const gone = { ...inputs(app), tunnelId: "00000000-0000-4000-8000-000000000000" };
    expect((await reasons(gone))[0]).toContain("there is no tunnel 00000000");
    await api("DELETE", `${tunnels}/${tunnelId}`);
    expect((await reasons(inputs(app)))[0]).toContain("there is no tunnel");
    tunnelId = (await makeTunnel("local")).id;
    expect((await reasons(inputs(app)))[0]).toContain("from a file beside cloudflared");
  });

  it.each([
    ["no rules", [], "at least one rule"],
    ["a rule for every host", [{ service: "http://x" }], "hostname: is required"],
    ["a rule without a service", [{ hostname: "a.example.org" }], "service: is required"],
    ["two rules for one host", [app, app], "would never be reached"],
    ["a host with a port", [{ ...app, hostname: "a.example.org:1" }], "is not a host name"],
  ])("%s", async (_, rules, reason) => {
    expect((await reasons(inputs(...rules))).join("\n")).toContain(reason);
  });

  it("an unknown input", async () => {
    expect((await reasons({ ...inputs(app), rule: [] })).join("\n")).toContain('no input "rule"');
  });

  it("nothing is asked of the API for inputs that did not change", async () => {
    const from = sandbox.requests.length;
    expect(await reasons(inputs(app), inputs(app))).toEqual([]);
    expect(sandbox.requests).toHaveLength(from);
  });
});

describe("the provider's config", () => {
  it("keeps none of the stack's own config, which has the same namespace", async () => {
    const result = await provider.checkConfig?.({ accountId, google: "secret", apiToken: "t", version: "1" });
    expect(result?.inputs).toEqual({ apiToken: "t", version: "1" });
  });
});
