import { expect, test } from "vitest";
import { Secret } from "../../packages/provider/host/values";
import { checkConfig } from "../../policies/pack-config";
import { judgeState } from "../../policies/state";
import { compliant, set, the } from "./compliant";
import { exported } from "./state";

test.each([false, true])("a compliant state passes (shared tunnel: %s)", (shared) => {
  expect(judgeState(exported(compliant({ shared })), "state.json")).toEqual([]);
});

test("what is broken is found, with the resource's URN", () => {
  const resources = compliant();
  set(the(resources, "dnsRecord"), "proxied", false);
  set(the(resources, "tunnel"), "tunnelSecret", "in the open");
  const found = judgeState(exported(resources), "state.json").map(({ rule, urn }) => [rule.name, urn]);
  expect(found).toEqual([
    ["no-plain-secret", the(resources, "tunnel").urn],
    ["dns-proxied", the(resources, "dnsRecord").urn],
  ]);
});

test("a state tells whether a production token stays when the stack goes", () => {
  const resources = compliant({ stack: "prod" });
  const says = () => judgeState(exported(resources), "state.json").map(({ message }) => message);
  expect(says()).toEqual([
    expect.stringContaining("token-0 (ZeroTrustAccessServiceToken): retainOnDelete is off"),
  ]);
  the(resources, "token").retainOnDelete = true;
  expect(says()).toEqual([]);
});

test("what is encrypted is not taken for granted", () => {
  const resources = compliant();
  set(the(resources, "dnsRecord"), "proxied", new Secret(true));
  expect(judgeState(exported(resources), "state.json").map(({ message }) => message)).toEqual([
    expect.stringContaining("comfyui (DnsRecord): proxied could not be decided"),
  ]);
  const shown = exported(resources).replaceAll(
    '"ciphertext":"v1:made-up"},"ttl"',
    '"plaintext":"true"},"ttl"',
  );
  expect(judgeState(shown, "state.json")).toEqual([]);
});

test("limits and exceptions hold here too", () => {
  const resources = compliant();
  set(the(resources, "token"), "duration", "forever");
  const exceptions = [{ resource: "token-0", reason: "Camera without a clock", expires: "2026-12-31" }];
  const config = checkConfig({ "token-duration": { exceptions } });
  const judged = (today: string) => judgeState(exported(resources), "s", { config, today: new Date(today) });
  expect(judged("2026-12-31T12:00:00Z")).toEqual([]);
  expect(judged("2027-01-01T00:00:00Z")).toHaveLength(2);
});

test.each([
  ["no JSON", "nonsense", /state\.json is not JSON/],
  ["something else", '{"resources": []}', /not a stack's exported state/],
  ["an empty stack", '{"deployment": {}}', /has no resource/],
])("%s is no state to judge", (_, text, message) => {
  expect(() => judgeState(text, "state.json")).toThrow(message);
});

test("what a replacement left to be deleted is not judged", () => {
  const resources = compliant();
  const state = JSON.parse(exported(resources));
  const old = structuredClone(state.deployment.resources.at(-1));
  state.deployment.resources.push({ ...old, delete: true, outputs: { ...old.outputs, proxied: false } });
  expect(judgeState(JSON.stringify(state), "state.json")).toEqual([]);
});
