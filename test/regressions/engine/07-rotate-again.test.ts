import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RotateRig } from "../../engine/rotate-rig";

let rig: RotateRig;
beforeAll(async () => {
  rig = await RotateRig.open();
});
afterAll(() => rig?.close());

const file = () => readFile(join(rig.rig.dir, "Pulumi.dev.yaml"), "utf8");

test("7: after `pulumi config set`, rotate --again --end now rotates, and both secrets before end", async () => {
  const [oldest] = rig.inState();
  const first = await rig.rotate(["--yes"]);
  expect(first.code, first.output).toBe(0);
  const [between] = rig.inState();

  const set = await rig.rig.run(["config", "set", "maxSessionDuration", "700h"]);
  expect(set.code, set.stderr).toBe(0);
  // The engine writes the whole file anew; what it takes for a time, in its own form.
  expect(await file()).toContain("700h");
  expect(await file()).not.toContain("UTC");

  const refused = await rig.rotate(["--end", "now", "--yes"]);
  expect(refused.code, refused.output).toBe(1);

  const again = await rig.rotate(["--again", "--end", "now", "--yes"]);
  expect(again.code, again.output).toBe(0);
  const [newest] = rig.inState();
  expect(await file()).toContain("version: 3");
  if (oldest === undefined || between === undefined || newest === undefined) throw new Error("no token");
  expect(new Set([oldest, between, newest].map(({ clientSecret }) => clientSecret)).size).toBe(3);
  expect(await rig.onePasses([oldest])).toBe(false);
  expect(await rig.onePasses([newest])).toBe(true);
  expect(await passesAfter(35_000, () => rig.onePasses([between]))).toBe(false);
}, 180_000);

test("7: a time that the engine has written in its own form is the same time", async () => {
  const { writeFile } = await import("node:fs/promises");
  const text = await file();
  const rewritten = text.replace(
    /previousExpiresAt: "?(\d{4}-\d\d-\d\d)T([\d:]+)Z"?/,
    "previousExpiresAt: $1 $2 +0000 UTC",
  );
  expect(rewritten).not.toBe(text);
  await writeFile(join(rig.rig.dir, "Pulumi.dev.yaml"), rewritten);
  const again = await rig.rotate(["--again", "--yes"]);
  expect(again.code, again.output).toBe(0);
  expect(await file()).toContain("version: 4");
}, 120_000);

/** What holds once it is false, or when the time is over. */
async function passesAfter(ms: number, ask: () => Promise<boolean>): Promise<boolean> {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    if (!(await ask())) return false;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return ask();
}
