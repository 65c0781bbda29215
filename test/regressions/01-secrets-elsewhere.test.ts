import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { accessDiff } from "../../packages/cli/access-diff/access-diff";
import { compareResources } from "../../packages/cli/access-diff/preview";
import { renderText } from "../../packages/cli/access-diff/report";
import {
  hiddenPlaces,
  readSecretPlaces,
  secretPlaceFacts,
  secretPlacesOf,
} from "../../packages/cli/access-diff/secret-places";
import { resourcesOf } from "../../packages/cloudflare/read-situation";
import { accessChangeOf } from "../../packages/github/access-change";
import { missingLabels } from "../../packages/github/plain/review";
import { exported } from "../access-diff/states";

const PLACE = { projectId: "3f0f4b0e-0f57-4b4e-9d6f-0a3d3c6a8f11", environment: "prod" };
const OURS = "https://app.infisical.com";
const THEIRS = "https://secrets.example.org";

type Entries = Record<string, { value?: string; secret?: boolean }>;
const infisical = (siteUrl?: string): Entries => ({
  "comfyui-access:infisical": { value: JSON.stringify({ ...PLACE, ...(siteUrl ? { siteUrl } : {}) }) },
});

const { before, after } = compareResources(resourcesOf(exported(), "a"), resourcesOf(exported(), "b"));

/** The diff of a stack whose resources stay the same, and whose config does not. */
function diffOf(then: Entries, now: Entries) {
  const [was = {}, is = {}] = [then, now].map((each) =>
    secretPlacesOf(Object.entries(each), "comfyui-access"),
  );
  return accessDiff(before, after, { facts: secretPlaceFacts(was, is), undecided: hiddenPlaces(was, is) });
}

describe("1: the review names where secrets go elsewhere", () => {
  test.each<[what: string, then: Entries, now: Entries, named: string]>([
    ["another Infisical", infisical(OURS), infisical(THEIRS), THEIRS],
    ["another Infisical than the default", infisical(), infisical(THEIRS), THEIRS],
    ["an Infisical at all", {}, infisical(), OURS],
    ["another address of Cloudflare's API", {}, { "cloudflare:baseUrl": { value: THEIRS } }, THEIRS],
    ["one that is encrypted", {}, { "cloudflare:baseUrl": { secret: true } }, "cloudflare:baseUrl"],
    ["another of Google's", {}, { "gcp:secretManagerCustomEndpoint": { value: THEIRS } }, THEIRS],
    [
      "another reader of the secrets",
      { "comfyui-access:secretStore": { value: '{"kind":"gcp","project":"datacrew-prod","readers":[]}' } },
      {
        "comfyui-access:secretStore": {
          value: '{"kind":"gcp","project":"datacrew-prod","readers":["group:all@example.org"]}',
        },
      },
      "group:all@example.org",
    ],
  ])("%s", (_, then, now, named) => {
    const diff = diffOf(then, now);
    expect(diff.verdict).toBe("widened");
    expect(renderText(diff)).toContain(named);
    // Somebody has to agree before it is merged.
    const change = accessChangeOf(JSON.stringify(diff), []);
    expect(change.sections.secrets.verdict).toBe("wider");
    expect(missingLabels(change)).toEqual(["access-widens"]);
    expect(diff.hash).not.toBe(diffOf(then, then).hash);
  });

  test("and says nothing where they go as before", () => {
    for (const same of [infisical(THEIRS), infisical(), { "cloudflare:baseUrl": { value: THEIRS } }]) {
      expect(diffOf(same, same).verdict).toBe("no change");
    }
    expect(diffOf(infisical(), infisical(`${OURS}/`)).verdict).toBe("no change");
    const own = { "cloudflare:baseUrl": { value: "https://api.cloudflare.com/client/v4" } };
    expect(diffOf({}, own).verdict).toBe("no change");
  });

  test("also by a provider of the program's own", () => {
    const state = JSON.parse(exported()) as { deployment: { resources: object[] } };
    const [urn, type] = [
      "urn:pulumi:dev::p::pulumi:providers:cloudflare::own",
      "pulumi:providers:cloudflare",
    ];
    state.deployment.resources.push({ urn, type, id: "own", inputs: { baseUrl: THEIRS } });
    const compared = compareResources(
      resourcesOf(exported(), "before"),
      resourcesOf(JSON.stringify(state), "after"),
    );
    const diff = accessDiff(compared.before, compared.after, compared);
    expect(diff.verdict).toBe("widened");
    expect(renderText(diff)).toContain(THEIRS);
  });
});

