import { SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import { ISSUER, SERVICE, serve, signer, TEAM, testTunnel } from "./support";

const AUD = "a".repeat(64);
const OTHER_AUD = "b".repeat(64);
const now = () => Math.floor(Date.now() / 1000);

async function guarded(access: object = { required: true, teamName: TEAM, audTag: [AUD, OTHER_AUD] }) {
  const key = await signer();
  let asked = 0;
  const keys = { keys: [key.jwk] as object[] };
  const origin = await serve((_, response) => response.end("from the origin"));
  const tunnel = await testTunnel({
    services: { [SERVICE]: origin.url },
    keys: async () => {
      asked += 1;
      return keys;
    },
  });
  tunnel.configure({ ingress: [{ service: SERVICE, originRequest: { access } }] });
  const ask = (assertion?: string) =>
    tunnel.get("a.b", "/", assertion === undefined ? {} : { "cf-access-jwt-assertion": assertion });
  return { tunnel, key, keys, ask, asked: () => asked };
}

describe("originRequest.access", () => {
  it("lets through any listed audience, as a text or in a list", async () => {
    const { key, ask } = await guarded();
    for (const aud of [AUD, OTHER_AUD, [AUD], ["other", OTHER_AUD]]) {
      expect(await ask(await key.sign({ aud }))).toEqual({ status: 200, text: "from the origin" });
    }
  });

  it("answers 403 with an empty body without an assertion, and to another audience", async () => {
    const { key, ask, tunnel } = await guarded();
    for (const assertion of [undefined, "", await key.sign({ aud: "c".repeat(64) }), await key.sign({})]) {
      expect(await ask(assertion)).toEqual({ status: 403, text: "" });
    }
    expect(tunnel.results.every(({ servedBy, reason }) => servedBy === "tunnel" && reason)).toBe(true);
  });

  it("answers 502 to what proves nothing", async () => {
    const { key, ask, tunnel } = await guarded();
    const stranger = await signer();
    const secret = new TextEncoder().encode(JSON.stringify(key.jwk));
    const hs256 = new SignJWT({ aud: AUD, iss: ISSUER, exp: now() + 60 }).setProtectedHeader({
      alg: "HS256",
      kid: "key-1",
    });
    const [header, , signature] = (await key.sign({ aud: AUD })).split(".");
    const payload = Buffer.from(JSON.stringify({ aud: AUD, iss: ISSUER, exp: now() + 999 })).toString(
      "base64url",
    );
    const cases = {
      "no token at all": "nonsense",
      "another key under the same id": await stranger.sign({ aud: AUD }),
      "another key without an id": await stranger.sign({ aud: AUD }, {}),
      "an unknown key id": await key.sign({ aud: AUD }, { kid: "key-9" }),
      "no algorithm": new UnsecuredJWT({ aud: AUD, iss: ISSUER, exp: now() + 60 }).encode(),
      "HMAC with the public key": await hs256.sign(secret),
      "another payload": `${header}.${payload}.${signature}`,
      "another issuer": await key.sign({ aud: AUD, iss: "https://evil.cloudflareaccess.com" }),
      "an issuer with a slash": await key.sign({ aud: AUD, iss: `${ISSUER}/` }),
      "an expired one": await key.sign({ aud: AUD, exp: now() - 1 }),
      "one that never expires": await key.sign({ aud: AUD, exp: undefined }),
      "one from the far future": await key.sign({ aud: AUD, nbf: now() + 600 }),
    };
    for (const [what, assertion] of Object.entries(cases)) {
      const { status, text } = await ask(assertion);
      expect([what, status]).toEqual([what, 502]);
      expect(text).toContain("Unable to reach the origin service");
    }
    expect(tunnel.results).toHaveLength(Object.keys(cases).length);
    expect(tunnel.results.every(({ servedBy }) => servedBy === "tunnel")).toBe(true);
  });

  it("forgives a clock that is a little behind, for nbf, and takes a token without a key id", async () => {
    const { key, ask } = await guarded();
    expect((await ask(await key.sign({ aud: AUD, nbf: now() + 200 }))).status).toBe(200);
    expect((await ask(await key.sign({ aud: AUD }, {}))).status).toBe(200);
  });

  it("follows the sandbox's clock", async () => {
    const { key, ask, tunnel } = await guarded();
    const assertion = await key.sign({ aud: AUD });
    expect((await ask(assertion)).status).toBe(200);
    tunnel.store.advanceClock(120_000);
    expect((await ask(assertion)).status).toBe(502);
  });

  it("fetches keys again only when none fits, and takes the new one then", async () => {
    const { key, keys, ask, asked } = await guarded();
    await ask(await key.sign({ aud: AUD }));
    await ask(await key.sign({ aud: AUD }));
    expect(asked()).toBe(1);
    const next = await signer("key-2");
    keys.keys = [next.jwk];
    expect((await ask(await next.sign({ aud: AUD }))).status).toBe(200);
    expect(asked()).toBe(2);
    expect((await ask(await key.sign({ aud: AUD }))).status).toBe(502);
  });

  it("answers 502 while the team's keys cannot be had", async () => {
    const key = await signer();
    const tunnel = await testTunnel({ keys: () => Promise.reject(new Error("no such team")) });
    const access = { required: true, teamName: TEAM, audTag: [AUD] };
    tunnel.configure({ ingress: [{ service: SERVICE, originRequest: { access } }] });
    const headers = { "cf-access-jwt-assertion": await key.sign({ aud: AUD }) };
    expect((await tunnel.get("a.b", "/", headers)).status).toBe(502);
  });

  it("with a blank team still asks for an assertion, and believes none", async () => {
    const { key, ask } = await guarded({ required: true });
    expect((await ask()).status).toBe(403);
    expect((await ask(await key.sign({ aud: AUD }))).status).toBe(502);
  });

  it("is not checked when it is not required, nor when only the global settings have it", async () => {
    const { ask, tunnel } = await guarded({ required: false, teamName: TEAM, audTag: [AUD] });
    expect((await ask()).status).toBe(200);
    const access = { required: true, teamName: TEAM, audTag: [AUD] };
    tunnel.configure({ ingress: [{ service: SERVICE }], originRequest: { access } });
    expect((await ask()).status).toBe(200);
    tunnel.configure({ ingress: [{ service: SERVICE, originRequest: { access } }] });
    expect((await ask()).status).toBe(403);
  });
});
