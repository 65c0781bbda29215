import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACCESS, APP, ARTIST, HOST, type Rig, STRANGER, startRig, TEAM, TEAM_HOST } from "./rig";

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

describe("a request without a login", () => {
  it("is sent to the team's login page, with what Access needs to find the way back", async () => {
    const answer = await rig.visitor().open(`${APP}/view?filename=a.png&type=output`);
    expect(answer.status).toBe(302);
    const location = new URL(String(answer.headers.location));
    expect(location.origin + location.pathname).toBe(`${TEAM}/cdn-cgi/access/login/${HOST}`);
    expect(location.searchParams.get("kid")).toBe(rig.app.aud);
    expect(location.searchParams.get("redirect_url")).toBe("/view?filename=a.png&type=output");
    const meta = location.searchParams.get("meta") ?? "";
    expect(decodeJwt(meta)).toMatchObject({
      type: "meta",
      aud: rig.app.aud,
      hostname: HOST,
      redirect_url: "/view?filename=a.png&type=output",
      service_token_status: false,
      auth_status: "NONE",
    });
    const { exp = 0, iat = 0 } = decodeJwt(meta);
    expect(exp - iat).toBe(300);
    expect(answer.headers["access-control-allow-credentials"]).toBe("true");
    expect(answer.headers["cache-control"]).toContain("no-store");
    expect(answer.headers.expires).toBe("Thu, 01 Jan 1970 00:00:01 GMT");
    expect(answer.cookies).toEqual([
      expect.stringMatching(/^CF_AppSession=n[0-9a-f]{16}; Expires=[^;]+; Path=\/; Secure; HttpOnly$/),
    ]);
    expect(rig.origin.arrived).toEqual([]);
  });

  it("is told where to read what protects the resource", async () => {
    const visitor = rig.visitor();
    const { headers } = await visitor.open(`${APP}/prompt`);
    const [, url = ""] = /resource_metadata="([^"]+)"/.exec(String(headers["www-authenticate"])) ?? [];
    expect(url).toBe(`${APP}/.well-known/cloudflare-access-protected-resource/prompt`);
    expect(JSON.parse((await visitor.open(url)).text)).toEqual({
      resource: `${APP}/prompt`,
      protected: true,
      team_domain: TEAM_HOST,
      authorization_servers: [TEAM],
      authentication_methods: ["browser_login", "service_token"],
    });
  });

  it("of a script gets 401 instead of a redirect", async () => {
    const answer = await rig.visitor().open(APP, { headers: { "x-requested-with": "XMLHttpRequest" } });
    expect(answer.status).toBe(401);
    expect(answer.text).toContain("<title>401 Unauthorized</title>");
    expect(answer.headers["www-authenticate"]).toContain("Cloudflare-Access");
  });

  it("with cf-access-metadata-request learns the application, as cloudflared does", async () => {
    const { headers } = await rig
      .visitor()
      .open(APP, { method: "HEAD", headers: { "cf-access-metadata-request": "true" } });
    expect(decodeJwt(String(headers["cf-access-metadata"]))).toMatchObject({
      type: "match",
      hostname: HOST,
      auth_domain: TEAM_HOST,
      aud: rig.app.aud,
      app_hostname: HOST,
    });
  });
});

