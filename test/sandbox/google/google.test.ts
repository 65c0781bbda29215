import { createRemoteJWKSet, customFetch, decodeProtectedHeader, jwtVerify } from "jose";
import type { Response } from "undici";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type ServedGoogle, serveGoogle, Visitor } from "./visitor";

const CLIENT_ID = "sandbox.apps.googleusercontent.com";
const CLIENT_SECRET = "sandbox-google-client-secret";
const CALLBACK = "https://datacrew.cloudflareaccess.com/cdn-cgi/access/callback";
const AUTH = "https://accounts.google.com/o/oauth2/v2/auth";
const TOKEN = "https://oauth2.googleapis.com/token";
const CERTS = "https://www.googleapis.com/oauth2/v3/certs";
const USERINFO = "https://openidconnect.googleapis.com/v1/userinfo";

let served: ServedGoogle;
let visitor: Visitor;
const noise = (["log", "info", "warn", "error"] as const).map((method) => vi.spyOn(console, method));

beforeAll(async () => {
  served = await serveGoogle({
    accounts: [
      { email: "artist@datacrew.space", name: "Ada Artist", password: "sandbox" },
      { email: "stranger@example.org", name: "Sam <b>Stranger</b>", password: "other", emailVerified: false },
      { email: "staff@datacrew.space", name: "Staff", password: "sandbox", hostedDomain: "datacrew.space" },
    ],
  });
});
beforeEach(() => {
  visitor = new Visitor(served.network);
});
afterEach(() => visitor.close());
afterAll(async () => {
  await served.close();
  expect(noise.flatMap((spy) => spy.mock.calls)).toEqual([]);
});

