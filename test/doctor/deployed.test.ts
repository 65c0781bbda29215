import { afterAll, beforeAll, expect, test } from "vitest";
import type { DoctorInput } from "../../packages/cli/doctor/context";
import { examine, type Report } from "../../packages/cli/doctor/doctor";
import { ACCESS_LIMITS } from "../../packages/cli/doctor/limits";
import { projectDir } from "../../packages/cli/sandboxed/workspace";
import { type Deployed, deploy } from "../verify/deployed";
import { devConfig, stateOf } from "./rig";

let deployed: Deployed;
let input: DoctorInput;
beforeAll(async () => {
  deployed = await deploy();
  const { sandbox, network, target, ids } = deployed;
  const { name = "", clientId = "", clientSecret = "" } = target.tokens?.[0] ?? {};
  const config = devConfig();
  // The stack's own tunnel, without the neighbour that it shares with nobody.
  const path = `/accounts/${config.accountId}/cfd_tunnel/${target.tunnelId}/configurations`;
  const ingress = (await target.readIngress?.())?.filter(({ hostname }) => !hostname?.startsWith("notes."));
  await deployed.change.send("PUT", path, { config: { ingress } });
  input = {
    stack: "dev",
    environment: "sandbox, stack dev",
    purpose: "up",
    project: "comfyui-access",
    config,
    configProblems: [],
    token: sandbox.tokens.up,
    tokenReader: sandbox.tokens.admin,
    baseUrl: sandbox.apiUrl,
    network,
    state: async () => stateOf({ ...ids, tunnel: target.tunnelId ?? "" }),
    outputs: async () => ({ applications: {}, serviceTokens: { [name]: { clientId, clientSecret } } }),
    madeUp: [sandbox.tokens.up, config.google.clientSecret ?? ""],
    dir: projectDir,
    now: sandbox.store.now(),
    limits: ACCESS_LIMITS,
  };
});
afterAll(() => deployed.close());

const findingsOf = ({ checks }: Report) => checks.flatMap(({ findings }) => findings);
const summaryOf = ({ checks }: Report, title: string) => checks.find((each) => each.title === title)?.summary;

test("a stack that is up is sound", async () => {
  const report = await examine(input);
  expect(findingsOf(report)).toEqual([]);
  expect(report.checks.filter(({ status }) => status !== "ok")).toEqual([]);
  expect(summaryOf(report, "DNS names")).toBe("comfyui.datacrew.space ours");
  expect(summaryOf(report, "Tunnel")).toBe("comfyui-dev, ours, healthy");
});

test("without its state, what it made is somebody else's, and each object is named once", async () => {
  const report = await examine({ ...input, state: async () => stateOf({}) });
  const named = findingsOf(report).flatMap(({ objects = [] }) => objects);
  const { app, record, people, machines, google, token } = deployed.ids;
  const all = [app, record, people, machines, google, token, deployed.target.tunnelId ?? ""];
  expect(named.sort()).toEqual(all.sort());
  const ids = findingsOf(report).map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(["dns-taken", "hostname-taken", "tunnel-name-taken", "orphan"]));
});

test("a ComfyUI on another machine is asked past Access, as a browser after a login does", async () => {
  const applications = (input.config.applications ?? []).map((each) => {
    return { ...each, service: "http://192.0.2.7:8188" };
  });
  const remote = { ...input, config: { ...input.config, applications } };
  const sound = await examine(remote);
  expect(findingsOf(sound)).toEqual([]);
  expect(summaryOf(sound, "ComfyUI")).toContain("https://comfyui.datacrew.space, version 0.36.0");

  const { enableCorsHeader } = deployed.origin.settings;
  deployed.origin.settings.enableCorsHeader = undefined;
  const broken = await examine(remote);
  deployed.origin.settings.enableCorsHeader = enableCorsHeader;
  expect(findingsOf(broken).map(({ id }) => id)).toEqual(["comfyui-cross-site"]);
});
