import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { UserError } from "../../packages/base/errors";
import type { OpenAdoption } from "../../packages/cli/adopt/open";
import { inScratch, refuseEnvironment, withoutSecrets } from "../../packages/cli/adopt/scratch";

const FILE = `# ours
encryptionsalt: v1:abc=
secretsprovider: gcpkms://key
encryptedkey: xyz
config:
  p:zone: datacrew.space # kept
  p:google:
    clientId: id
    clientSecret:
      secure: AAABAH==
  p:tunnel.name:
    secure: AAABAI==
  p:list:
    - name: first
    - { name: second, key: { secure: AAABAJ== } }
  cloudflare:apiToken:
    secure: AAABAK==
  p:odd: { secure: plain, and: more }
`;
const VALUES = {
  "p:zone": { value: "datacrew.space" },
  "p:google": { value: JSON.stringify({ clientId: "id", clientSecret: "google's" }), secret: true },
  "p:tunnel.name": { value: "house", secret: true },
  "p:list": { value: JSON.stringify([{ name: "first" }, { name: "second", key: "listed" }]), secret: true },
  "cloudflare:apiToken": { value: "token", secret: true },
};

test("a copy's config has every value, and its secrets beside the text, wherever they stand", () => {
  const { text, secrets } = withoutSecrets(FILE, VALUES);
  expect(secrets).toEqual([
    { key: ["--path", "p:google.clientSecret"], value: "google's" },
    { key: ["p:tunnel.name"], value: "house" },
    { key: ["--path", "p:list[1].key"], value: "listed" },
    { key: ["cloudflare:apiToken"], value: "token" },
  ]);
  expect(parse(text)).toEqual({
    config: {
      "p:zone": "datacrew.space",
      "p:google": { clientId: "id", clientSecret: "" },
      "p:tunnel.name": "",
      "p:list": [{ name: "first" }, { name: "second", key: "" }],
      "cloudflare:apiToken": "",
      "p:odd": { secure: "plain", and: "more" },
    },
  });
});

test("a stack without a file has an empty one", () => {
  expect(withoutSecrets("", {})).toMatchObject({ secrets: [] });
});

test.each([
  ["a list", "environment:\n  - shared/cloudflare\n  - prod\n", "(shared/cloudflare, prod)"],
  ["a list with options", "environment:\n  - prod: { merge: false }\n", "(prod)"],
  ["imports", "environment:\n  imports: [prod]\n  values: { pulumiConfig: {} }\n", "(prod)"],
  [
    "values of its own",
    "environment:\n  values: { pulumiConfig: { p:zone: a } }\n",
    "ESC environment, which",
  ],
])("a stack with an ESC environment is refused before a copy is made: %s", async (_, text, told) => {
  const folder = await mkdtemp(join(tmpdir(), "scratch-test-"));
  const configFile = join(folder, "Pulumi.dev.yaml");
  try {
    await writeFile(configFile, `${text}${FILE}`);
    // Whatever else is asked of the stack is not there, and fails otherwise.
    const open = { stack: "dev", project: "p", configFile } as OpenAdoption;
    const plan = { configChanges: [], known: new Set<string>() };
    const refused = inScratch(open, plan, async () => "tried").catch((error: unknown) => error);
    expect(await refused).toBeInstanceOf(UserError);
    expect(String(await refused)).toContain(told);
    expect(String(await refused)).toContain(configFile);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each(["", FILE, "environment: []\n"])("a stack without one is not: %j", (text) => {
  expect(() => refuseEnvironment(text, "Pulumi.dev.yaml")).not.toThrow();
});
