import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessDiff } from "../../packages/cli/access-diff/access-diff";
import { comparePreview, compareResources, PREVIEW_CALL } from "../../packages/cli/access-diff/preview";
import { sectionsOf } from "../../packages/cli/access-diff/sections";
import { resourcesOf } from "../../packages/cloudflare/read-situation";
import { EngineRig, type Settings } from "./support";

interface Application {
  name?: string;
  service?: string;
  allow: { emails?: string[]; emailDomains?: string[] };
  sessionDuration?: string;
  serviceTokens?: string[];
}

let rig: EngineRig;

beforeAll(async () => {
  rig = await EngineRig.open();
});

afterAll(() => rig?.close());

function first(settings: Settings): Application {
  const [application] = settings.applications as Application[];
  if (!application) throw new Error("the dev stack has no application");
  return application;
}

const state = async () => resourcesOf((await rig.run(["stack", "export"])).stdout, "the state");

/** What the preview of a changed config comes to. */
async function previewed(edit: (settings: Settings) => void) {
  await rig.config(edit);
  const result = await rig.run([...PREVIEW_CALL], { as: "preview" });
  expect(result.code, result.stdout + result.stderr).toBe(0);
  const { before, after, ...told } = comparePreview(result.stdout, "the preview");
  return accessDiff(before, after, told);
}

const lines = ({ entries }: ReturnType<typeof accessDiff>) =>
  entries.map(({ kind, who, hostname }) => `${kind} ${who} ${hostname}`);

const MOVE = (settings: Settings) => {
  settings.accessTests = [];
  const application = first(settings);
  application.allow = { emails: ["bob@datacrew.space"] };
  settings.maxSessionDuration = "48h";
  settings.maxTokenDuration = "17520h";
  application.sessionDuration = "48h";
  application.serviceTokens = ["ci"];
  settings.serviceTokens = [{ name: "ci", duration: "17520h" }];
  (settings.applications as Application[]).push({
    name: "grafana",
    service: "http://localhost:3000",
    allow: { emailDomains: ["datacrew.space"] },
    serviceTokens: ["ci"],
  });
};

const MOVED = [
  "gain anyone at datacrew.space grafana.datacrew.space",
  "gain bob@datacrew.space comfyui.datacrew.space",
  "gain service token ci comfyui.datacrew.space",
  "gain service token ci grafana.datacrew.space",
  "loss artist@datacrew.space comfyui.datacrew.space",
  "loss service token comfyui-api comfyui.datacrew.space",
];

// One stack lives through these tests, in their order.
describe("the access diff of a preview", () => {
  test("of a stack that is not there yet: everybody whom it will let in", async () => {
    const diff = await previewed(() => {});
    expect(lines(diff).sort()).toEqual([
      "gain artist@datacrew.space comfyui.datacrew.space",
      "gain service token comfyui-api comfyui.datacrew.space",
    ]);
    expect(diff.undecided).toEqual([]);
    expect((await rig.up()).code).toBe(0);
  });

  test("of an unchanged stack is empty", async () => {
    expect(await previewed(() => {})).toMatchObject({ verdict: "no change", entries: [], facts: [] });
  });

  test("of one more e-mail address, which changes the policy and nothing else", async () => {
    const diff = await previewed((settings) => first(settings).allow.emails?.push("second@datacrew.space"));
    expect(lines(diff)).toEqual(["gain second@datacrew.space comfyui.datacrew.space"]);
    expect(diff.verdict).toBe("widened");
  });

  test("of a changed one says who gains and who loses, and is what then really changes", async () => {
    const before = await state();
    const diff = await previewed(MOVE);
    expect(lines(diff).sort()).toEqual(MOVED);
    expect(diff.verdict).toBe("widened");
    const result = await rig.up();
    expect(result.code, result.stdout + result.stderr).toBe(0);
    const { before: was, after: is, ...told } = compareResources(before, await state());
    const done = accessDiff(was, is, told);
    // Before the update ids were unknown; the change is the same, and so is its hash.
    expect(sectionsOf(done)).toEqual(sectionsOf(diff));
    expect(done.hash).toBe(diff.hash);
  });

  test("of another order and another name of the tunnel is empty", async () => {
    const diff = await previewed((settings) => {
      MOVE(settings);
      (settings.applications as Application[]).reverse();
      settings.tunnel = { name: "comfyui-renamed" };
    });
    expect(lines(diff)).toEqual([]);
    expect(diff.verdict).toBe("no change");
  });
});

describe("access tests in the program", () => {
  test.each([["preview"], ["up"]])("one that fails stops %s, and nothing is written", async (command) => {
    await rig.config((settings) => {
      MOVE(settings);
      settings.accessTests = [{ who: "artist@datacrew.space", allow: ["comfyui"], deny: [] }];
    });
    const written = (await rig.writes()).length;
    const result = command === "up" ? await rig.up() : await rig.run(["preview"], { as: "preview" });
    const said = result.stdout + result.stderr;
    expect(result.code).not.toBe(0);
    expect(said).toContain(
      "accessTests[0].allow[0]: artist@datacrew.space at comfyui: expected allow, got refused",
    );
    expect(said).not.toMatch(/^\s+at .*\.ts:\d+/m);
    expect((await rig.writes()).length).toBe(written);
  });

  test("a failed preview is no diff: it says why", async () => {
    const result = await rig.run(["preview", "--json"], { as: "preview" });
    expect(() => comparePreview(result.stdout, "the preview")).toThrow(/the preview failed.*expected allow/s);
  });
});
