import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { drift } from "../../../packages/cli/drift/drift";
import { exitCode } from "../../../packages/cli/drift/exit-code";
import { renderText } from "../../../packages/cli/drift/render/text";
import type { DriftReport } from "../../../packages/cli/drift/types";
import { DriftRig } from "../../engine/drift/account";

const ACCOUNT = "/accounts/0123456789abcdef0123456789abcdef";
const HOST = "comfyui.datacrew.space";
const DAY = 86_400_000;

/** Rules of others, older than the stack, that could take its requests. */
const OLDER = [
  { path: "^/api", service: "http://localhost:3000" },
  { hostname: "*.datacrew.space", path: "/", service: "http://localhost:8080" },
  { service: "http_status:503" },
];

let rig: DriftRig;
let tunnelId: string;
let sound: object[];

beforeAll(async () => {
  rig = await DriftRig.open(async (engine) => {
    const tunnel = await engine.api<{ id: string }>("POST", `${ACCOUNT}/cfd_tunnel`, {
      name: "house",
      config_src: "cloudflare",
    });
    tunnelId = tunnel.id;
    await engine.api("PUT", configuration(), { config: { ingress: OLDER } });
    return engine.config((settings) => {
      settings.tunnel = { id: tunnelId };
    });
  });
  const found = await rig.rig.api<{ config: { ingress: object[] } }>("GET", configuration());
  sound = found.config.ingress;
});
afterAll(() => rig?.close());
beforeEach(() => rig.rig.api("PUT", configuration(), { config: { ingress: sound } }));

const configuration = () => `${ACCOUNT}/cfd_tunnel/${tunnelId}/configurations`;
const at = (days: number): string => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);

interface Acceptance {
  resource: string;
  finding: string;
  reason: string;
  expires: string;
}

/** A whole drift, with what the config accepts. */
function look(...driftAccepted: Acceptance[]): Promise<DriftReport> {
  const { stack } = rig;
  const config = { ...stack.settings.config, driftAccepted };
  return drift({ ...stack, settings: { ...stack.settings, config } }, { probe: false });
}

test("13: directly after up nothing is widened by older rules of others", async () => {
  const report = await look();
  expect(report.changes).toEqual([]);
  expect(exitCode(report)).toBe(0);
});

test("13: a finding is accepted with a reason until a day, and shown; then it counts again and is named", async () => {
  const theirs = { hostname: HOST, path: "^/status", service: "http://localhost:9" };
  await rig.rig.api("PUT", configuration(), { config: { ingress: [theirs, ...sound] } });
  const found = await look();
  expect(exitCode(found)).toBe(4);
  const [change] = found.changes;
  const acceptance = {
    resource: change?.name ?? "",
    finding: change?.field ?? "",
    reason: "the house's status page",
    expires: at(0),
  };

  const accepted = await look(acceptance);
  expect(exitCode(accepted)).toBe(0);
  expect(accepted.changes).toEqual([]);
  const text = renderText(accepted);
  for (const word of [`${HOST}/^/status`, "http://localhost:9", "the house's status page", at(0)]) {
    expect(text).toContain(word);
  }

  const expired = await look({ ...acceptance, expires: at(-1) });
  expect(exitCode(expired)).toBe(4);
  expect(expired.idle).toMatchObject([{ finding: acceptance.finding, why: "expired" }]);
  const other = await look(acceptance, { ...acceptance, finding: "ingress[other.datacrew.space]" });
  expect(exitCode(other)).toBe(0);
  expect(renderText(other)).toContain("ingress[other.datacrew.space]");
});

test("13: who gains by what is accepted is told apart, and what is not accepted still counts", async () => {
  const policy = { name: "all", decision: "bypass", include: [{ everyone: {} }] };
  const { id: open } = await rig.rig.api<{ id: string }>("POST", `${ACCOUNT}/access/policies`, policy);
  const { id } = await rig.rig.api<{ id: string }>("POST", `${ACCOUNT}/access/apps`, {
    name: "status",
    type: "self_hosted",
    destinations: [{ type: "public", uri: `${HOST}/status` }],
    policies: [{ id: open, precedence: 1 }],
  });
  const found = await look();
  expect(exitCode(found)).toBe(4);
  const added = { resource: id, finding: "added", reason: "a page for all", expires: at(30) };
  const accepted = await look(added);
  expect(
    accepted.accepted.map(({ change, orphan, reason }) => [change?.name ?? orphan?.name, reason]),
  ).toEqual([
    ["status", "a page for all"],
    // It stands in front of the stack's host name, so that it also looks like one that the state forgot.
    ["status", "a page for all"],
  ]);
  expect([exitCode(accepted), accepted.access.entries, accepted.access.facts]).toEqual([0, [], []]);
  expect(JSON.stringify(accepted.acceptedAccess)).toContain("/status");

  const path = rig.objects().find(({ kind }) => kind.subject === "application")?.path ?? "";
  const live = await rig.rig.api<Record<string, unknown>>("GET", path);
  await rig.rig.api("PUT", path, { ...live, policies: [{ id: open, precedence: 1 }] });
  const both = await look(added);
  expect(exitCode(both)).toBe(4);
  expect(both.changes).toMatchObject([{ subject: "application", name: "comfyui", field: "policies" }]);
});
