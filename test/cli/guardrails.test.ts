import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "citty";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { guardrailsCommand } from "../../packages/cli/commands/guardrails";
import { compliant, set, the } from "../policies/compliant";
import { exported } from "../policies/state";

let dir: string;
let written: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "guardrails-"));
  written = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written += String(text);
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true });
});

async function file(name: string, text: string): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, text);
  return path;
}

async function run(...rawArgs: string[]): Promise<unknown> {
  return (await runCommand(guardrailsCommand, { rawArgs })).result;
}

test("a state that every rule passes", async () => {
  expect(await run("--state", await file("state.json", exported(compliant())))).toBe(0);
  expect(written).toMatch(/^Judged: .*not the live account\.\nEvery guardrail holds\.\n$/);
});

test("names each violation, and can answer as JSON", async () => {
  const resources = compliant();
  set(the(resources, "token"), "duration", "forever");
  const state = await file("state.json", exported(resources));
  expect(await run("--state", state)).toBe(1);
  expect(written.slice(written.indexOf("\n") + 1)).toBe(
    '✗ token-duration\n    token-0 (ZeroTrustAccessServiceToken): duration is "forever", which has no end. ' +
      "Set it to a duration of at most 8760h.\n1 violation\n",
  );
  written = "";
  expect(await run("--state", state, "--json")).toBe(1);
  expect(JSON.parse(written).violations).toEqual([
    {
      rule: "token-duration",
      code: "broken",
      severity: "error",
      where: "token-0 (ZeroTrustAccessServiceToken)",
      property: "duration",
      urn: the(resources, "token").urn,
      message: expect.stringContaining("forever"),
    },
  ]);
});

test("takes limits from a file", async () => {
  const resources = compliant();
  set(the(resources, "application"), "sessionDuration", "48h");
  const state = await file("state.json", exported(resources));
  const config = await file("config.json", '{"session-duration": {"max": "72h"}}');
  expect(await run("--state", state, "--config", config)).toBe(0);
});

test("says what is wrong with a file", async () => {
  await expect(run("--state", join(dir, "none.json"))).rejects.toThrow(/cannot read .*none\.json \(ENOENT\)/);
  const state = await file("state.json", exported(compliant()));
  const config = await file("config.json", "nonsense");
  await expect(run("--state", state, "--config", config)).rejects.toThrow(/config\.json is not JSON/);
});
