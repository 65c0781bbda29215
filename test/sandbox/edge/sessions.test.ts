import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEV_ACCOUNT_ID } from "../../../packages/sandbox/account/seed";
import { ACCESS, APP, ARTIST, HOST, type Rig, startRig, TEAM } from "./rig";
import type { Visitor } from "./visitor";

let rig: Rig;
let visitor: Visitor;
beforeEach(async () => {
  rig = await startRig();
  visitor = rig.visitor();
});
afterEach(() => rig.close());

const HOUR = 3_600_000;
const status = async () => (await visitor.open(APP)).status;
const later = (milliseconds: number) => rig.sandbox.store.advanceClock(milliseconds);

describe("a session ends", () => {
  it("as the policy says, before the application and the organization", async () => {
    await rig.api("PUT", `${ACCESS}/policies/${rig.people.id}`, { ...rig.people, session_duration: "2h" });
    await rig.change({ session_duration: "30m" });
    await visitor.logIn(APP, ARTIST);
    later(2 * HOUR - 60_000);
    expect(await status()).toBe(200);
    later(61_000);
    expect(await status()).toBe(302);
  });

  it("for a person whom the API revokes, everywhere, after the network has heard of it", async () => {
    await visitor.logIn(APP, ARTIST);
    await rig.api("POST", `${ACCESS}/organizations/revoke_user`, { email: ARTIST.toUpperCase() });
    expect(await status()).toBe(200);
    later(25_000);
    expect(await status()).toBe(302);
    expect((await visitor.follow(APP)).url.hostname).toBe("accounts.google.com");
  });

  it("for everybody at an application whose tokens are revoked; the login at the team stays", async () => {
    await visitor.logIn(APP, ARTIST);
    await rig.api("POST", `${ACCESS}/apps/${rig.app.id}/revoke_tokens`);
    later(25_000);
    expect(await status()).toBe(302);
    expect((await visitor.follow(APP)).url.href).toBe(`${APP}/`);
    expect(await status()).toBe(200);
  });

  it("by logging out on either hostname", async () => {
    for (const origin of [APP, TEAM]) {
      await visitor.logIn(APP, ARTIST);
      const jwt = visitor.cookie(HOST, "CF_Authorization") ?? "";
      expect((await visitor.follow(`${origin}/cdn-cgi/access/logout`)).status).toBe(200);
      // A copy of the token dies a little later than the browser's own.
      later(25_000);
      const copy = await rig.visitor().open(APP, { headers: { cookie: `CF_Authorization=${jwt}` } });
      expect(copy.status).toBe(302);
      visitor = rig.visitor();
    }
  });

  it("at every application of the team by logging out at one", async () => {
    await rig.api("POST", `${ACCESS}/apps`, {
      type: "self_hosted",
      name: "second",
      domain: "open.datacrew.space",
      policies: [{ id: rig.people.id, precedence: 1 }],
    });
    await visitor.logIn(APP, ARTIST);
    expect((await visitor.follow("https://open.datacrew.space/")).status).toBe(200);
    await visitor.follow(`${APP}/cdn-cgi/access/logout`);
    later(25_000);
    expect((await visitor.open("https://open.datacrew.space/")).status).toBe(302);
  });

  it("when the sandbox is reset", async () => {
    await visitor.logIn(APP, ARTIST);
    const jwt = visitor.cookie(HOST, "CF_Authorization") ?? "";
    const { aud } = rig.app;
    rig.sandbox.reset();
    expect(rig.edge.log).toEqual([]);
    const zone = {
      type: "CNAME",
      name: HOST,
      content: `${rig.tunnelId}.cfargotunnel.com`,
      proxied: true,
      ttl: 1,
    };
    await rig.api("POST", "/zones/fedcba9876543210fedcba9876543210/dns_records", zone);
    const app = await rig.api("POST", `${ACCESS}/apps`, { type: "self_hosted", name: "again", domain: HOST });
    // Even under its old audience tag.
    const entity = rig.sandbox.store.applications.get(app.id);
    if (entity) rig.sandbox.store.applications.put({ ...entity, aud });
    const copy = await rig.visitor().open(APP, { headers: { cookie: `CF_Authorization=${jwt}` } });
    expect(copy.status).toBe(403);
  });
});

describe("a session goes on", () => {
  it("although the address was taken off the policy: only a revocation ends it", async () => {
    await visitor.logIn(APP, ARTIST);
    const { people } = rig;
    const include = [{ email: { email: "somebody@datacrew.space" } }];
    await rig.api("PUT", `${ACCESS}/policies/${people.id}`, { ...people, include });
    expect(await status()).toBe(200);
    rig.edge.settings.sessionRules = "current";
    expect(await status()).toBe(403);
  });

  it("while what is judged on each request still fits, e.g. the country", async () => {
    const { people } = rig;
    const require = [...people.require, { geo: { country_code: "NL" } }];
    await rig.api("PUT", `${ACCESS}/policies/${people.id}`, { ...people, require });
    await visitor.logIn(APP, ARTIST);
    expect(await status()).toBe(200);
    rig.edge.settings.clientCountry = "DE";
    expect(await status()).toBe(403);
  });

  it("for a service token, whatever is revoked", async () => {
    await rig.api("POST", `${ACCESS}/apps/${rig.app.id}/revoke_tokens`);
    later(60_000);
    expect((await visitor.open(APP, { headers: rig.credentials() })).status).toBe(200);
  });

  it("as a JWT in cf-access-token, as cloudflared sends it", async () => {
    await visitor.logIn(APP, ARTIST);
    const headers = { "cf-access-token": visitor.cookie(HOST, "CF_Authorization") ?? "" };
    expect((await rig.visitor().open(APP, { headers })).status).toBe(200);
    expect(rig.origin.arrived.at(-1)?.headers).not.toHaveProperty("cf-access-token");
  });
});

describe("signing keys", () => {
  it("are rotated: the old one still verifies for seven days, at the edge and at the tunnel", async () => {
    await rig.api("PUT", `${ACCESS}/policies/${rig.people.id}`, { ...rig.people, session_duration: "720h" });
    await visitor.logIn(APP, ARTIST);
    const kids = async () =>
      JSON.parse((await visitor.open(`${TEAM}/cdn-cgi/access/certs`)).text).keys.map(
        ({ kid }: { kid: string }) => kid,
      );
    const [old] = await kids();
    await rig.edge.rotateKeys();
    expect((await kids()).slice(1)).toEqual([old]);
    expect(await status()).toBe(200);
    later(7 * 24 * HOUR);
    expect(await kids()).toHaveLength(2);
    expect(await kids()).not.toContain(old);
    expect(await status()).toBe(302);
  });

  it("are rotated by themselves after six weeks", async () => {
    const first = JSON.parse((await visitor.open(`${TEAM}/cdn-cgi/access/certs`)).text).public_cert.kid;
    later(42 * 24 * HOUR);
    await visitor.open(APP);
    expect(JSON.parse((await visitor.open(`${TEAM}/cdn-cgi/access/certs`)).text).public_cert.kid).not.toBe(
      first,
    );
  });
});

describe("revoking through the API", () => {
  it("refuses an unknown application and a body without an address", async () => {
    await expect(rig.api("POST", `${ACCESS}/apps/${DEV_ACCOUNT_ID}/revoke_tokens`)).rejects.toThrow("12135");
    await expect(rig.api("POST", `${ACCESS}/organizations/revoke_user`, {})).rejects.toThrow("12130");
  });
});
