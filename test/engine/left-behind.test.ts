import { afterEach, beforeEach, expect, test } from "vitest";
import { operation } from "./faults/operations";
import { readCheckpoint } from "./faults/state-file";
import { EngineRig } from "./support";

// The provider tries a refused POST ten times more.
process.env["COMFYUI_ACCESS_PAUSES"] ??= "0.05";

const ACCOUNT = "/accounts/0123456789abcdef0123456789abcdef";
const ZONE = "/zones/fedcba9876543210fedcba9876543210";

let rig: EngineRig;

beforeEach(async () => {
  rig = await EngineRig.open({ rateLimit: false });
  await rig.config();
});

afterEach(() => rig?.close());

/** The object is made, its answer never comes, and the provider's next try is refused. */
async function loseAnswer(pathRegex: string, args = ["up", "--yes", "--skip-preview"]): Promise<void> {
  await rig.addFaults(
    { method: "POST", pathRegex, action: "drop-after" },
    { method: "POST", pathRegex, nth: 2, action: "status", status: 403 },
  );
  const interrupted = await rig.run(args);
  expect(interrupted.code, interrupted.stdout).not.toBe(0);
  expect(await rig.faultsLeft(), interrupted.stdout + interrupted.stderr).toEqual([]);
}

const idsOf = async (path: string) => (await rig.api<{ id: string }[]>("GET", path)).map(({ id }) => id);

test.each([
  ["an application", "/access/apps$", `${ACCOUNT}/access/apps`],
  ["a DNS record", "/dns_records$", `${ZONE}/dns_records`],
])("%s whose answer was lost is taken into the state by the next up", async (_, pathRegex, list) => {
  await loseAnswer(pathRegex);
  const made = await idsOf(list);
  expect(made).toHaveLength(1);
  const next = await rig.up();
  expect(next.code, next.stdout + next.stderr).toBe(0);
  expect(await idsOf(list)).toEqual(made);
  expect(await rig.plan()).toEqual([]);
  expect((await rig.run(["destroy", "--yes", "--skip-preview"])).code).toBe(0);
  expect(await idsOf(list)).toEqual([]);
});

test("an application that was being replaced as well, by the same command", async () => {
  expect((await rig.up()).code).toBe(0);
  const replace = operation("replace").args(rig);
  await loseAnswer("/access/apps$", replace);
  const made = await idsOf(`${ACCOUNT}/access/apps`);
  const again = await rig.run(replace);
  expect(again.code, again.stdout + again.stderr).toBe(0);
  expect(again.stdout).toContain(`an earlier run made the Access application comfyui (${made[0]}) without`);
  expect(await idsOf(`${ACCOUNT}/access/apps`)).toEqual(made);
  expect(await rig.plan()).toEqual([]);
  const writes = (await rig.writes()).length;
  expect((await rig.up()).code).toBe(0);
  expect((await rig.writes()).slice(writes)).toEqual([]);
  const applications = readCheckpoint(rig.dir).resources?.filter(({ type }) =>
    type.endsWith(":ZeroTrustAccessApplication"),
  );
  expect(applications?.map(({ urn, id }) => [urn.split("::").at(-1), id])).toEqual([["comfyui", made[0]]]);
  expect((await rig.run(["destroy", "--yes", "--skip-preview"])).code).toBe(0);
  expect(readCheckpoint(rig.dir).resources ?? []).toEqual([]);
});

test("a secret of the store as well, with the value that the stack has", async () => {
  // Google says 409 to the next try, which the provider does not repeat.
  await loseAnswer("/secrets$");
  const next = await rig.up();
  expect(next.code, next.stdout + next.stderr).toBe(0);
  expect(await rig.plan()).toEqual([]);
});

test("a tunnel as well; the run after that one sets its secret, which cannot be read", async () => {
  await loseAnswer("/cfd_tunnel$");
  const tunnels = `${ACCOUNT}/cfd_tunnel?is_deleted=false`;
  const made = await idsOf(tunnels);
  expect(made).toHaveLength(1);
  const next = await rig.up();
  expect(next.code, next.stdout + next.stderr).toBe(0);
  expect(await rig.plan()).toEqual(["update ZeroTrustTunnelCloudflared tunnel"]);
  expect((await rig.up()).code).toBe(0);
  expect(await idsOf(tunnels)).toEqual(made);
  expect(await rig.plan()).toEqual([]);
});

test("an application of the same name with policies of others is refused before anything is made", async () => {
  const policy = await rig.api<{ id: string }>("POST", `${ACCOUNT}/access/policies`, {
    name: "everyone",
    decision: "allow",
    include: [{ everyone: {} }],
  });
  const application = await rig.api<{ id: string }>("POST", `${ACCOUNT}/access/apps`, {
    name: "comfyui",
    type: "self_hosted",
    destinations: [{ type: "public", uri: "comfyui.datacrew.space" }],
    policies: [{ id: policy.id, precedence: 1 }],
  });
  const before = (await rig.writes()).length;
  const refused = await rig.up();
  expect(refused.code).not.toBe(0);
  const said = refused.stdout + refused.stderr;
  expect(said).toContain(
    `applications[0].hostname: comfyui.datacrew.space belongs to the Access application "comfyui" (${application.id}), which this stack's state does not know`,
  );
  expect(said).toContain("npm run cli -- adopt");
  expect((await rig.writes()).slice(before)).toEqual([]);
});
