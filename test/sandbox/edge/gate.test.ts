import { afterEach, beforeEach, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { socketTo } from "../../../packages/client/typescript/network";
import { DEV_ACCOUNT_ID } from "../../../packages/sandbox/account/seed";
import { ACCESS, APP, ARTIST, HOST, type Rig, startRig } from "./rig";
import { upgradeStatus } from "./wire";

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

const OPEN = "https://open.datacrew.space";

describe("a WebSocket", () => {
  const socket = (address: string, headers: Record<string, string> = {}) =>
    new WebSocket(address, {
      headers,
      createConnection: () => socketTo(rig.edge.network, new URL(address)),
    } as WebSocket.ClientOptions);

  it("is joined to the origin for a service token and for a person with a cookie", async () => {
    const visitor = rig.visitor();
    await visitor.logIn(APP, ARTIST);
    const cookie = { cookie: `CF_Authorization=${visitor.cookie(HOST, "CF_Authorization")}` };
    for (const headers of [rig.credentials(), cookie]) {
      const client = socket(`wss://${HOST}/ws?clientId=1`, headers);
      const echoed = await new Promise((resolve, reject) => {
        client.on("error", reject);
        client.on("open", () => client.send("hello"));
        client.on("message", (data) => resolve(String(data)));
      });
      expect(echoed).toBe("hello");
      expect(rig.origin.arrived.at(-1)?.headers).toHaveProperty("cf-access-jwt-assertion");
      expect(rig.origin.arrived.at(-1)?.headers).not.toHaveProperty("cf-access-client-secret");
      client.close();
    }
    await expect
      .poll(() =>
        rig.edge.log.filter(({ upgrade, status }) => upgrade && status === 101).map(({ who }) => who),
      )
      .toEqual(["comfyui-api", ARTIST]);
  });

  it("is refused like a request: login, 401, 403", async () => {
    const status = (headers: Record<string, string>) => upgradeStatus(rig.edge.network, HOST, "/ws", headers);
    expect(await status({})).toBe(302);
    expect(await status({ ...rig.credentials(), "cf-access-client-secret": "wrong" })).toBe(401);
    const other = await rig.api("POST", `${ACCESS}/service_tokens`, { name: "other" });
    const unauthorised = {
      "cf-access-client-id": other.client_id,
      "cf-access-client-secret": other.client_secret,
    };
    expect(await status(unauthorised)).toBe(403);
    expect(rig.origin.arrived).toEqual([]);
  });
});

describe("CORS", () => {
  const preflight = (more: Record<string, string> = {}) =>
    rig.visitor().open(`${APP}/prompt`, {
      method: "OPTIONS",
      headers: { origin: "https://studio.example", "access-control-request-method": "POST", ...more },
    });

  it("preflights are 403, logged in or not, unless the application says otherwise", async () => {
    expect((await preflight()).status).toBe(403);
    expect((await preflight(rig.credentials())).status).toBe(403);
    expect(rig.origin.arrived).toEqual([]);
  });

  it("preflights go to the origin with options_preflight_bypass; other requests do not", async () => {
    await rig.change({ options_preflight_bypass: true });
    // The tunnel asks for the JWT that a preflight never has.
    expect((await preflight()).status).toBe(403);
    await expect.poll(() => rig.edge.log.at(-1)).toMatchObject({ servedBy: "tunnel" });
    const { config } = await rig.api(
      "GET",
      `/accounts/${DEV_ACCOUNT_ID}/cfd_tunnel/${rig.tunnelId}/configurations`,
    );
    delete config.ingress[0].originRequest;
    await rig.api("PUT", `/accounts/${DEV_ACCOUNT_ID}/cfd_tunnel/${rig.tunnelId}/configurations`, { config });
    expect((await preflight()).status).toBe(200);
    expect(rig.origin.arrived).toHaveLength(1);
    expect((await rig.visitor().open(APP, { method: "OPTIONS" })).status).toBe(302);
    expect(rig.origin.arrived).toHaveLength(1);
  });

  it("is answered by Access itself with cors_headers", async () => {
    await rig.change({
      cors_headers: {
        allowed_origins: ["https://studio.example"],
        allowed_methods: ["GET", "POST"],
        allowed_headers: ["Content-Type"],
        allow_credentials: true,
        max_age: 600,
      },
    });
    const answer = await preflight({ "access-control-request-headers": "content-type" });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": "https://studio.example",
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers": "content-type",
      "access-control-allow-credentials": "true",
      "access-control-max-age": "600",
    });
    expect((await preflight({ origin: "https://evil.example" })).status).toBe(403);
    expect((await preflight({ "access-control-request-method": "DELETE" })).status).toBe(403);
    expect((await preflight({ "access-control-request-headers": "x-secret" })).status).toBe(403);
    const headers = { ...rig.credentials(), origin: "https://studio.example" };
    const passed = await rig.visitor().open(APP, { headers });
    expect(passed.headers["access-control-allow-origin"]).toBe("https://studio.example");
    expect(rig.origin.arrived).toHaveLength(1);
  });
});

describe("policies at the edge", () => {
  it("Bypass lets everybody through, without a JWT, even beside a wrong token", async () => {
    const bypass = await rig.api("POST", `${ACCESS}/policies`, {
      name: "open",
      decision: "bypass",
      include: [{ everyone: {} }],
    });
    await rig.api("POST", `${ACCESS}/apps`, {
      type: "self_hosted",
      name: "open",
      domain: "open.datacrew.space",
      policies: [{ id: bypass.id, precedence: 1 }],
    });
    for (const headers of [undefined, { "cf-access-client-id": "x" }]) {
      expect((await rig.visitor().open(OPEN, { headers })).status).toBe(200);
      expect(rig.origin.arrived.at(-1)?.headers).not.toHaveProperty("cf-access-jwt-assertion");
    }
    expect(rig.edge.log.at(-1)).toMatchObject({ verdict: "granted", policy: "open" });
  });

  it("an application without policies lets nobody in", async () => {
    await rig.change({ policies: [] });
    expect((await rig.visitor().open(APP, { headers: rig.credentials() })).status).toBe(403);
    expect((await rig.visitor().open(APP)).status).toBe(403);
  });

  it("a rule that the sandbox cannot judge lets nobody in", async () => {
    await rig.api("PUT", `${ACCESS}/policies/${rig.people.id}`, {
      ...rig.people,
      include: [{ group: { id: "g" } }],
    });
    expect((await rig.visitor().logIn(APP, ARTIST)).status).toBe(403);
  });
});
