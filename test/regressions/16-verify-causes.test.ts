import type { RequestListener } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { targetOfStack } from "../../packages/cli/verify/read-target";
import { exitCode, type VerifyReport } from "../../packages/cli/verify/report";
import type { TargetApplication, VerifyTarget } from "../../packages/cli/verify/target";
import { type VerifyOptions, verify } from "../../packages/cli/verify/verify";
import { parseSituation } from "../../packages/cloudflare/read-situation";
import { application, exported, machines, people } from "../explain/state";
import { serveOwnNameOnly, serveSelfSigned, serveWebApp, type WebApp } from "../support/origins";
import { type Deployed, deploy } from "../verify/deployed";

let deployed: Deployed;
let app: WebApp | undefined;
beforeEach(async () => {
  deployed = await deploy();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  await deployed.close();
});

function withChanged(fields: Partial<TargetApplication>): VerifyTarget {
  const applications = deployed.target.applications.map((each) => ({ ...each, ...fields }));
  return { ...deployed.target, applications };
}

const behind = (service: string, checked?: boolean) => deployed.change.service(service, checked);

const verified = (target: VerifyTarget, options: VerifyOptions = {}) =>
  verify(target, { network: deployed.network, browser: false, ...options });
const rowsWith = ({ rows }: VerifyReport, result: string) => rows.filter((row) => row.result === result);
const rowOf = ({ rows }: VerifyReport, id: string) => rows.find((row) => row.id === id);

test("16: an origin that does not answer leaves rows undecided: no failure, no finding about sessions", async () => {
  await behind("http://localhost:1");
  const target = withChanged({ localUrl: undefined, dockerUrl: undefined });
  const report = await verified(target, { browser: true });
  expect(rowsWith(report, "failed")).toEqual([]);
  const undecided = rowsWith(report, "undecided");
  expect(new Set(undecided.map(({ got }) => got))).toContain("the origin does not answer (502)");
  expect(undecided.map(({ id }) => id)).toContain("comfyui/valid-token/page");
  expect(exitCode(report)).toBe(3);
}, 60_000);

test("16: who must be kept out and comes as far as an origin that is down is a failure all the same", async () => {
  await behind("http://localhost:1");
  await deployed.change.ingress(undefined);
  await behind("http://localhost:1");
  await deployed.change.addPolicy({ name: "open", decision: "bypass", include: [{ everyone: {} }] }, 1);
  const report = await verified(withChanged({ localUrl: undefined, dockerUrl: undefined }));
  expect(rowOf(report, "comfyui/nobody/page")).toMatchObject({ result: "failed" });
  expect(rowOf(report, "comfyui/around/email-header")?.result).not.toBe("passed");
}, 60_000);

test("16: a web app's page is an answer, and it is open when anybody gets it", async () => {
  app = await serveWebApp();
  await behind(app.url);
  const target = withChanged({ kind: "web", service: app.url, localUrl: app.url, dockerUrl: undefined });
  const sound = await verified(target);
  expect(rowsWith(sound, "failed")).toEqual([]);
  expect(rowOf(sound, "comfyui/valid-token/page")).toMatchObject({ result: "passed" });

  await deployed.change.addPolicy({ name: "open", decision: "bypass", include: [{ everyone: {} }] }, 1);
  await deployed.change.ingress(undefined);
  await behind(app.url);
  const open = await verified(target);
  expect(rowOf(open, "comfyui/nobody/page")).toMatchObject({ result: "failed", intrusion: "comfyui" });
  expect(rowOf(open, "comfyui/around/email-header")).toMatchObject({ result: "failed" });
  expect(exitCode(open)).toBe(1);
}, 60_000);

test("16: a page that is slow to end, or whose parts are, is no failure", async () => {
  const slow: RequestListener = (request, response) => {
    response.setHeader("content-type", "text/html");
    if (request.url !== "/") return;
    response.write('<!doctype html><title>Slow</title><img src="/never.png">');
    // Neither the page nor its picture ever ends.
  };
  app = await serveWebApp(slow);
  await behind(app.url);
  const target = withChanged({ kind: "web", service: app.url, localUrl: app.url, dockerUrl: undefined });
  const options = { only: ["valid-token", "local"] as const, timeoutMs: 6000 };
  expect(rowsWith(await verified(target, options), "passed")).toHaveLength(3);
  const people = await verified(target, { only: ["allowed-user"], timeoutMs: 6000, browser: true });
  expect(rowOf(people, "comfyui/allowed-user/page")).toMatchObject({ result: "passed" });
}, 90_000);

