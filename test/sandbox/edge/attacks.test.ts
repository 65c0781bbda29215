import { createHmac, createPublicKey, generateKeyPairSync, sign as signBytes } from "node:crypto";
import { createServer } from "node:http";
import { decodeJwt, SignJWT } from "jose";
import { request } from "undici";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEV_ACCOUNT_ID } from "../../../packages/sandbox/account/seed";
import { ACCESS, APP, ARTIST, HOST, type Json, type Rig, STRANGER, startRig, TEAM } from "./rig";
import { sendLines } from "./wire";

let rig: Rig;
/** A real token of the allowed person, and its claims. */
let real: string;
let claims: Json;
/** A token for another application of the same team. */
let elsewhere: string;
const attacker = generateKeyPairSync("rsa", { modulusLength: 2048 });

beforeAll(async () => {
  rig = await startRig();
  await rig.api("POST", `${ACCESS}/apps`, {
    type: "self_hosted",
    name: "second",
    destinations: [{ type: "public", uri: "open.datacrew.space" }],
    policies: [{ id: rig.people.id, precedence: 1 }],
    allowed_idps: [rig.idp.id],
  });
  const visitor = rig.visitor();
  await visitor.logIn(APP, ARTIST);
  await visitor.follow("https://open.datacrew.space/");
  real = visitor.cookie(HOST, "CF_Authorization") ?? "";
  claims = decodeJwt(real);
  elsewhere = visitor.cookie("open.datacrew.space", "CF_Authorization") ?? "";
});
afterAll(() => rig.close());
beforeEach(() => {
  rig.origin.arrived.length = 0;
});

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const keys = () => rig.edge.keysOf("datacrew");
const current = async () => (await keys()).signing();

async function signed(
  change: Record<string, unknown>,
  header: Record<string, unknown> = {},
): Promise<string> {
  const { kid, privateKey } = await current();
  return new SignJWT({ ...claims, ...change })
    .setProtectedHeader({ alg: "RS256", kid, ...header } as { alg: string })
    .sign(privateKey);
}

function byAttacker(header: Record<string, unknown>): string {
  const content = `${base64({ alg: "RS256", ...header })}.${base64(claims)}`;
  return `${content}.${signBytes("RSA-SHA256", Buffer.from(content), attacker.privateKey).toString("base64url")}`;
}

/** HS256 with the published key as the secret, in the forms in which a library could hold it. */
async function hs256(secret: "pem" | "modulus" | "jwk"): Promise<string> {
  const { kid, jwk, certificate } = await current();
  const pem = createPublicKey(certificate).export({ type: "spki", format: "pem" });
  const bytes = { pem, modulus: Buffer.from(jwk.n ?? "", "base64url"), jwk: JSON.stringify(jwk) }[secret];
  const content = `${base64({ alg: "HS256", kid })}.${base64(claims)}`;
  return `${content}.${createHmac("sha256", bytes).update(content).digest("base64url")}`;
}

const now = () => Math.floor(Date.now() / 1000);

const forged: [attack: string, make: () => string | Promise<string>][] = [
  ["alg none", () => `${base64({ alg: "none" })}.${base64(claims)}.`],
  [
    "alg none, in capitals, with the old signature",
    () => `${base64({ alg: "NONE" })}.${real.split(".").slice(1).join(".")}`,
  ],
  ["no signature", () => `${real.split(".").slice(0, 2).join(".")}.`],
  ["HS256 with the public key as PEM", () => hs256("pem")],
  ["HS256 with the public key's modulus", () => hs256("modulus")],
  ["HS256 with the public JWK", () => hs256("jwk")],
  ["RS512 by the right key", () => real.replace(/^[^.]+/, base64({ alg: "RS512" }))],
  [
    "changed claims under the old signature",
    () => real.replace(/\.[^.]+\./, `.${base64({ ...claims, email: STRANGER })}.`),
  ],
  ["wrong audience", () => signed({ aud: ["0".repeat(64)] })],
  ["no audience", () => signed({ aud: undefined })],
  ["replay at another application", () => elsewhere],
  ["wrong issuer", () => signed({ iss: "https://attacker.cloudflareaccess.com" })],
  ["no issuer", () => signed({ iss: undefined })],
  ["expired", () => signed({ exp: now() - 1 })],
  ["no expiry", () => signed({ exp: undefined })],
  ["another key under the right kid", async () => byAttacker({ kid: (await current()).kid })],
  ["another key, under no kid", () => byAttacker({})],
  ["unknown kid", () => byAttacker({ kid: "0".repeat(64) })],
  ["kid that is a path", () => byAttacker({ kid: "../../dev/null" })],
  ["the key inside the token", () => byAttacker({ jwk: attacker.publicKey.export({ format: "jwk" }) })],
  ["the address of a key set", () => byAttacker({ jku: "https://attacker.example/certs" })],
  ["not a JWT", () => "let-me-in"],
  ["an empty token", () => ""],
];

