import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { adopt, readPlan, writePlannedConfig } from "../../../packages/cli/adopt/adopt";
import { importFile } from "../../../packages/cli/adopt/import-file";
import { type OpenAdoption, sandboxedAdoption } from "../../../packages/cli/adopt/open";
import { LIVED_IN, LIVED_IN_SEED } from "../../../packages/sandbox/account/lived-in";
import { LIVED_IN_CONFIG } from "../../engine/lived-in-config";
import { EngineRig } from "../../engine/support";

const ACCOUNT = "0123456789abcdef0123456789abcdef";
const ONE_TIME_PIN = LIVED_IN_SEED.objects?.(new Date()).identityProviders?.find(
  ({ type }) => type === "onetimepin",
)?.id;

let rig: EngineRig;
let open: OpenAdoption;
let file: string;

beforeAll(async () => {
  rig = await EngineRig.open({ seed: LIVED_IN_SEED });
  file = join(rig.dir, "Pulumi.dev.yaml");
  await writeFile(file, LIVED_IN_CONFIG);
  open = await sandboxedAdoption(rig.session, "dev", file);
});
afterEach(() => rig.clearFaults());
afterAll(() => rig?.close());

/** What an adoption with every consent says when it fails; and nothing of account, state and config is changed by it. */
async function refused(config = LIVED_IN_CONFIG, state: readonly string[] = []): Promise<string> {
  await writeFile(file, config);
  const [account, writes] = [JSON.stringify(await rig.account()), (await rig.writes()).length];
  const choices = { take: new Set<string>(), convertInline: true };
  const error = await adopt(open, { choices, confirm: async () => true, log: () => {} }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Error);
  expect(JSON.stringify(await rig.account())).toBe(account);
  expect((await rig.writes()).slice(writes)).toEqual([]);
  expect(await readFile(file, "utf8")).toBe(config);
  expect(await stateIds()).toEqual(state);
  return String(error);
}

async function stateIds(): Promise<string[]> {
  const { deployment } = JSON.parse((await rig.run(["stack", "export"])).stdout) as {
    deployment: { resources?: { id?: string; custom?: boolean; type: string }[] };
  };
  return (deployment.resources ?? []).flatMap(({ id, type }) =>
    id !== undefined && id !== "" && type.startsWith("cloudflare:") ? [id] : [],
  );
}

describe("8: an adoption that would fail does so before it converts a policy:", () => {
  test("a login whose type is not Google's", async () => {
    const said = await refused(
      `${LIVED_IN_CONFIG}  comfyui-access:google: { identityProviderId: ${ONE_TIME_PIN} }\n`,
    );
    expect(said).toContain("onetimepin");
  });

  test("a login that is not there", async () => {
    const id = "00000000-0000-4000-8000-000000000001";
    expect(
      await refused(`${LIVED_IN_CONFIG}  comfyui-access:google: { identityProviderId: ${id} }\n`),
    ).toContain(id);
  });

  test("an import that the engine cannot do, in Pulumi's own words", async () => {
    // The first two readings are the command's own.
    const pathRegex = `/dns_records/${LIVED_IN.record}$`;
    await rig.addFaults({ method: "GET", pathRegex, action: "status", status: 403, nth: 3, times: 20 });
    const said = await refused();
    expect(said).toContain("could not import into stack dev");
    expect(said).toMatch(/403/);
  });

  test("a program that ends with an error", async () => {
    const tests = `  comfyui-access:accessTests: [{ who: stranger@example.org, allow: [comfyui] }]\n`;
    expect(await refused(LIVED_IN_CONFIG + tests)).toContain("stranger@example.org");
  });

  test("a stack that somebody else's update holds", async () => {
    const folder = join(rig.dir, "state", ".pulumi", "locks", "organization", "comfyui-access", "dev");
    const lock = join(folder, "11111111-1111-4111-8111-111111111111.json");
    await mkdir(folder, { recursive: true });
    const owner = {
      pid: 4711,
      username: "somebody",
      hostname: "elsewhere",
      timestamp: "2026-01-01T00:00:00Z",
    };
    await writeFile(lock, JSON.stringify(owner));
    try {
      expect(await refused()).toContain("somebody@elsewhere");
    } finally {
      await rm(lock);
    }
  });

  test("a state that speaks of another account's objects", async () => {
    const made = await rig.api("POST", `/accounts/${ACCOUNT}/access/service_tokens`, { name: "comfyui-api" });
    const id = String(made["id"]);
    const type = "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken";
    const args = ["import", type, "comfyui-api", `accounts/${ACCOUNT}/${id}`, "--generate-code=false"];
    const imported = await rig.run([...args, "--protect=false", "--yes", "--skip-preview"]);
    expect(imported.code, imported.stdout).toBe(0);
    await rig.api("DELETE", `/accounts/${ACCOUNT}/access/service_tokens/${id}`);
    const said = await refused(LIVED_IN_CONFIG, [id]);
    expect(said).toContain(`state of stack dev`);
    expect(said).toContain(id);
  });
});

describe("8: an adoption that was cut off before it converted a policy", () => {
  let cut: EngineRig;
  beforeAll(async () => {
    cut = await EngineRig.open({ seed: LIVED_IN_SEED });
    await writeFile(join(cut.dir, "Pulumi.dev.yaml"), LIVED_IN_CONFIG);
  });
  afterAll(() => cut?.close());

  test("goes on with what is left, although the state has the application with its inline policies", async () => {
    const adoption = await sandboxedAdoption(cut.session, "dev", join(cut.dir, "Pulumi.dev.yaml"));
    const choices = { take: new Set<string>(), convertInline: true };
    const plan = await readPlan(adoption, choices);
    await writePlannedConfig(adoption, plan);
    const path = join(cut.dir, "import.json");
    const rows = plan.rows.filter(({ how }) => how === "import");
    await writeFile(path, JSON.stringify(importFile({ rows }, adoption.project, "dev", new Set())));
    const args = ["import", "--file", path, "--generate-code=false", "--protect=false", "--yes"];
    const imported = await cut.run([...args, "--skip-preview"]);
    expect(imported.code, imported.stdout).toBe(0);
    const { proof } = await adopt(adoption, { choices, confirm: async () => true, log: () => {} });
    expect(proof?.mismatches).toEqual([]);
  });
});
