import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { APP, ARTIST, HOST, type Json, type Rig, startRig, TEAM } from "./rig";

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

describe("the last step, /cdn-cgi/access/authorized", () => {
  /** Stops just before it. */
  async function almost() {
    const visitor = rig.visitor();
    await visitor.logIn(APP, ARTIST);
    visitor.cookies.delete(HOST);
    const login = await visitor.open(APP);
    const back = await visitor.open(String(login.headers.location));
    return { visitor, address: String(back.headers.location) };
  }

  it("sets the cookie once", async () => {
    const { visitor, address } = await almost();
    expect(new URL(address).pathname).toBe("/cdn-cgi/access/authorized");
    const state = new URL(address).searchParams.get("state") ?? "";
    expect(JSON.parse(Buffer.from(state, "base64").toString())).toEqual({
      hostname: HOST,
      redirectURL: "/",
      isSSO: true,
    });
    expect(await visitor.open(address)).toMatchObject({ status: 302, headers: { location: `${APP}/` } });
    expect(await visitor.open(address)).toMatchObject({ status: 400, cookies: [] });
    await expect
      .poll(() => rig.edge.log.slice(-2))
      .toMatchObject([
        { path: "/cdn-cgi/access/authorized", who: ARTIST, verdict: "granted", servedBy: "access" },
        { path: "/cdn-cgi/access/authorized", who: "nobody", verdict: "refused", servedBy: "access" },
      ]);
  });

  it("needs the CF_AppSession of the browser that asked", async () => {
    const { address } = await almost();
    expect(await rig.visitor().open(address)).toMatchObject({ status: 400, cookies: [] });
  });

  it("is refused with a state of another hostname", async () => {
    const { visitor, address } = await almost();
    const forged = new URL(address);
    forged.searchParams.set("state", Buffer.from('{"hostname":"evil.example"}').toString("base64"));
    expect(await visitor.open(forged)).toMatchObject({ status: 400, cookies: [] });
  });

  it("comes too late after a minute", async () => {
    const { visitor, address } = await almost();
    rig.sandbox.store.advanceClock(61_000);
    expect(await visitor.open(address)).toMatchObject({ status: 400 });
  });

  it("never leads to another host", async () => {
    const page = await rig.visitor().logIn(`${APP}//evil.example/`, ARTIST);
    expect(page.url.href).toBe(`${APP}//evil.example/`);
  });
});

describe("the application's cookie", () => {
  const cookieOf = async (fields: Record<string, unknown>, path = "/") => {
    await rig.change(fields);
    const visitor = rig.visitor();
    await visitor.logIn(`${APP}${path}`, ARTIST);
    visitor.cookies.delete(HOST);
    const login = await visitor.open(`${APP}${path}`);
    const back = await visitor.open(String(login.headers.location));
    const { cookies } = await visitor.open(String(back.headers.location));
    return { visitor, cookies };
  };

  it("is HttpOnly and as same-site as the application says", async () => {
    const { cookies } = await cookieOf({});
    expect(cookies).toEqual([
      expect.stringMatching(
        /^CF_Authorization=[^;]+; Expires=[^;]+; Path=\/; Secure; HttpOnly; SameSite=lax$/,
      ),
    ]);
    const open = await cookieOf({ http_only_cookie_attribute: false, same_site_cookie_attribute: "strict" });
    expect(open.cookies[0]).not.toContain("HttpOnly");
    expect(open.cookies[0]).toContain("SameSite=strict");
  });

  it("is confined to the application's path with path_cookie_attribute", async () => {
    const { cookies } = await cookieOf(
      {
        destinations: [{ type: "public", uri: `${HOST}/studio` }],
        domain: `${HOST}/studio`,
        path_cookie_attribute: true,
      },
      "/studio/x",
    );
    expect(cookies[0]).toContain("Path=/studio;");
  });

  it("comes with a binding cookie that is needed and kept from the origin", async () => {
    const { visitor, cookies } = await cookieOf({ enable_binding_cookie: true });
    expect(cookies[1]).toMatch(/^CF_Binding=[0-9a-f]{64}; .*HttpOnly/);
    expect(await visitor.open(APP)).toMatchObject({ status: 200 });
    expect(rig.origin.arrived.at(-1)?.headers.cookie).not.toContain("CF_Binding");
    const stolen = { cookie: `CF_Authorization=${visitor.cookie(HOST, "CF_Authorization")}` };
    expect(await rig.visitor().open(APP, { headers: stolen })).toMatchObject({ status: 302 });
  });
});

describe("/cdn-cgi/access", () => {
  it("get-identity tells who is logged in, on both hostnames", async () => {
    const visitor = rig.visitor();
    await visitor.logIn(APP, ARTIST);
    for (const origin of [APP, TEAM]) {
      const { status, text } = await visitor.open(`${origin}/cdn-cgi/access/get-identity`);
      expect(status).toBe(200);
      const identity: Json = JSON.parse(text);
      expect(identity).toMatchObject({
        email: ARTIST,
        idp: { id: rig.idp.id, type: "google" },
        geo: { country: "NL" },
        service_token_status: false,
      });
      expect((await rig.visitor().open(`${origin}/cdn-cgi/access/get-identity`)).status).toBe(400);
    }
  });

  it("certs publishes two keys, the same on both hostnames", async () => {
    const [app, team] = await Promise.all(
      [APP, TEAM].map(async (origin) =>
        JSON.parse((await rig.visitor().open(`${origin}/cdn-cgi/access/certs`)).text),
      ),
    );
    expect(app).toEqual(team);
    expect(app.keys).toHaveLength(2);
    expect(app.keys[0]).toEqual({
      kid: expect.stringMatching(/^[0-9a-f]{64}$/),
      kty: "RSA",
      alg: "RS256",
      use: "sig",
      e: "AQAB",
      n: expect.any(String),
    });
    expect(app.public_certs.map(({ kid }: Json) => kid)).toEqual(app.keys.map(({ kid }: Json) => kid));
    expect(app.public_cert.cert).toContain("BEGIN CERTIFICATE");
  });
});
