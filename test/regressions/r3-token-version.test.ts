import { expect, test } from "vitest";
import { withTokenVersions } from "../../packages/cli/adopt/token-state";
import type { Row } from "../../packages/cli/adopt/types";

const type = "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken";
const urn = (name: string) => `urn:pulumi:dev::p::${type}::${name}`;
const token = (name: string, outputs: object) => ({ urn: urn(name), type, inputs: { name }, outputs });
const row = (name: string, properties: object = {}) =>
  ({ kind: "service token", resource: { type, name, properties } }) as unknown as Row;
const place = { project: "p", stack: "dev" };
const state = (...resources: object[]) =>
  JSON.stringify({ version: 3, deployment: { resources, secrets: 1 } });

test("R3: the state of an imported token says the declared version, so that the provider's default is no change", () => {
  const imported = token("imported", { clientId: "i" });
  const own = token("own", { clientSecretVersion: 4 });
  const others = token("others", {});
  const rows = [row("imported"), row("own")];
  const noted = withTokenVersions(state(imported, own, others), rows, place);
  expect(JSON.parse(noted)).toEqual({
    version: 3,
    deployment: {
      resources: [{ ...imported, outputs: { clientId: "i", clientSecretVersion: 1 } }, own, others],
      secrets: 1,
    },
  });
  expect(withTokenVersions(` ${noted}`, rows, place)).toBe(` ${noted}`);
});

test("R3: a version that the config declares for it is taken with its time", () => {
  const rotated = { clientSecretVersion: 7, previousClientSecretExpiresAt: "2027-01-31T00:00:00Z" };
  const noted = withTokenVersions(state(token("a", {})), [row("a", rotated)], place);
  expect(JSON.parse(noted).deployment.resources[0]).toMatchObject({
    inputs: rotated,
    outputs: rotated,
  });
});
