import { expect, test } from "vitest";
import { withTokenVersions } from "../../packages/cli/adopt/token-state";

const type = "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken";
const urn = (name: string) => `urn:pulumi:dev::p::${type}::${name}`;
const token = (name: string, outputs: object) => ({ urn: urn(name), type, inputs: { name }, outputs });
const state = (...resources: object[]) =>
  JSON.stringify({ version: 3, deployment: { resources, secrets: 1 } });

test("R3: the state of an imported token says the declared version, so that the provider's default is no change", () => {
  const imported = token("imported", { clientId: "i" });
  const own = token("own", { clientSecretVersion: 4 });
  const others = token("others", {});
  const declared = new Map([
    [urn("imported"), {}],
    [urn("own"), {}],
  ]);
  const noted = withTokenVersions(state(imported, own, others), declared);
  expect(JSON.parse(noted ?? "")).toEqual({
    version: 3,
    deployment: {
      resources: [{ ...imported, outputs: { clientId: "i", clientSecretVersion: 1 } }, own, others],
      secrets: 1,
    },
  });
  expect(withTokenVersions(noted ?? "", declared)).toBeUndefined();
});

test("R3: a version that the config declares for it is taken with its time", () => {
  const rotated = { clientSecretVersion: 7, previousClientSecretExpiresAt: "2027-01-31T00:00:00Z" };
  const noted = withTokenVersions(state(token("a", {})), new Map([[urn("a"), rotated]]));
  expect(JSON.parse(noted ?? "").deployment.resources[0]).toMatchObject({
    inputs: rotated,
    outputs: rotated,
  });
});
