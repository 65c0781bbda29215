import { afterAll, beforeAll, expect, test } from "vitest";
import { exitCode, type VerifyReport } from "../../../packages/cli/verify/report";
import { sandboxTarget } from "../../../packages/cli/verify/sandbox-target";
import { verify } from "../../../packages/cli/verify/verify";
import { EngineRig } from "../../engine/support";
import { serveWebApp, type WebApp } from "../../support/origins";

// ComfyUI under another host name than the example's, and a web app beside it on the same tunnel.

let rig: EngineRig;
let app: WebApp;
beforeAll(async () => {
  app = await serveWebApp();
  rig = await EngineRig.open({ access: true });
  rig.session.access?.connectAll();
  await rig.config((settings) => {
    const allow = { emails: ["artist@datacrew.space"] };
    settings["applications"] = [
      { name: "comfyui", hostname: "studio.datacrew.space", allow, serviceTokens: ["comfyui-api"] },
      { name: "dashboards", kind: "web", service: app.url, allow, serviceTokens: [] },
    ];
  });
  const up = await rig.up();
  expect(up.code, up.stdout).toBe(0);
});
afterAll(async () => {
  await app?.close();
  await rig?.close();
});

async function verified(): Promise<VerifyReport> {
  const network = rig.session.access?.network;
  return verify(await sandboxTarget(rig.session, "dev"), { network, write: true });
}

const rowsWith = ({ rows }: VerifyReport, result: string) =>
  rows.filter((row) => row.result === result).map(({ id, got, cause }) => ({ id, got, cause }));

test("16, R6: two applications, one ComfyUI on another host name and one web app: as declared, exit 0", async () => {
  const report = await verified();
  expect(rowsWith(report, "failed")).toEqual([]);
  expect(rowsWith(report, "undecided")).toEqual([]);
  expect(exitCode(report)).toBe(0);
  // Nothing of ComfyUI's is asked of the web app, and no token that it does not accept.
  const own = report.rows.filter(({ application }) => application === "dashboards");
  expect(own.filter(({ group }) => group === "matrix").map(({ what }) => what)).not.toContain("WebSocket");
  expect(own.find(({ id }) => id === "dashboards/valid-token/page")).toMatchObject({
    result: "not-applicable",
    detail: "dashboards accepts no service token",
  });
  expect(own.find(({ id }) => id === "dashboards/local/page")).toMatchObject({ result: "passed" });
  expect(own.find(({ id }) => id === "dashboards/allowed-user/page")).toMatchObject({ result: "passed" });
  expect(JSON.stringify(own.map(({ screenshot: _, ...row }) => row))).not.toMatch(/ComfyUI\b/);
}, 120_000);

test("16: a web app that does not run is not decided, by its own cause, and never a security finding", async () => {
  await app.close();
  const report = await verified();
  expect(rowsWith(report, "failed")).toEqual([]);
  expect(rowsWith(report, "undecided")).toEqual([
    {
      id: "dashboards/allowed-user/page",
      got: "the origin does not answer (502)",
      cause: expect.stringContaining("ECONNREFUSED"),
    },
  ]);
  expect(exitCode(report)).toBe(3);
}, 120_000);
