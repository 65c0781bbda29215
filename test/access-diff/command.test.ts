import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "citty";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { accessDiffCommand } from "../../packages/cli/commands/access-diff";
import { exported } from "./states";

let dir: string;
let printed = "";

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "access-diff-"));
  const narrow = exported().replace("artist@datacrew.space", "nobody@datacrew.space");
  const wide = exported().replace('"required":true', '"required":false');
  const foreign = exported().replace('"id":"people","precedence"', '"id":"elsewhere","precedence"');
  const files = { usual: exported(), narrow, wide, foreign };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
});

afterAll(() => rm(dir, { recursive: true }));

beforeEach(() => {
  printed = "";
  delete process.env["ACCESS_DIFF_SALT"];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  return () => vi.restoreAllMocks();
});

async function run(from: string, to: string, ...more: string[]): Promise<unknown> {
  const rawArgs = ["--from", join(dir, from), "--to", join(dir, to), ...more];
  return (await runCommand(accessDiffCommand as never, { rawArgs })).result;
}

test("the exit code tells what it comes to, and widening can be allowed", async () => {
  expect(await run("usual", "usual")).toBe(0);
  expect(await run("wide", "usual")).toBe(0);
  expect(await run("usual", "wide")).toBe(3);
  expect(await run("usual", "wide", "--allow-widening")).toBe(0);
  expect(await run("usual", "foreign", "--allow-widening")).toBe(4);
  // What the other side would be is not known: nobody gains for sure.
  expect(await run("usual", "foreign", "--allow-widening", "--allow-not-judged")).toBe(0);
  expect(await run("usual", "wide", "--allow-not-judged")).toBe(3);
});

test("addresses are plain in text and JSON, masked in Markdown, and the other way on demand", async () => {
  await run("usual", "narrow");
  await run("usual", "narrow", "--json");
  await run("usual", "narrow", "--markdown", "--no-mask");
  expect(printed.match(/nobody@\u200b?datacrew\.space/g)).toHaveLength(6);
  printed = "";
  await run("usual", "narrow", "--markdown");
  await run("usual", "narrow", "--json", "--mask");
  expect(printed).not.toContain("nobody@");
  // Without a salt of its own a hash would let somebody try which addresses give it.
  expect(printed).not.toContain("hash");
});

test("a salt keeps masked names and the hash the same from run to run", async () => {
  const once = async (salt: string) => {
    process.env["ACCESS_DIFF_SALT"] = salt;
    printed = "";
    await run("usual", "narrow", "--json", "--mask");
    return JSON.parse(printed) as { hash: string; entries: { who: string }[] };
  };
  const [first, again, other] = [await once("a"), await once("a"), await once("b")];
  expect(again).toEqual(first);
  expect(first.hash).toMatch(/^[0-9a-f]{64}$/);
  expect(other.hash).not.toBe(first.hash);
  expect(other.entries[0]?.who).not.toBe(first.entries[0]?.who);
});

test("a file that is missing, and half a question, are told with a remedy", async () => {
  await expect(run("usual", "missing")).rejects.toThrow(/could not read .*missing/);
  const half = runCommand(accessDiffCommand as never, { rawArgs: ["--from", "x"] });
  await expect(half).rejects.toThrow("--from and --to belong together");
});
