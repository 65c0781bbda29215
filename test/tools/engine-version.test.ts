import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { printedVersion } from "../../packages/cli/engine/version";

let dir: string;
let memory: string;
let asked: number;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "engine-version-"));
  memory = join(dir, "cache", "installed.json");
  asked = 0;
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const versionOf = (command: string, printed = "v3.259.0\n") =>
  printedVersion(command, memory, async () => {
    asked += 1;
    return printed;
  });

async function engine(name = "pulumi", content = "\x7fELF"): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, content);
  return path;
}

test("an engine is asked once", async () => {
  const command = await engine();
  expect(await versionOf(command)).toBe("v3.259.0\n");
  expect(await versionOf(command, "not asked")).toBe("v3.259.0\n");
  expect(asked).toBe(1);
});

test("one that was replaced is asked again", async () => {
  const command = await engine();
  await versionOf(command);
  await writeFile(command, "\x7fELF, newer");
  expect(await versionOf(command, "v3.260.0\n")).toBe("v3.260.0\n");
  await utimes(command, new Date(), new Date(Date.now() + 60_000));
  expect(await versionOf(command, "v3.261.0\n")).toBe("v3.261.0\n");
});

test("another one at another place is asked", async () => {
  await versionOf(await engine());
  await mkdir(join(dir, "other"));
  const other = join(dir, "other", "pulumi");
  await copyFile(join(dir, "pulumi"), other);
  await versionOf(other);
  expect(asked).toBe(2);
});

test("a script, or a version manager in its place, is asked each time", async () => {
  const script = await engine("pulumi", "#!/bin/sh\nexec something");
  await versionOf(script);
  await versionOf(script);
  await rm(script);
  await engine("mise");
  await symlink(join(dir, "mise"), script);
  await versionOf(script);
  await versionOf(script);
  expect(asked).toBe(4);
});

test("an answer that is none, or a memory that is damaged, is not believed", async () => {
  const command = await engine();
  await versionOf(command, "");
  await versionOf(command);
  expect(asked).toBe(2);
  await writeFile(memory, (await readFile(memory, "utf8")).slice(0, 10));
  await versionOf(command);
  expect(asked).toBe(3);
});
