import { afterAll, beforeAll, expect, test } from "vitest";
import { EngineRig } from "./support";

const account = "/accounts/0123456789abcdef0123456789abcdef";

interface Rule {
  hostname?: string;
  service: string;
}
interface Application {
  name: string;
  hostname: string;
  service: string;
  allow: { emails: string[] };
  serviceTokens: string[];
}

let rig: EngineRig;

beforeAll(async () => {
  rig = await EngineRig.open();
  await rig.config();
  const result = await rig.up();
  expect(result.code, result.stdout + result.stderr).toBe(0);
});

afterAll(() => rig?.close());

async function list(): Promise<{ path: string; rules: Rule[] }> {
  const [tunnel] = await rig.api<{ id: string }[]>("GET", `${account}/cfd_tunnel?is_deleted=false`);
  const path = `${account}/cfd_tunnel/${tunnel?.id}/configurations`;
  return { path, rules: (await rig.api<{ config: { ingress: Rule[] } }>("GET", path)).config.ingress };
}

const notes: Application = {
  name: "notes",
  hostname: "notes.datacrew.space",
  service: "http://localhost:3000",
  allow: { emails: ["artist@datacrew.space"] },
  serviceTokens: [],
};

// One owned tunnel lives through these tests, in their order.
test("applications come and go as long as the list holds only the stack's own rules", async () => {
  for (const more of [[notes], []]) {
    await rig.config((settings) => {
      const [first] = settings.applications as Application[];
      settings.applications = [{ ...first, serviceTokens: ["comfyui-api"] }, ...more];
    });
    const result = await rig.up();
    expect(result.code, result.stdout + result.stderr).toBe(0);
  }
  expect((await list()).rules.map(({ hostname }) => hostname)).toEqual(["comfyui.datacrew.space", undefined]);
});

test("a rule that somebody added by hand stops preview and up, before anything is written, and stays", async () => {
  const { path, rules } = await list();
  const theirs = { hostname: "wiki.datacrew.space", service: "http://localhost:7000" };
  await rig.api("PUT", path, { config: { ingress: [theirs, ...rules] } });
  // As long as the list is not to be changed, it is only pointed out.
  const same = await rig.run(["preview", "--expect-no-changes"], { as: "preview" });
  expect(same.code, same.stdout + same.stderr).toBe(0);
  expect(same.stdout).toMatch(/warning: the stack's own tunnel has rules .*wiki\.datacrew\.space/);

  await rig.config((settings) => {
    const [first] = settings.applications as Application[];
    settings.applications = [{ ...first, service: "http://localhost:9000", serviceTokens: ["comfyui-api"] }];
  });
  const writes = (await rig.writes()).length;
  for (const args of [["preview"], ["up", "--yes", "--skip-preview"]]) {
    const result = await rig.run(args);
    expect(result.code, args[0]).not.toBe(0);
    expect(result.stdout + result.stderr).toMatch(
      /did not make: wiki\.datacrew\.space \(to http:\/\/localhost:7000\)/,
    );
  }
  expect(await rig.writes()).toHaveLength(writes);
  expect((await list()).rules[0]).toEqual(theirs);

  // A refresh takes the rule into the state, where it is no more the stack's own than before.
  expect((await rig.run(["refresh", "--yes"])).code).toBe(0);
  expect((await rig.run(["preview"])).code).not.toBe(0);

  await rig.api("PUT", path, { config: { ingress: rules } });
  const result = await rig.up();
  expect(result.code, result.stdout + result.stderr).toBe(0);
  expect((await list()).rules[0]?.service).toBe("http://localhost:9000");
});

test("destroy needs no program", async () => {
  const result = await rig.run(["destroy", "--yes", "--skip-preview"]);
  expect(result.code, result.stdout + result.stderr).toBe(0);
});