test("a person signs in, and the client learns who it is as from Google", async () => {
  const answer = await visitor.signIn(await visitor.open(authUrl()), "artist@datacrew.space", "sandbox");
  const { code, state } = callbackOf(answer);
  expect(state).toBe("a state");

  const tokens = await exchange(code);
  expect(tokens).toMatchObject({ token_type: "Bearer", scope: "openid email profile", expires_in: 3600 });
  const { payload, protectedHeader } = await jwtVerify(String(tokens.id_token), keys(), {
    issuer: "https://accounts.google.com",
    audience: CLIENT_ID,
    algorithms: ["RS256"],
  });
  expect(protectedHeader.kid).toMatch(/^[0-9a-f]{32}$/);
  expect(payload).toEqual({
    iss: "https://accounts.google.com",
    aud: CLIENT_ID,
    azp: CLIENT_ID,
    sub: expect.stringMatching(/^\d{21}$/),
    email: "artist@datacrew.space",
    email_verified: true,
    name: "Ada Artist",
    given_name: "Ada",
    family_name: "Artist",
    nonce: "a nonce",
    iat: expect.any(Number),
    exp: Number(payload.iat) + 3600,
  });

  const info = await visitor.open(USERINFO, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  expect(await info.json()).toMatchObject({
    sub: payload.sub,
    email: "artist@datacrew.space",
    email_verified: true,
  });
});

test("a Workspace account has its domain in the token, an unconfirmed address says so", async () => {
  const staff = await idTokenOf("staff@datacrew.space", "sandbox");
  expect(staff).toMatchObject({ hd: "datacrew.space", email_verified: true });
  await visitor.close();
  visitor = new Visitor(served.network);
  const stranger = await idTokenOf("stranger@example.org", "other");
  expect(stranger).toMatchObject({ email_verified: false });
  expect(stranger).not.toHaveProperty("hd");
  expect(stranger.sub).not.toBe(staff.sub);
});

test("who is signed in is not asked again, and can choose another account when asked to", async () => {
  await visitor.signIn(await visitor.open(authUrl()), "artist@datacrew.space", "sandbox");
  expect(callbackOf(await visitor.open(authUrl())).code).toBeTruthy();

  const chooser = await visitor.open(authUrl({ prompt: "select_account" }));
  expect(await chooser.text()).toContain("artist@datacrew.space");
  expect(callbackOf(await visitor.submit(chooser, { step: "chosen" })).code).toBeTruthy();

  const again = await visitor.open(authUrl({ prompt: "select_account" }));
  const email = await visitor.submit(again, { step: "other" });
  expect(await email.text()).toContain('type="email"');
  const answer = await visitor.signIn(email, "stranger@example.org", "other");
  const tokens = await exchange(callbackOf(answer).code);
  const { payload } = await jwtVerify(String(tokens.id_token), keys());
  expect(payload.email).toBe("stranger@example.org");
});

test("nobody signed in cannot claim to be a chosen account", async () => {
  const page = await visitor.open(authUrl({ prompt: "select_account" }));
  const answer = await visitor.submit(page, { step: "chosen" });
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('type="email"');
});

test("an unknown address or a wrong password is told on the page, and leads no further", async () => {
  const page = await visitor.open(authUrl());
  const unknown = await visitor.submit(page, { step: "email", email: '"><script>x</script>@y.z' });
  const text = await unknown.text();
  expect(text).toContain('role="alert"');
  expect(text).not.toContain("<script");

  const wrong = await visitor.signIn(page, "stranger@example.org", "sandbox");
  const asked = await wrong.text();
  expect(asked).toContain("Wrong password");
  expect(asked).not.toContain("<b>");
  // The address alone, without its password step, is no login either.
  const skipped = await visitor.submit(page, { step: "password", email: "artist@datacrew.space" });
  expect(await skipped.text()).toContain("Wrong password");
});

test("a wrong client id ends on Google's page that says 401 invalid_client", async () => {
  const page = await visitor.open(authUrl({ client_id: "other.apps.googleusercontent.com" }));
  expect(page.status).toBe(200);
  // As captured from Google: the page's address tells what it says.
  expect(new URL(page.url).searchParams.get("authError")).toBe(
    "Cg5pbnZhbGlkX2NsaWVudBIfVGhlIE9BdXRoIGNsaWVudCB3YXMgbm90IGZvdW5kLiCRAw",
  );
  expect(await page.text()).toMatch(/Error 401: invalid_client/);
});

test("a redirect URI that is not registered ends on Google's page that says 400, not at that address", async () => {
  const page = await visitor.open(authUrl({ redirect_uri: `${CALLBACK}/<i>` }));
  expect(page.status).toBe(200);
  const text = await page.text();
  expect(text).toMatch(/Error 400: redirect_uri_mismatch/);
  expect(text).toContain("cdn-cgi/access/callback/");
  expect(text).not.toContain("<i>");
});

test("a wrong secret is refused at the token endpoint with 401 invalid_client", async () => {
  const answer = await visitor.signIn(await visitor.open(authUrl()), "artist@datacrew.space", "sandbox");
  const response = await token({ code: callbackOf(answer).code, client_secret: "wrong" });
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({
    error: "invalid_client",
    error_description: "The provided client secret is invalid.",
  });
  const stranger = await token({ code: "made up", client_id: "other.apps.googleusercontent.com" });
  expect(stranger.status).toBe(401);
  expect(await stranger.json()).toMatchObject({ error_description: "The OAuth client was not found." });
});

test("the secret may come in the header, and a code is good once", async () => {
  const answer = await visitor.signIn(await visitor.open(authUrl()), "artist@datacrew.space", "sandbox");
  const { code } = callbackOf(answer);
  const authorization = `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString("base64")}`;
  const body = { grant_type: "authorization_code", code, redirect_uri: CALLBACK };
  const send = () =>
    visitor.open(TOKEN, { method: "POST", headers: { authorization }, body: new URLSearchParams(body) });
  expect((await send()).status).toBe(200);
  const replay = await send();
  expect(replay.status).toBe(400);
  expect(await replay.json()).toMatchObject({ error: "invalid_grant" });
});

test("PKCE is optional, and checked when used", async () => {
  // S256 of the verifier in RFC 7636, appendix B.
  const code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  const code_verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const begin = async () =>
    callbackOf(
      await visitor.signIn(
        await visitor.open(
          authUrl({ code_challenge, code_challenge_method: "S256", prompt: "select_account" }),
        ),
        "artist@datacrew.space",
        "sandbox",
      ),
    );
  expect((await token({ code: (await begin()).code })).status).toBe(400);
  expect((await token({ code: (await begin()).code, code_verifier })).status).toBe(200);
});

test("each endpoint is on its own host only, and the discovery document names them", async () => {
  for (const url of [
    "https://accounts.google.com/token",
    "https://www.googleapis.com/v1/userinfo",
    "https://oauth2.googleapis.com/",
    "https://accounts.google.com/oauth2/v3/certs",
  ]) {
    expect((await visitor.open(url)).status, url).toBe(404);
  }
  const discovery = await visitor.open("https://accounts.google.com/.well-known/openid-configuration");
  expect(await discovery.json()).toMatchObject({
    issuer: "https://accounts.google.com",
    authorization_endpoint: AUTH,
    token_endpoint: TOKEN,
    jwks_uri: CERTS,
    userinfo_endpoint: USERINFO,
  });
  expect(served.google.hosts).toEqual([
    "accounts.google.com",
    "oauth2.googleapis.com",
    "www.googleapis.com",
    "openidconnect.googleapis.com",
  ]);
});

test("the published keys hold nothing private", async () => {
  const { keys: published } = (await (await visitor.open(CERTS)).json()) as { keys: object[] };
  expect(published).toHaveLength(1);
  expect(Object.keys(published[0] ?? {}).sort()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
});

test("a login page of another browser, or of before a reset, is expired", async () => {
  const page = await visitor.open(authUrl());
  const other = new Visitor(served.network);
  expect((await other.submit(page, { step: "email", email: "artist@datacrew.space" })).status).toBe(400);
  await other.close();

  served.google.reset();
  const late = await visitor.open(page.url);
  expect(late.status).toBe(400);
  expect(await late.text()).toContain("expired");
});

test("an oversized form is not read", async () => {
  const page = await visitor.open(authUrl());
  const answer = await visitor.submit(page, {
    step: "email",
    email: "artist@datacrew.space",
    x: "y".repeat(5000),
  });
  expect(await answer.text()).toContain('type="email"');
});

test("the ID token of another sandbox's Google is not taken for one of this", async () => {
  const other = await serveGoogle();
  const elsewhere = new Visitor(other.network);
  const answer = await elsewhere.signIn(await elsewhere.open(authUrl()), "artist@datacrew.space", "sandbox");
  const response = await elsewhere.open(TOKEN, tokenRequest({ code: callbackOf(answer).code }));
  const { id_token } = (await response.json()) as { id_token: string };
  expect(decodeProtectedHeader(id_token).alg).toBe("RS256");
  await expect(jwtVerify(id_token, keys())).rejects.toThrow(/no applicable key/);
  await elsewhere.close();
  await other.close();
});

function authUrl(change: Record<string, string> = {}): URL {
  const url = new URL(AUTH);
  url.search = new URLSearchParams({
    client_id: CLIENT_ID,
    redirect_uri: CALLBACK,
    response_type: "code",
    scope: "openid email profile",
    state: "a state",
    nonce: "a nonce",
    ...change,
  }).toString();
  return url;
}

function callbackOf(answer: Response): { code: string; state: string | null } {
  const location = new URL(answer.headers.get("location") ?? "about:blank");
  expect(`${location.origin}${location.pathname}`).toBe(CALLBACK);
  return { code: location.searchParams.get("code") ?? "", state: location.searchParams.get("state") };
}

function tokenRequest(fields: Record<string, string>) {
  const body = {
    grant_type: "authorization_code",
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    redirect_uri: CALLBACK,
    ...fields,
  };
  return { method: "POST", body: new URLSearchParams(body) };
}

const token = (fields: Record<string, string>) => visitor.open(TOKEN, tokenRequest(fields));

async function exchange(code: string): Promise<Record<string, unknown>> {
  const response = await token({ code });
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

async function idTokenOf(email: string, password: string) {
  const answer = await visitor.signIn(await visitor.open(authUrl()), email, password);
  const { id_token } = await exchange(callbackOf(answer).code);
  return (await jwtVerify(String(id_token), keys())).payload;
}

function keys() {
  return createRemoteJWKSet(new URL(CERTS), {
    // jose asks with the global fetch's types; the visitor's answers have the same members.
    [customFetch]: (url) => visitor.open(url) as unknown as ReturnType<typeof globalThis.fetch>,
  });
}
