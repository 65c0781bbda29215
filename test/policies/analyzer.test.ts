import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toStruct } from "../../packages/provider/host/codec";
import type { Resource } from "../../policies/resource";
import { RULES } from "../../policies/rules";
import { compliant, set, the } from "./compliant";

let pack: ChildProcess;
let client: AnalyzerClient;

beforeAll(async () => {
  pack = spawn(join(__dirname, "../../policies/run"), ["127.0.0.1:1"], {
    cwd: tmpdir(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(pack.stdout?.setEncoding("utf8") ?? pack, "data")) as [string];
  expect(line).toMatch(/^\d+\n$/);
  client = new AnalyzerClient(`127.0.0.1:${line.trim()}`, grpc.credentials.createInsecure());
});

afterAll(() => {
  client?.close();
  pack?.kill();
});

const said = (response: proto.AnalyzeResponse | undefined) =>
  response
    ?.getDiagnosticsList()
    .map((each) => [each.getPolicyname(), each.getMessage(), each.getEnforcementlevel()]);

async function analyze({ urn, type, name, properties, protect }: Resource) {
  const request = new proto.AnalyzeRequest()
    .setUrn(urn)
    .setType(type)
    .setName(name)
    .setProperties(toStruct(properties))
    .setOptions(new proto.AnalyzerResourceOptions().setProtect(protect));
  return said(
    await promisify<proto.AnalyzeRequest, proto.AnalyzeResponse>(client.analyze.bind(client))(request),
  );
}

async function analyzeStack(resources: Resource[]) {
  const request = new proto.AnalyzeStackRequest().setResourcesList(
    resources.map(({ urn, type, name, properties, propertyDependencies }) => {
      const resource = new proto.AnalyzerResource()
        .setUrn(urn)
        .setType(type)
        .setName(name)
        .setProperties(toStruct(properties));
      for (const [property, urns] of Object.entries(propertyDependencies)) {
        const dependencies = new proto.AnalyzerPropertyDependencies().setUrnsList([...urns]);
        resource.getPropertydependenciesMap().set(property, dependencies);
      }
      return resource;
    }),
  );
  const call = promisify<proto.AnalyzeStackRequest, proto.AnalyzeResponse>(client.analyzeStack.bind(client));
  return said(await call(request));
}

async function configure(
  rule: string,
  properties: Parameters<typeof Struct.fromJavaScript>[0],
  level: 1 | 0 = 1,
) {
  const request = new proto.ConfigureAnalyzerRequest();
  const config = new proto.PolicyConfig()
    .setProperties(Struct.fromJavaScript(properties))
    .setEnforcementlevel(level);
  request.getPolicyconfigMap().set(rule, config);
  await promisify<proto.ConfigureAnalyzerRequest, Empty>(client.configure.bind(client))(request);
}

const MANDATORY = proto.EnforcementLevel.MANDATORY;

test("describes each rule with its config and the defaults", async () => {
  const info = await promisify<Empty, proto.AnalyzerInfo>(client.getAnalyzerInfo.bind(client))(new Empty());
  expect(info.getPoliciesList().map((each) => each.getName())).toEqual(RULES.map(({ name }) => name));
  expect(info.getPoliciesList().every((each) => each.getEnforcementlevel() === MANDATORY)).toBe(true);
  const session = info.getPoliciesList().find((each) => each.getName() === "session-duration");
  expect(session?.getConfigschema()?.getProperties()?.toJavaScript()).toMatchObject({
    max: { type: "string", description: expect.any(String) },
    exceptions: { type: "array" },
  });
});

test("sees secret marks and unknown values on the wire, first preview included", async () => {
  const resources = compliant({ mode: "preview" });
  for (const resource of resources) expect(await analyze(resource)).toEqual([]);
  expect(await analyzeStack(resources)).toEqual([]);
  const tunnel = the(resources, "tunnel");
  set(tunnel, "tunnelSecret", "in the open");
  expect(await analyze(tunnel)).toEqual([
    ["no-plain-secret", expect.stringContaining("tunnelSecret is a secret in plain text"), MANDATORY],
  ]);
});

test("an unknown value that nothing tells is a mandatory violation, not advice", async () => {
  const resources = compliant({ mode: "preview" });
  the(resources, "application").propertyDependencies = {};
  const found = await analyzeStack(resources);
  expect(found?.map(([, , level]) => level)).toEqual(found?.map(() => MANDATORY));
  expect(found?.map(([rule]) => rule)).toEqual([
    "application-has-policies",
    "application-has-policies",
    "one-identity-provider",
  ]);
});

test("judges what the program only reads, about which it is not asked alone", async () => {
  const resources = compliant();
  const policy = the(resources, "policy", "comfyui-google-email");
  for (const resource of resources) if (resource !== policy) await analyze(resource);
  set(policy, "decision", "bypass");
  expect(await analyzeStack(resources)).toEqual([
    ["no-bypass", expect.stringContaining("decision is bypass"), MANDATORY],
  ]);
});

test("knows the team of the stack's config", async () => {
  const request = new proto.AnalyzerStackConfigureRequest().setProject("comfyui-access").setStack("dev");
  request.getConfigMap().set("comfyui-access:teamName", "another");
  const call = client.configureStack.bind(client);
  await promisify<proto.AnalyzerStackConfigureRequest, proto.AnalyzerStackConfigureResponse>(call)(request);
  expect(await analyzeStack(compliant())).toEqual([
    ["ingress-requires-access", expect.stringContaining("Set it to another."), MANDATORY],
  ]);
});

test("takes its config from the engine, and refuses a level below mandatory", async () => {
  const token = the(compliant(), "token");
  await configure("token-duration", { max: "1h", exceptions: [] });
  expect(await analyze(token)).toEqual([
    ["token-duration", expect.stringContaining("is 8760h, longer than 1h"), MANDATORY],
  ]);
  await expect(configure("token-duration", {}, 0)).rejects.toThrow(/every rule is mandatory/);
});
