import { afterAll, beforeAll, expect, test } from "vitest";
import { EngineRig, type Settings } from "../../engine/support";

const ACCOUNT = "/accounts/0123456789abcdef0123456789abcdef";

interface Named {
  id: string;
  name: string;
}

let rig: EngineRig;
let sharedTunnel: string;
let existingLogin: string;

// A stack that protects what it has, and then goes over to a tunnel and a login of the account; in the order of these tests.
beforeAll(async () => {
  rig = await EngineRig.open();
  await up(protectedOwn);
  const tunnel = {
    name: "house",
    config_src: "cloudflare",
    tunnel_secret: Buffer.alloc(32).toString("base64"),
  };
  ({ id: sharedTunnel } = await rig.api<Named>("POST", `${ACCOUNT}/cfd_tunnel`, tunnel));
  const google = { client_id: "x.apps.googleusercontent.com", client_secret: "not-a-secret" };
  const login = { name: "house", type: "google", config: google };
  ({ id: existingLogin } = await rig.api<Named>("POST", `${ACCOUNT}/access/identity_providers`, login));
});

afterAll(() => rig?.close());

const protectedOwn = (settings: Settings) => {
  settings["protectTokens"] = true;
};
const goesOver = (settings: Settings) => {
  protectedOwn(settings);
  settings["tunnel"] = { id: sharedTunnel };
  settings["google"] = { identityProviderId: existingLogin };
};

async function attempt(edit: (settings: Settings) => void) {
  await rig.config(edit);
  return rig.up();
}

async function up(edit: (settings: Settings) => void): Promise<void> {
  const { code, stdout, stderr } = await attempt(edit);
  expect(code, stdout + stderr).toBe(0);
}

async function urns(): Promise<string[]> {
  const { stdout } = await rig.run(["stack", "--show-urns"]);
  return stdout.match(/urn:pulumi:\S+/g) ?? [];
}

const names = async (path: string) =>
  (await rig.api<Named[]>("GET", `${ACCOUNT}/${path}`)).map(({ name }) => name);

test("12: a change to a tunnel and a login of the account is refused while the own ones are protected", async () => {
  await rig.config(goesOver);
  const preview = await rig.run(["preview"], { as: "preview" });
  expect(preview.code).not.toBe(0);
  expect(preview.stdout + preview.stderr).toContain("pulumi state unprotect");
  const { code, stdout, stderr } = await rig.up();
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain("pulumi state unprotect");
  expect(await names("cfd_tunnel?is_deleted=false")).toHaveLength(2);
  expect(await names("access/identity_providers")).toHaveLength(2);
});

test("12: unprotecting the two lets it through; the tokens stay protected", async () => {
  const own = (await urns()).filter((urn) =>
    /ZeroTrust(TunnelCloudflared|AccessIdentityProvider)::/.test(urn),
  );
  expect(own).toHaveLength(2);
  for (const urn of own) {
    const { code, stdout, stderr } = await rig.run(["state", "unprotect", urn, "--yes"]);
    expect(code, stdout + stderr).toBe(0);
  }
  await up(goesOver);
  expect(await names("cfd_tunnel?is_deleted=false")).toEqual(["house"]);
  expect(await names("access/identity_providers")).toEqual(["house"]);
  const destroyed = await rig.run(["destroy", "--yes"]);
  expect(destroyed.code).not.toBe(0);
});
