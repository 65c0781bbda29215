import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ConfigFile } from "../../packages/cli/stack/config-file";

let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "config-file-"));
  path = join(dir, "Pulumi.dev.yaml");
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

test.each([0o600, 0o640, 0o664])("is replaced whole, with the mode %o that it had", async (mode) => {
  writeFileSync(path, "old");
  chmodSync(path, mode);
  await new ConfigFile(path).replace("old", "new");
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(statSync(path).mode & 0o777).toBe(mode);
});

test("what a killed run left beside it goes", async () => {
  writeFileSync(path, "old");
  writeFileSync(join(dir, ".Pulumi.dev.yaml.0123.tmp"), "half");
  await new ConfigFile(path).replace("old", "new");
  expect(readdirSync(dir)).toEqual(["Pulumi.dev.yaml"]);
});

test("is not replaced when it is no longer as it was read", async () => {
  writeFileSync(path, "theirs");
  await expect(new ConfigFile(path).replace("old", "new")).rejects.toThrow("changed by another program");
  expect(readFileSync(path, "utf8")).toBe("theirs");
});

test("need not be there to be written, and has to be there to be read", async () => {
  const file = new ConfigFile(path);
  expect(await file.readIfThere()).toBe("");
  await expect(file.read()).rejects.toThrow(/ENOENT/);
  await file.replace("", "new");
  expect(readFileSync(path, "utf8")).toBe("new");
});

test("one that cannot be written is said", async () => {
  const file = new ConfigFile(join(dir, "no", "such.yaml"));
  await expect(file.replace("", "new")).rejects.toThrow(/could not write.*ENOENT/);
});