test("16: which origin ComfyUI lets in is said as it is", async () => {
  const only = ["local"] as const;
  const preflight = async () => rowOf(await verified(deployed.target, { only }), "comfyui/local/preflight");
  deployed.origin.settings.enableCorsHeader = "https://studio.datacrew.space";
  const other = await preflight();
  expect(other).toMatchObject({ result: "failed", cause: expect.stringContaining("studio.datacrew.space") });
  expect(other?.cause).not.toContain("every web page");
  deployed.origin.settings.enableCorsHeader = "*";
  expect((await preflight())?.cause).toContain("every web page");
}, 60_000);

test("16: each application is tried with a token that it accepts, and at its own service", () => {
  const token = (id: string) => ({
    type: "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken",
    id,
    outputs: { name: `${id}-api`, clientId: `${id}.access` },
  });
  const policy = (id: string) => ({
    ...machines,
    id: `${id}-machines`,
    outputs: {
      ...(machines as { outputs: object }).outputs,
      includes: [{ serviceToken: { tokenId: id } }],
    },
  });
  const app = (name: string, policies: string[]) => {
    const made = application(policies) as { outputs: object };
    const destinations = [{ type: "public", uri: `${name}.datacrew.space` }];
    return { ...made, id: name, outputs: { ...made.outputs, name, destinations } };
  };
  const rules = ["comfyui", "grafana", "wiki"].map((name, index) => ({
    hostname: `${name}.datacrew.space`,
    service: ["http://localhost:8188", "http://localhost:3000", "http://10.0.0.7:80"][index],
  }));
  const state = parseSituation(
    exported([
      people,
      ...["a", "b"].flatMap((id) => [token(id), policy(id)]),
      app("comfyui", ["people", "a-machines"]),
      app("grafana", ["people", "b-machines"]),
      app("wiki", ["people"]),
      { type: "comfyui-access:index:TunnelIngress", id: "rules", outputs: { rules } },
    ]),
    "the state",
  );
  const secret = (id: string) => ({ clientId: `${id}.access`, clientSecret: `secret of ${id}` });
  const url = (name: string) => ({ url: `https://${name}.datacrew.space` });
  const { applications } = targetOfStack(
    "a stack",
    {
      applications: {
        comfyui: url("comfyui"),
        grafana: { ...url("grafana"), kind: "web" },
        wiki: { ...url("wiki"), kind: "web" },
      },
      serviceTokens: { "a-api": secret("a"), "b-api": secret("b") },
    },
    state,
  );
  expect(applications.map(({ name, kind, token, localUrl }) => [name, kind, token?.name, localUrl])).toEqual([
    ["comfyui", undefined, "a-api", "http://localhost:8188"],
    ["grafana", "web", "b-api", "http://localhost:3000"],
    ["wiki", "web", undefined, undefined],
  ]);
});

test("18: an origin's own refusal is named by what was looked at: its host name, or its certificate", async () => {
  app = await serveOwnNameOnly();
  await behind(app.url);
  const only = ["valid-token"] as const;
  const fields = { service: app.url, localUrl: app.url };
  const refused = rowOf(await verified(withChanged(fields), { only }), "comfyui/valid-token/page");
  expect(refused).toMatchObject({ cause: expect.stringContaining("host name comfyui.datacrew.space") });
  expect(`${refused?.cause}${refused?.next}`).not.toMatch(/cross-site|--enable-cors-header/);
  await app.close();

  app = await serveSelfSigned();
  await behind(app.url);
  const at = { service: app.url, localUrl: app.url };
  const untrusted = rowOf(await verified(withChanged(at), { only }), "comfyui/valid-token/page");
  expect(untrusted).toMatchObject({ result: "undecided", cause: expect.stringContaining("certificate") });
}, 60_000);