describe("1: a place of the stack's own config that is encrypted", () => {
  const secret = { secret: true };
  const gcp = (more: object) => ({
    "comfyui-access:secretStore": {
      value: JSON.stringify({ kind: "gcp", project: "datacrew-prod", ...more }),
    },
  });

  test.each<[what: string, then: Entries, now: Entries, about: string]>([
    ["nested", infisical(OURS), { "comfyui-access:infisical": secret }, "infisical"],
    [
      "under its own key",
      infisical(),
      { ...infisical(), "comfyui-access:infisical.siteUrl": secret },
      "infisical",
    ],
    ["a store", gcp({}), { "comfyui-access:secretStore": secret }, "secretStore"],
    ["its kind", {}, { "comfyui-access:secretStore.kind": secret }, "secretStore"],
    [
      "its project",
      {},
      { ...gcp({ project: undefined }), "comfyui-access:secretStore.project": secret },
      "secretStore",
    ],
    [
      "its readers",
      gcp({}),
      { ...gcp({}), "comfyui-access:secretStore.readers": secret },
      "secretStore.readers",
    ],
    [
      "one reader",
      gcp({}),
      { ...gcp({}), "comfyui-access:secretStore.readers[0]": secret },
      "secretStore.readers",
    ],
    ["Cloudflare's address", {}, { "cloudflare:baseUrl": secret }, "cloudflare:baseUrl"],
  ])("is named as one where secrets now go, and blocks when it was so before: %s", (_, then, now, about) => {
    const diff = diffOf(then, now);
    expect(diff.verdict).toBe("widened");
    expect(diff.facts).toContainEqual(expect.objectContaining({ about, effect: "widens" }));
    const unknown = diffOf(now, now);
    expect(unknown.verdict).toBe("not decided");
    expect(unknown.undecided.map(({ text }) => text).join()).toContain(about);
  });

  test("names the one in plain text that comes after it", () => {
    expect(diffOf({ "comfyui-access:infisical": secret }, infisical(THEIRS)).verdict).toBe("widened");
  });

  test("that a provider of the program's own has before and after blocks too", () => {
    const type = "pulumi:providers:cloudflare";
    const masked = {
      urn: `urn:pulumi:dev::p::${type}::own`,
      type,
      id: "own",
      inputs: { baseUrl: "[secret]" },
    };
    const state = JSON.parse(exported()) as { deployment: { resources: object[] } };
    state.deployment.resources.push(masked);
    const resources = resourcesOf(JSON.stringify(state), "state");
    const compared = compareResources(resources, resources);
    expect(accessDiff(compared.before, compared.after, compared).verdict).toBe("not decided");
  });
});

describe("1: what is compared is the config of the last update", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "places-"));
    await writeFile(join(dir, "Pulumi.yaml"), "name: comfyui-access\n");
  });
  afterEach(() => rm(dir, { recursive: true }));

  async function read(config: Entries, history: string) {
    const command = join(dir, "pulumi");
    const text = `#!/bin/sh\ncase "$1" in\nconfig) echo '${JSON.stringify(config)}' ;;\nstack) ${history} ;;\nesac\n`;
    await writeFile(command, text, { mode: 0o700 });
    return readSecretPlaces({ command, cwd: dir, env: { PATH: process.env["PATH"] } }, "prod");
  }
  const update = (config: Entries, more: object = {}) => ({
    kind: "update",
    result: "succeeded",
    config,
    ...more,
  });

  test("that was applied, not of one that failed or only looked", async () => {
    const updates = [
      update(infisical(THEIRS), { result: "failed" }),
      update(infisical(THEIRS), { kind: "refresh" }),
      update(infisical(OURS)),
      update(infisical(THEIRS)),
    ];
    const places = await read(infisical(THEIRS), `echo '${JSON.stringify(updates)}'`);
    const facts = secretPlaceFacts(places.before, places.after);
    expect(facts.map(({ effect, text }) => [effect, text.includes(THEIRS)])).toEqual([
      ["widens", true],
      ["narrows", false],
    ]);
  });

  test("and when it cannot be read, that is said and blocks", async () => {
    const { undecided } = await read(infisical(THEIRS), "echo 'error: no' >&2; exit 1");
    expect(undecided).toHaveLength(1);
    expect(accessDiff(before, after, { undecided }).verdict).toBe("not decided");
  });
});
