import { afterAll, beforeAll, expect, test } from "vitest";
import { examine, type Report } from "../../packages/cli/doctor/doctor";
import { sandboxedInput } from "../../packages/cli/doctor/open";
import { toText } from "../../packages/cli/doctor/render";
import { EngineRig } from "./support";

let rig: EngineRig;
beforeAll(async () => {
  rig = await EngineRig.open({ access: true });
  rig.session.access?.connectAll();
});
afterAll(() => rig.close());

async function doctor(configFile: string): Promise<Report> {
  return examine(await sandboxedInput(rig.session, { stack: "dev", purpose: "up", configFile }));
}
const idsOf = ({ checks }: Report) => checks.flatMap(({ findings }) => findings.map(({ id }) => id));

test("the stack of the sandbox is sound before its first up, and after it", async () => {
  const configFile = await rig.config();
  const before = await doctor(configFile);
  expect(toText(before)).toMatch(/^Sound: 16 checks, nothing found\.$/m);
  expect(await rig.writes()).toEqual([]);

  const up = await rig.up();
  expect(up.code, up.stdout).toBe(0);
  await expect.poll(async () => idsOf(await doctor(configFile)), { timeout: 20_000 }).toEqual([]);
  const after = toText(await doctor(configFile));
  expect(after).toMatch(/Tunnel +comfyui-dev, ours, healthy/);
  expect(after).toMatch(/Service tokens +comfyui-api until \d{4}-/);
});

test("of a config that is not valid, what is wrong is named, and all the rest is still looked at", async () => {
  const configFile = await rig.config((settings) => {
    settings["google"] = {};
    settings["tunel"] = settings["tunnel"];
    delete settings["tunnel"];
  });
  const report = await doctor(configFile);
  expect([...new Set(idsOf(report))]).toEqual(["config-invalid"]);
  const skipped = report.checks.filter(({ status }) => status === "skipped").map(({ title }) => title);
  expect(skipped).toEqual([
    "Identity provider",
    "Limits of Access",
    "Tunnel",
    "Tunnel rules",
    "Google login",
    "Left-over objects",
  ]);
  const text = toText(report);
  expect(text).toContain("tunel: unknown key");
  // What to paste at Google is needed to make the client that is missing.
  expect(text).toMatch(/redirect URI +https:\/\/datacrew\.cloudflareaccess\.com\/cdn-cgi\/access\/callback/);
});
