import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adopt, readPlan } from "../../packages/cli/adopt/adopt";
import { type OpenAdoption, sandboxedAdoption } from "../../packages/cli/adopt/open";
import { isDone, type Plan } from "../../packages/cli/adopt/plan";
import { toText } from "../../packages/cli/adopt/render";
import type { Choices } from "../../packages/cli/adopt/types";
import { alike } from "../../packages/cli/adopt/wire";
import { LIVED_IN, LIVED_IN_SEED, scriptsHeaders } from "../../packages/sandbox/account/lived-in";
import { Prober } from "./prober";
import { EngineRig } from "./support";

const ACCOUNT = "0123456789abcdef0123456789abcdef";
const hostname = "comfyui.datacrew.space";

// As little as an operator can write: what there is comes from the account.
const MINIMAL = `# what we know
config:
  comfyui-access:accountId: ${ACCOUNT}
  comfyui-access:zone: datacrew.space # the zone
  comfyui-access:teamName: datacrew
  comfyui-access:protectTokens: "false"
  comfyui-access:applications:
    - hostname: ${hostname}
  comfyui-access:alerts: { emails: [ops@datacrew.space] }
`;

const carefully: Choices = { take: new Set(), convertInline: false };
const consenting: Choices = { take: new Set(), convertInline: true };

let rig: EngineRig;
let open: OpenAdoption;
let file: string;
let stranger: Prober;
let script: Prober;
const log: string[] = [];

beforeAll(async () => {
  rig = await EngineRig.open({ seed: LIVED_IN_SEED, access: true, keepState: true });
  const { access } = rig.session;
  if (access === undefined) throw new Error("the session has no edge");
  access.connectAll();
  file = join(rig.dir, "Pulumi.dev.yaml");
  await writeFile(file, MINIMAL);
  open = await sandboxedAdoption(rig.session, "dev", file);
  stranger = new Prober(hostname, access.network, { workers: 1, pauseMs: 20 });
  script = new Prober(hostname, access.network, {
    workers: 1,
    pauseMs: 40,
    headers: scriptsHeaders("comfyui-api"),
  });
});
afterAll(async () => {
  await stranger?.stop();
  await script?.stop();
  await rig?.close();
});

const run = (choices: Choices) =>
  adopt(open, { choices, confirm: async () => true, log: (line) => void log.push(line) });

type Stored = Record<string, { id: string }[]>;

/** Every object by kind and id, as text; a tunnel's rules one by one, since it is a list of many owners. */
function texts(stored: Stored): Map<string, string> {
  const kinds = ["identityProviders", "policies", "applications", "serviceTokens", "tunnels", "dnsRecords"];
  const all = [...kinds, "notificationPolicies", "organizations", "zones", "apiTokens"].flatMap((kind) =>
    (stored[kind] ?? []).map((each) => [`${kind} ${each.id}`, JSON.stringify(each)] as const),
  );
  const rules = (stored["tunnelConfigurations"] ?? []).flatMap((each) => {
    const { config } = each as unknown as { config: { ingress: { hostname?: string; path?: string }[] } };
    const { ingress, ...rest } = config;
    return [
      [`settings of tunnel ${each.id}`, JSON.stringify(rest)] as const,
      ...ingress.map((rule, index) => {
        const before = ingress.slice(0, index).filter((other) => other.hostname !== hostname).length;
        const place = rule.hostname === hostname ? "ours" : `#${before}`;
        return [`rule ${place} of ${each.id}`, JSON.stringify(rule)] as const;
      }),
    ];
  });
  return new Map([...all, ...rules]);
}

/** What differs between two looks at the account. */
function changedBetween(before: Map<string, string>, after: Map<string, string>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => before.get(key) !== after.get(key))
    .sort();
}