/** Gives the connector a request as if the edge had let it through. */
async function direct(jwt: string | undefined): Promise<number> {
  const server = createServer((incoming, response) => {
    const assertion = jwt === undefined ? {} : { "cf-access-jwt-assertion": jwt };
    rig.connector.proxy(incoming, response, { host: HOST, ...assertion });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as { port: number };
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/system_stats`);
    await body.dump();
    return statusCode;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe("at the edge", () => {
  const carriers: [name: string, (jwt: string) => Record<string, string | string[]>][] = [
    ["the cookie", (jwt) => ({ cookie: `CF_Authorization=${jwt}` })],
    ["cf-access-token", (jwt) => ({ "cf-access-token": jwt })],
    ["cf-access-jwt-assertion", (jwt) => ({ "Cf-Access-Jwt-Assertion": jwt })],
    ["cookie and header", (jwt) => ({ cookie: `CF_Authorization=${jwt}`, "cf-access-token": jwt })],
    ["a repeated header", (jwt) => ({ "Cf-Access-Jwt-Assertion": [jwt, jwt] })],
  ];

  it.each(forged)("%s: refused, however it is sent", async (_, make) => {
    const jwt = await make();
    for (const [, headers] of carriers) {
      const answer = await rig.visitor().open(`${APP}/system_stats`, { headers: headers(jwt) });
      expect(answer.status).toBe(302);
    }
    expect(rig.origin.arrived).toEqual([]);
  });

  it("the real token passes in each of them", async () => {
    for (const [, headers] of carriers) {
      expect((await rig.visitor().open(APP, { headers: headers(real) })).status).toBe(200);
    }
  });

  it("a forged token beside the real one changes nothing: the origin learns of the real one alone", async () => {
    const fake = byAttacker({ kid: (await current()).kid });
    const visitor = rig.visitor();
    const mixed: Record<string, string | string[]>[] = [
      { cookie: `CF_Authorization=${real}`, "cf-access-token": fake },
      { cookie: `CF_Authorization=${fake}; CF_Authorization=${real}` },
      { cookie: `CF_Authorization=${real}`, "Cf-Access-Jwt-Assertion": [fake, fake] },
      { cookie: `CF_Authorization=${real}`, cf_access_jwt_assertion: fake, CF_ACCESS_JWT_ASSERTION: fake },
      { cookie: `CF_Authorization=${real}`, "Cf-Access-Authenticated-User-Email": "boss@datacrew.space" },
      { cookie: `CF_Authorization=${real}`, cf_access_authenticated_user_email: "boss@datacrew.space" },
      { cookie: `CF_Authorization=${real}`, "CF-Connecting-IP": "127.0.0.1", "x-forwarded-proto": "http" },
    ];
    for (const headers of mixed) {
      expect((await visitor.open(APP, { headers })).status).toBe(200);
      const { headers: arrived } = rig.origin.arrived.at(-1) ?? { headers: {} as Record<string, string> };
      expect(arrived["cf-access-jwt-assertion"]).toBe(real);
      expect(arrived["cf-access-authenticated-user-email"]).toBe(ARTIST);
      expect(arrived["cf-connecting-ip"]).toBe("203.0.113.7");
      expect(Object.keys(arrived).filter((name) => name.includes("_"))).toEqual([]);
    }
  });

  it("a token that the edge made for another purpose is no login", async () => {
    const visitor = rig.visitor();
    const login = new URL(String((await visitor.open(APP)).headers.location));
    await visitor.logIn(APP, ARTIST);
    const team = visitor.cookie(new URL(TEAM).hostname, "CF_Authorization") ?? "";
    const metadata = await visitor.open(APP, {
      method: "HEAD",
      headers: { "cf-access-metadata-request": "true" },
    });
    const others = [
      login.searchParams.get("meta") ?? "",
      team,
      String(metadata.headers["cf-access-metadata"]),
      await signed({ identity_nonce: "0".repeat(32) }),
    ];
    for (const jwt of others) {
      expect(jwt).toMatch(/^ey/);
      expect((await rig.visitor().open(APP, { headers: { "cf-access-token": jwt } })).status).toBe(302);
    }
  });

  it("a header that hides behind another spelling or a folded line reaches nobody", async () => {
    const smuggled = [
      [`Cf-Access-Jwt-Assertion : ${real}`],
      [`X-Other: 1\r\n Cf-Access-Jwt-Assertion: ${real}`],
      [`\tCf-Access-Jwt-Assertion: ${real}`],
      ["Transfer-Encoding: chunked", "Content-Length: 4"],
    ];
    for (const lines of smuggled) {
      const { status } = await sendLines(rig.edge.network, HOST, [
        "GET / HTTP/1.1",
        `host: ${HOST}`,
        ...lines,
      ]);
      expect([302, 400]).toContain(status);
    }
    expect(rig.origin.arrived).toEqual([]);
  });
});

describe("at the tunnel's connector, around the edge", () => {
  it.each(forged)("%s: refused", async (_, make) => {
    expect([403, 502]).toContain(await direct(await make()));
    expect(rig.origin.arrived).toEqual([]);
  });

  it("no token is 403, the real one passes", async () => {
    expect(await direct(undefined)).toBe(403);
    expect(await direct(real)).toBe(200);
    expect(rig.origin.arrived).toHaveLength(1);
  });
});

describe("a retired key", () => {
  it("signs nothing that is taken, at the edge and at a connector that starts then", async () => {
    const old = await current();
    await rig.edge.rotateKeys();
    rig.sandbox.store.advanceClock(7 * 86_400_000 + 1000);
    const jwt = await new SignJWT({ ...claims, exp: claims.exp + 8 * 86_400 })
      .setProtectedHeader({ alg: "RS256", kid: old.kid })
      .sign(old.privateKey);
    expect((await rig.visitor().open(APP, { headers: { "cf-access-token": jwt } })).status).toBe(302);
    const { keys: published } = (await keys()).certs();
    expect(published.map(({ kid }) => kid)).not.toContain(old.kid);
    rig.connector.disconnect();
    const path = `/accounts/${DEV_ACCOUNT_ID}/cfd_tunnel/${rig.tunnelId}/token`;
    rig.connector = rig.edge.tunnels.connect({
      token: await rig.api("GET", path),
      services: { "http://localhost:8188": rig.origin.url },
    });
    expect(await direct(jwt)).toBe(502);
  });
});