describe("a login with Google", () => {
  it("brings the allowed person to the page they wanted, and the origin a JWT that says who it is", async () => {
    const visitor = rig.visitor();
    const page = await visitor.logIn(`${APP}/view?filename=a.png`, ARTIST);
    expect(page.status).toBe(200);
    expect(page.url.href).toBe(`${APP}/view?filename=a.png`);
    const { headers } = rig.origin.arrived.at(-1) ?? { headers: {} as Record<string, string> };
    expect(headers["cf-access-authenticated-user-email"]).toBe(ARTIST);
    const jwt = headers["cf-access-jwt-assertion"] ?? "";
    expect(headers.cookie).toContain(`CF_Authorization=${jwt}`);
    expect(jwt).toBe(visitor.cookie(HOST, "CF_Authorization"));
    const claims = decodeJwt(jwt);
    expect(claims).toMatchObject({
      aud: [rig.app.aud],
      email: ARTIST,
      iss: TEAM,
      type: "app",
      country: "NL",
      policy_id: rig.people.id,
      sub: expect.stringMatching(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/),
      identity_nonce: expect.any(String),
    });
    expect(claims.nbf).toBe(claims.iat);
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(24 * 3600);
    expect(decodeProtectedHeader(jwt)).toMatchObject({
      alg: "RS256",
      kid: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it("refuses who is on no list, with a page and nothing at the origin", async () => {
    const visitor = rig.visitor();
    const page = await visitor.logIn(APP, STRANGER);
    expect(page.status).toBe(403);
    expect(page.url.hostname).toBe(TEAM_HOST);
    expect(page.text).toContain("That account does not have access.");
    expect(visitor.cookie(HOST, "CF_Authorization")).toBeUndefined();
    expect(rig.origin.arrived).toEqual([]);
    expect(rig.edge.log.findLast(({ verdict }) => verdict === "refused")).toMatchObject({
      who: STRANGER,
      servedBy: "team",
      status: 403,
    });
  });

  it("can be done again with another account after logging out", async () => {
    const visitor = rig.visitor();
    await visitor.logIn(APP, STRANGER);
    expect((await visitor.open(`${TEAM}/cdn-cgi/access/logout`)).status).toBe(200);
    const google = await visitor.follow(APP);
    expect(google.url.hostname).toBe("accounts.google.com");
    const other = await visitor.open(google.url, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "step=other",
    });
    expect((await visitor.signIn(other, ARTIST)).url.href).toBe(`${APP}/`);
  });

  it("fails in words when the client secret is wrong", async () => {
    await rig.api("PUT", `${ACCESS}/identity_providers/${rig.idp.id}`, {
      name: "Google",
      type: "google",
      config: { client_id: "sandbox.apps.googleusercontent.com", client_secret: "GOCSPX-mistyped" },
    });
    const page = await rig.visitor().logIn(APP, ARTIST);
    expect(page.status).toBe(400);
    expect(page.text).toContain("Google refused the code: invalid_client");
    expect(page.text).not.toContain("GOCSPX");
  });

  it("with Google Workspace is for accounts of the domain only", async () => {
    await rig.api("PUT", `${ACCESS}/identity_providers/${rig.idp.id}`, {
      name: "Google",
      type: "google-apps",
      config: {
        client_id: "sandbox.apps.googleusercontent.com",
        client_secret: "sandbox-google-client-secret",
        apps_domain: "datacrew.space",
      },
    });
    const page = await rig.visitor().logIn(APP, ARTIST);
    expect(page).toMatchObject({
      status: 400,
      text: expect.stringContaining("does not belong to datacrew.space"),
    });
  });

  it("sends PKCE and a nonce, and comes back only to the browser that left", async () => {
    const visitor = rig.visitor();
    const google = await visitor.follow(APP);
    const leaving = await visitor.open(String((await visitor.open(APP)).headers.location));
    const address = new URL(String(leaving.headers.location));
    expect(address.origin + address.pathname).toBe("https://accounts.google.com/o/oauth2/v2/auth");
    expect(address.searchParams.get("code_challenge_method")).toBe("S256");
    expect(address.searchParams.get("nonce")).toMatch(/^[0-9a-f]{32}$/);
    expect(address.searchParams.get("redirect_uri")).toBe(`${TEAM}/cdn-cgi/access/callback`);
    const thief = rig.visitor();
    thief.cookies.set("accounts.google.com", visitor.cookies.get("accounts.google.com") ?? new Map());
    expect(await thief.signIn(google, ARTIST)).toMatchObject({ status: 400 });
  });

  it("offers the choice where several identity providers are allowed, and only those", async () => {
    const github = await rig.api("POST", `${ACCESS}/identity_providers`, {
      name: "GitHub",
      type: "github",
      config: { client_id: "x", client_secret: "y" },
    });
    const other = await rig.api("POST", `${ACCESS}/identity_providers`, {
      name: "Elsewhere",
      type: "github",
      config: { client_id: "x", client_secret: "y" },
    });
    await rig.change({ allowed_idps: [rig.idp.id, github.id], auto_redirect_to_identity: false });
    const visitor = rig.visitor();
    const choice = await visitor.follow(APP);
    expect(choice.url.hostname).toBe(TEAM_HOST);
    const links = [...choice.text.matchAll(/<a href="([^"]+)">([^<]+)</g)].map(([, href = "", name]) => ({
      href,
      name,
    }));
    expect(links.map(({ name }) => name)).toEqual(["Google", "GitHub"]);
    const address = new URL((links[0]?.href ?? "").replaceAll("&amp;", "&"), choice.url);
    const google = await visitor.follow(address);
    expect((await visitor.signIn(google, ARTIST)).status).toBe(200);
    address.searchParams.set("idp", other.id);
    expect((await rig.visitor().open(address)).headers.location).toBeUndefined();
  });

  it("is spared at a second application of the team", async () => {
    await rig.api("POST", `${ACCESS}/apps`, {
      type: "self_hosted",
      name: "second",
      destinations: [{ type: "public", uri: "open.datacrew.space" }],
      policies: [{ id: rig.people.id, precedence: 1 }],
      allowed_idps: [rig.idp.id],
    });
    const visitor = rig.visitor();
    await visitor.logIn(APP, ARTIST);
    expect(await visitor.follow("https://open.datacrew.space/x")).toMatchObject({
      status: 200,
      url: new URL("https://open.datacrew.space/x"),
    });
  });
});

describe("the login page", () => {
  it.each([
    ["an address that Access did not make", (url: URL) => url.searchParams.delete("meta")],
    ["an unknown application", (url: URL) => url.searchParams.set("kid", "0".repeat(64))],
    [
      "another hostname",
      (url: URL) => Object.assign(url, { pathname: "/cdn-cgi/access/login/evil.example" }),
    ],
  ])("refuses %s", async (_, change) => {
    const visitor = rig.visitor();
    const address = new URL(String((await visitor.open(APP)).headers.location));
    change(address);
    const page = await visitor.open(address);
    expect(page.status).toBe(400);
    expect(page.headers.location).toBeUndefined();
  });

  it("is valid for five minutes", async () => {
    const visitor = rig.visitor();
    const address = String((await visitor.open(APP)).headers.location);
    rig.sandbox.store.advanceClock(301_000);
    expect(await visitor.open(address)).toMatchObject({ status: 400 });
  });
});