const OURS = [
  `applications ${LIVED_IN.application}`,
  `dnsRecords ${LIVED_IN.record}`,
  `policies ${LIVED_IN.peoplePolicy}`,
  `policies ${LIVED_IN.tokenPolicy}`,
  `rule ours of ${LIVED_IN.tunnel}`,
].sort();
/** A record's settings that nobody has set. */
const UNSET = { flatten_cname: false, ipv4_only: false, ipv6_only: false };
const TOKEN = `serviceTokens ${LIVED_IN.serviceToken}`;

let before: Map<string, string>;
let plan: Plan;

// One account lives through these tests, in their order.
describe("an account that people have lived in", () => {
  test("is only looked at without --apply, with an API token that may only read", async () => {
    before = texts(await rig.stored());
    plan = await readPlan(open, carefully);
    expect(isDone(plan)).toBe(false);
    expect(plan.decisions.map(({ what }) => what)).toEqual([
      'inline policies "artists", "scripts" of application "ComfyUI"',
    ]);
    await expect(
      toText(plan, "sandbox, stack dev", { accountId: ACCOUNT, project: open.project, stack: "dev" }),
    ).toMatchFileSnapshot(join(__dirname, "../expected/adopt.txt"));
    expect(await rig.writes()).toMatchObject([{ path: "/client/v4/nothing" }]);
    expect(await readFile(file, "utf8")).toBe(MINIMAL);
  });

  test("stays as it is without consent to the conversion", async () => {
    await expect(run(carefully)).rejects.toThrow(/inline policies.*--convert-inline/s);
    expect(changedBetween(before, texts(await rig.stored()))).toEqual([]);
    expect(await readFile(file, "utf8")).toBe(MINIMAL);
  });

  test("an import that fails is undone, and says what cannot be", async () => {
    // A policy can be read under this path only when it has been converted.
    const pathRegex = `/access/policies/${LIVED_IN.peoplePolicy}$`;
    await rig.addFaults({ method: "GET", pathRegex, action: "status", status: 403 });
    const error = await run(consenting).catch((thrown: Error) => thrown);
    expect(String(error)).toMatch(/could not import into stack dev.*403/s);
    expect(String(error)).toMatch(/"artists", "scripts" stay reusable/);
    expect(await readFile(file, "utf8")).toBe(MINIMAL);
    const exported = JSON.parse((await rig.run(["stack", "export"])).stdout) as {
      deployment: { resources?: unknown[] };
    };
    expect(exported.deployment.resources ?? []).toEqual([]);
    // Reusable now, with the same rules, and still in the same places of the same application.
    expect(changedBetween(before, texts(await rig.stored()))).toEqual(
      [`policies ${LIVED_IN.peoplePolicy}`, `policies ${LIVED_IN.tokenPolicy}`].sort(),
    );
  });

  test("one that was interrupted goes on with what is left", async () => {
    const id = `accounts/${ACCOUNT}/${LIVED_IN.serviceToken}`;
    const type = "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken";
    const args = ["import", type, "comfyui-api", id, "--generate-code=false", "--protect=false", "--yes"];
    expect((await rig.run([...args, "--skip-preview"])).code).toBe(0);
    const again = await readPlan(open, carefully);
    expect(again.rows.find(({ kind }) => kind === "service token")?.how).toBe("in the state");
    expect(again.decisions).toEqual([]);
    // The table says the same as before: converting changed nothing that it names.
    const claims = ({ rows }: Plan) => rows.map(({ kind, name, changes }) => ({ kind, name, changes }));
    expect(claims(again)).toEqual(claims(plan));
  });

  test("is adopted, and the preview is what the table says", async () => {
    const writes = (await rig.writes()).length;
    const { proof } = await run(carefully);
    expect(proof).toEqual({ mismatches: [], updates: 5, fields: 11, creates: 2 });
    // Nothing of the account was written for it.
    expect((await rig.writes()).slice(writes)).toEqual([]);
    const text = await readFile(file, "utf8");
    expect(text).toContain("# what we know\n");
    expect(text).toContain("datacrew.space # the zone");
    expect(text).toContain(LIVED_IN.record);
    const done = await readPlan(open, carefully);
    expect(isDone(done)).toBe(true);
  });

  test("up changes exactly what the table said, and no object of anybody else", async () => {
    const writes = (await rig.writes()).length;
    const objects = await rig.account();
    const result = await rig.up();
    expect(result.code, result.stdout + result.stderr).toBe(0);
    await stranger.until(stranger.asked + 10);
    await stranger.stop();
    await script.stop();
    const after = texts(await rig.stored());
    const created = [...after.keys()].filter((key) => !before.has(key));
    expect(created.map((key) => key.split(" ")[0])).toEqual(["notificationPolicies", "notificationPolicies"]);
    expect(changedBetween(before, after)).toEqual([...OURS, ...created].sort());
    // The bodies that were sent say what the table says, field by field, and repeat what was there otherwise.
    const puts = (await rig.writes()).slice(writes).filter(({ method }) => method === "PUT");
    const lists = Object.values(objects).flat() as Record<string, unknown>[];
    let compared = 0;
    for (const { kind, id, changes } of plan.rows) {
      const body = puts.find(({ path }) => id !== undefined && path.endsWith(`/${id}`))?.body as Record<
        string,
        unknown
      >;
      if (changes.length === 0 || kind === "ingress rule") continue;
      const was = lists.find((each) => each["id"] === id) ?? {};
      const changing = new Map(changes.map(({ field, next }) => [field, next]));
      for (const [field, next] of changing) expect([field, alike(body[field], next)]).toEqual([field, true]);
      for (const [field, sent] of Object.entries(body)) {
        if (changing.has(field) || (field === "policies" && kind === "application")) continue;
        // The provider says aloud what Cloudflare leaves out of a record's settings.
        const told = field === "settings" ? { ...UNSET, ...(was[field] as object) } : was[field];
        expect([kind, field, alike(sent, told)]).toEqual([kind, field, true]);
      }
      compared += changing.size;
    }
    expect(compared).toBe(9);
    expect(isDone(await readPlan(open, carefully))).toBe(true);
    const preview = await rig.run(["preview", "--expect-no-changes"], { as: "preview" });
    expect(preview.code, preview.stdout + preview.stderr).toBe(0);
  });

  test("was guarded all the time, and a script with the old secret never noticed", () => {
    expect(stranger.asked).toBeGreaterThan(20);
    expect(
      [...stranger.answers.keys()].filter((answer) => !["302 login", "401", "403"].includes(answer)),
    ).toEqual([]);
    expect(script.asked).toBeGreaterThan(20);
    expect([...script.answers.keys()]).toEqual(["ComfyUI"]);
  });

  test("destroy takes away what was adopted and made, and nothing else", async () => {
    const result = await rig.run(["destroy", "--yes", "--skip-preview"]);
    expect(result.code, result.stdout + result.stderr).toBe(0);
    const after = texts(await rig.stored());
    expect(changedBetween(before, after)).toEqual([...OURS, TOKEN].sort());
    for (const key of [...OURS, TOKEN]) expect(after.has(key), key).toBe(false);
  });
});

// Its own account, in which nobody but the stack made anything.
describe("a stack that made everything itself", () => {
  let own: EngineRig;
  beforeAll(async () => {
    own = await EngineRig.open();
    await own.config();
    const up = await own.up();
    if (up.code !== 0) throw new Error(up.stdout);
  });
  afterAll(() => own?.close());

  test("has nothing to adopt, its own tunnel included, and a preview says the same", async () => {
    const adoption = await sandboxedAdoption(own.session, "dev", join(own.dir, "Pulumi.dev.yaml"));
    const plan = await readPlan(adoption, carefully);
    expect(isDone(plan)).toBe(true);
    expect(plan.configChanges).toEqual([]);
    expect(plan.rows.filter(({ how }) => how !== "in the state")).toEqual([]);
    expect(plan.rows.flatMap(({ changes }) => changes)).toEqual([]);
    const options = { choices: carefully, confirm: async () => true, log: () => {} };
    const { proof } = await adopt(adoption, options);
    expect(proof).toMatchObject({ mismatches: [] });
  });
});
