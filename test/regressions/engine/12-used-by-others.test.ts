import { afterAll, beforeAll, expect, test } from "vitest";
import { Commands } from "../../engine/command";
import { EngineRig } from "../../engine/support";

const ACCOUNT = "/accounts/0123456789abcdef0123456789abcdef";

interface Named {
  id: string;
  name: string;
}

let rig: EngineRig;
let commands: Commands;
let login: Named;
let tunnel: Named;
let theirs: string;

// A stack that is up, and others that go over to its tunnel and its login; in the order of these tests.
beforeAll(async () => {
  rig = await EngineRig.open();
  await rig.announce();
  commands = new Commands(rig.dir);
  await rig.config();
  await up();
  [login] = (await rig.api<Named[]>("GET", `${ACCOUNT}/access/identity_providers`)) as [Named];
  [tunnel] = (await rig.api<Named[]>("GET", `${ACCOUNT}/cfd_tunnel?is_deleted=false`)) as [Named];
});

afterAll(async () => {
  commands?.end();
  await rig?.close();
});

async function up(): Promise<string> {
  const { code, stdout, stderr } = await rig.up();
  expect(code, stdout + stderr).toBe(0);
  return stdout + stderr;
}

const rules = async () =>
  (
    await rig.api<{ config: { ingress: object[] } }>(
      "GET",
      `${ACCOUNT}/cfd_tunnel/${tunnel.id}/configurations`,
    )
  ).config;

test("12: sandbox:destroy says who else uses the login and the tunnel, and removes nothing", async () => {
  const { id } = await rig.api<Named>("POST", `${ACCOUNT}/access/apps`, {
    name: "their wiki",
    type: "self_hosted",
    destinations: [{ type: "public", uri: "wiki.datacrew.space" }],
    allowed_idps: [login.id],
    policies: [
      { name: "all of us", decision: "allow", include: [{ email_domain: { domain: "datacrew.space" } }] },
    ],
  });
  theirs = id;
  const config = await rules();
  const rule = { hostname: "wiki.datacrew.space", service: "http://localhost:7000" };
  await rig.api("PUT", `${ACCOUNT}/cfd_tunnel/${tunnel.id}/configurations`, {
    config: { ...config, ingress: [rule, ...config.ingress] },
  });
  const before = await rig.account();
  const { code, text } = await commands.run(["destroy", "--", "--skip-preview"]);
  expect(code, text).toBe(1);
  for (const named of [login.id, "application their wiki", tunnel.id, "rule for wiki.datacrew.space"]) {
    expect(text).toContain(named);
  }
  expect(await rig.account()).toEqual(before);
});

test("12: plain pulumi destroy keeps both once up has seen the others, and up says who they are", async () => {
  const said = await up();
  expect(said).toContain("application their wiki");
  expect(said).toContain("rule for wiki.datacrew.space");
  const before = await rig.account();
  const destroyed = await rig.run(["destroy", "--yes"]);
  expect(destroyed.code, destroyed.stdout).not.toBe(0);
  expect(await rig.account()).toEqual(before);
});

test("12: with the others gone both are removed", async () => {
  await rig.api("DELETE", `${ACCOUNT}/access/apps/${theirs}`);
  const config = await rules();
  await rig.api("PUT", `${ACCOUNT}/cfd_tunnel/${tunnel.id}/configurations`, {
    config: { ...config, ingress: config.ingress.slice(1) },
  });
  await up();
  const { code, text } = await commands.run(["destroy", "--", "--skip-preview"]);
  expect(code, text).toBe(0);
  expect(await rig.api<Named[]>("GET", `${ACCOUNT}/access/identity_providers`)).toEqual([]);
  expect(await rig.api<Named[]>("GET", `${ACCOUNT}/cfd_tunnel?is_deleted=false`)).toEqual([]);
});
