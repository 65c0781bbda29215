import { decodeJwt } from "jose";
import { afterEach, describe, expect, it } from "vitest";
import { ACCESS, APP, ARTIST, HOST, type Json, type Rig, startRig, TEAM } from "./rig";
import { upgradeStatus } from "./wire";

let rig: Rig;
afterEach(() => rig.close());

const wrongSecret = (): Record<string, string> => ({
  ...rig.credentials(),
  "cf-access-client-secret": "0".repeat(64),
});
const xhr = { "x-requested-with": "XMLHttpRequest" };
const open = (headers: Record<string, string | string[]>, path = "/system_stats") =>
  rig.visitor().open(`${APP}${path}`, { headers });

describe("a service token, strictly", () => {
  it("passes with each request, without a cookie; the origin gets a JWT and not the secret", async () => {
    rig = await startRig();
    const answer = await open(rig.credentials());
    expect(answer.status).toBe(200);
    expect(answer.cookies).toEqual([]);
    const { headers } = rig.origin.arrived.at(-1) ?? { headers: {} as Record<string, string> };
    expect(Object.keys(headers).filter((name) => name.startsWith("cf-access-"))).toEqual([
      "cf-access-jwt-assertion",
    ]);
    expect(JSON.stringify(headers)).not.toContain(rig.token.client_secret);
    const claims = decodeJwt(headers["cf-access-jwt-assertion"] ?? "");
    expect(claims).toEqual({
      type: "app",
      aud: rig.app.aud,
      iss: TEAM,
      common_name: rig.token.client_id,
      sub: "",
      iat: expect.any(Number),
      exp: (claims.iat ?? 0) + 24 * 3600 + 1,
    });
    expect(rig.edge.log.at(-1)).toMatchObject({
      who: "comfyui-api",
      verdict: "granted",
      policy: "machines",
      servedBy: "origin",
      reason: 'Service Auth "machines" matches: service token is comfyui-api',
    });
  });

  it("has its audience as a list when the setting says so", async () => {
    rig = await startRig({ settings: { serviceTokenAud: "array" } });
    expect((await open(rig.credentials())).status).toBe(200);
    const { headers } = rig.origin.arrived.at(-1) ?? { headers: {} as Record<string, string> };
    expect(decodeJwt(headers["cf-access-jwt-assertion"] ?? "").aud).toEqual([rig.app.aud]);
  });

  it("that cannot be authenticated is 401, whatever is wrong with it", async () => {
    rig = await startRig();
    const { "cf-access-client-id": id = "", "cf-access-client-secret": secret = "" } = rig.credentials();
    const broken: [what: string, headers: Record<string, string | string[]>][] = [
      ["a wrong secret for the service token comfyui-api", wrongSecret()],
      ["an unknown client id", { ...rig.credentials(), "cf-access-client-id": `${"0".repeat(32)}.access` }],
      ["half of a service token", { "cf-access-client-id": id }],
      ["half of a service token", { "cf-access-client-secret": secret }],
      ["a token header is repeated", { ...rig.credentials(), "cf-access-client-id": [id, id] }],
      ["a token header is repeated", { ...rig.credentials(), "CF-Access-Client-Secret": [secret, secret] }],
    ];
    for (const [reason, headers] of broken) {
      expect((await open(headers)).status).toBe(401);
      await expect.poll(() => rig.edge.log.at(-1)).toMatchObject({ status: 401, who: "nobody", reason });
    }
    expect(rig.origin.arrived).toEqual([]);
    expect(JSON.stringify(rig.edge.log)).not.toContain(secret);
  });

  it("that is valid but not in a policy is 403; Allow does not count", async () => {
    rig = await startRig();
    const other = await rig.api("POST", `${ACCESS}/service_tokens`, { name: "other" });
    const headers = {
      "cf-access-client-id": other.client_id,
      "cf-access-client-secret": other.client_secret,
      accept: "application/json",
    };
    const answer = await open(headers);
    expect(answer.status).toBe(403);
    expect(answer.headers["cf-access-aud"]).toBe(rig.app.aud);
    expect(answer.headers["cf-access-domain"]).toBe(HOST);
    expect(JSON.parse(answer.text)).toEqual({
      message: expect.stringMatching(/^Forbidden\. You don't have permission to view this\./),
      status_code: 403,
      aud: rig.app.aud,
      ray_id: answer.headers["cf-ray"],
    });
    // A login of an allowed person beside it does not help.
    const visitor = rig.visitor();
    await visitor.logIn(APP, ARTIST);
    expect((await visitor.open(APP, { headers })).status).toBe(403);
  });

  it("is refused in both header styles at once, and passes in the one header alone", async () => {
    rig = await startRig();
    await rig.change({ read_service_tokens_from_header: "Authorization" });
    const authorization = JSON.stringify(rig.credentials());
    expect((await open({ authorization })).status).toBe(200);
    expect(rig.origin.arrived.at(-1)?.headers).not.toHaveProperty("authorization");
    expect((await open({ authorization, ...rig.credentials() })).status).toBe(401);
    expect((await open({ authorization: JSON.stringify(wrongSecret()) })).status).toBe(401);
    // What is not a token in it is the origin's affair.
    expect((await open({ authorization: "Bearer x", ...rig.credentials() })).status).toBe(200);
    expect(rig.origin.arrived.at(-1)?.headers.authorization).toBe("Bearer x");
  });

  it("does not pass by its JWT", async () => {
    rig = await startRig();
    await open(rig.credentials());
    const jwt = rig.origin.arrived.at(-1)?.headers["cf-access-jwt-assertion"] ?? "";
    expect((await open({ "cf-access-token": jwt })).status).toBe(302);
    rig.edge.settings.strictServiceJwt = "accept";
    expect((await open({ "cf-access-token": jwt })).status).toBe(200);
  });
});

describe("a service token's life", () => {
  it("ends when it is disabled, and goes on when it is enabled", async () => {
    rig = await startRig();
    const path = `${ACCESS}/service_tokens/${rig.token.id}`;
    await rig.api("PUT", path, { enabled: false });
    expect((await open(rig.credentials())).status).toBe(401);
    await rig.api("PUT", path, { enabled: true });
    expect((await open(rig.credentials())).status).toBe(200);
  });

  it("ends when it expires", async () => {
    rig = await startRig();
    rig.sandbox.store.advanceClock(8760 * 3_600_000 - 60_000);
    expect((await open(rig.credentials())).status).toBe(200);
    rig.sandbox.store.advanceClock(61_000);
    expect((await open(rig.credentials())).status).toBe(401);
  });

  it("keeps the secret before a rotation for as long as it was told", async () => {
    rig = await startRig();
    const previous_client_secret_expires_at = new Date(Date.now() + 3_600_000).toISOString();
    const rotated: Json = await rig.api("POST", `${ACCESS}/service_tokens/${rig.token.id}/rotate`, {
      previous_client_secret_expires_at,
    });
    const fresh = { ...rig.credentials(), "cf-access-client-secret": rotated.client_secret };
    expect((await open(rig.credentials())).status).toBe(200);
    expect((await open(fresh)).status).toBe(200);
    rig.sandbox.store.advanceClock(3_601_000);
    expect((await open(rig.credentials())).status).toBe(401);
    expect((await open(fresh)).status).toBe(200);
  });
});

describe("a service token in a legacy organization", () => {
  const serviceAuthOnly = () => rig.change({ policies: [{ id: rig.machines.id, precedence: 1 }] });

  it("is given a cookie that is good where people may log in, also beside the origin's own cookie", async () => {
    rig = await startRig({ legacy: true });
    const answer = await open(rig.credentials(), "/cookie");
    expect(answer.cookies).toEqual([
      "theme=dark; Path=/",
      expect.stringMatching(/^CF_Authorization=[^;]+; .*Secure; HttpOnly/),
    ]);
    const jwt = /CF_Authorization=([^;]+)/.exec(answer.cookies[1] ?? "")?.[1] ?? "";
    expect((await open({ cookie: `CF_Authorization=${jwt}` })).status).toBe(200);
    expect((await open({ "cf-access-token": jwt })).status).toBe(200);
    expect((await open({ "cf-access-jwt-assertion": jwt })).status).toBe(200);
    expect((await open({ authorization: `Bearer ${jwt}` })).status).toBe(302);
    await serviceAuthOnly();
    expect((await open({ cookie: `CF_Authorization=${jwt}` })).status).toBe(403);
    expect((await open(rig.credentials())).status).toBe(200);
  });

  it("loses that cookie's worth when it is disabled", async () => {
    rig = await startRig({ legacy: true });
    const [cookie = ""] = (await open(rig.credentials())).cookies;
    await rig.api("PUT", `${ACCESS}/service_tokens/${rig.token.id}`, { enabled: false });
    expect((await open({ cookie: cookie.split(";")[0] ?? "" })).status).toBe(302);
  });

  // The table of measured answers: with Allow besides Service Auth, and with Service Auth alone.
  it.each([
    ["plain GET", {}, 302, 403],
    ["XMLHttpRequest", xhr, 401, 403],
  ])("with a wrong secret, %s: %o answers %i, Service Auth alone %i", async (_, headers, both, alone) => {
    rig = await startRig({ legacy: true });
    expect((await open({ ...wrongSecret(), ...headers }, "/ws")).status).toBe(both);
    expect((await open(headers, "/ws")).status).toBe(both);
    await serviceAuthOnly();
    expect((await open({ ...wrongSecret(), ...headers }, "/ws")).status).toBe(alone);
    expect((await open(headers, "/ws")).status).toBe(alone);
    expect(rig.origin.arrived).toEqual([]);
  });

  it("with a wrong secret, WebSocket upgrade: answers 302, Service Auth alone 403", async () => {
    rig = await startRig({ legacy: true });
    const status = (headers: Record<string, string>) => upgradeStatus(rig.edge.network, HOST, "/ws", headers);
    expect([await status(wrongSecret()), await status({})]).toEqual([302, 302]);
    await serviceAuthOnly();
    expect([await status(wrongSecret()), await status({})]).toEqual([403, 403]);
  });

  it("with a wrong secret is 401 under service_auth_401_redirect, while people still get the login", async () => {
    rig = await startRig({ legacy: true });
    await rig.change({ service_auth_401_redirect: true });
    expect((await open(wrongSecret())).status).toBe(401);
    expect((await open({})).status).toBe(302);
    await serviceAuthOnly();
    expect((await open({})).status).toBe(401);
  });
});
