import { expect, test } from "vitest";
import { usableConfig } from "../../packages/cli/doctor/usable-config";

const SOUND = {
  accountId: "0123456789abcdef0123456789abcdef",
  zone: "datacrew.space",
  teamName: "datacrew",
  google: { clientId: "x.apps.googleusercontent.com", clientSecret: "a secret" },
  tunnel: { name: "comfyui-dev" },
  applications: [
    { name: "comfyui", hostname: "comfyui.datacrew.space", allow: { emails: ["a@datacrew.space"] } },
  ],
};
const judged = (raw: Record<string, unknown>) => {
  const { config, problems } = usableConfig(raw, { stack: "dev" });
  return { keys: Object.keys(config), paths: problems.map(({ path }) => path), config };
};

test("a config that is valid is kept whole", () => {
  const { keys, paths, config } = judged(SOUND);
  expect(paths).toEqual([]);
  expect(keys).toEqual(expect.arrayContaining([...Object.keys(SOUND), "serviceTokens", "accessTests"]));
  expect(config.google).toEqual(SOUND.google);
});

test.each([
  ["accountId", { accountId: "x" }],
  ["zone", { zone: "" }],
  ["teamName", { teamName: "data crew" }],
  ["google", { google: undefined }],
  ["tunnel", { tunnel: { id: "x", name: "y" } }],
  ["applications", { applications: [{ hostname: "example.org" }] }],
  ["serviceTokens", { serviceTokens: [{ name: "comfyui-api", duration: "a year" }] }],
])("of a config without a valid %s the rest is kept", (key, change) => {
  const { keys, paths } = judged({ ...SOUND, ...change });
  expect(paths.length).toBeGreaterThan(0);
  const others = Object.keys(SOUND).filter((each) => each !== key);
  expect(keys).toEqual(expect.arrayContaining(others));
  expect(keys).not.toContain(key);
});

test("of an empty config nothing is made up, and every key that is needed is named", () => {
  const { config, paths } = judged({});
  expect(paths).toEqual(["accountId", "zone", "teamName", "google", "tunnel", "applications"]);
  expect(JSON.stringify(config)).not.toMatch(/invalid|0000/);
});

test("keys that are not known, and values set by path, are no hindrance", () => {
  const { google: _, ...rest } = SOUND;
  const raw = { ...rest, zoen: "x", "google.clientId": "y", "google.clientSecret": "z" };
  const { keys, paths } = judged(raw);
  expect(paths).toEqual(["zoen", "google.clientId"]);
  expect(keys).not.toContain("google");
  expect(keys).toContain("zone");
});
