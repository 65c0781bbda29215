import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { DiffResult, PropertyMap } from "../../packages/provider/host";
import { startSandboxProvider } from "../../packages/sandbox/provider";
import { cloudflarePackage } from "../../packages/sandbox/provider/cloudflare/package";
import type { PlanForm } from "../../packages/sandbox/provider/kind";
import { combinePackages } from "../../packages/sandbox/provider/package-provider";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server/server";
import { accountId, cloudflareType, Driver, zoneId } from "../sandbox/provider/support";

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ rateLimit: false });
});
afterAll(() => sandbox.close());

/** What the plan of an update says. */
async function planned(
  kind: string,
  inputs: PropertyMap,
  change: PropertyMap,
  form?: PlanForm,
): Promise<DiffResult> {
  sandbox.reset();
  const access = { baseUrl: sandbox.apiUrl, apiToken: sandbox.tokens.up };
  const provider = combinePackages({ cloudflare: cloudflarePackage(access, {}, form) }, "0.0.0");
  const type = cloudflareType(kind);
  const { id, state } = await new Driver(provider, type).create(inputs);
  return provider.diff({
    urn: `urn:pulumi:dev::project::${type}::name`,
    type,
    name: "name",
    warn: async () => {},
    id,
    oldInputs: inputs,
    state,
    inputs: { ...inputs, ...change },
    ignoreChanges: [],
  });
}

const names = ({ changes, renewed = [] }: DiffResult) =>
  [...new Set([...changes.map(({ path }) => path.split(/[.[]/)[0] ?? ""), ...renewed])].sort();

const token = { accountId, name: "api" };
const rotated = { clientSecretVersion: 2, previousClientSecretExpiresAt: "2099-01-01T00:00:00Z" };
const record = { zoneId, name: "a.datacrew.space", type: "CNAME", content: "x.cfargotunnel.com", ttl: 1 };
const app = { accountId, name: "ui", type: "self_hosted", destinations: [{ uri: "a.datacrew.space" }] };

describe("a plan names what becomes unknown, as the real provider's does", () => {
  it.each([
    [
      "a token's rotation",
      "ZeroTrustAccessServiceToken",
      token,
      rotated,
      ["clientSecret", "clientSecretVersion", "expiresAt", "previousClientSecretExpiresAt"],
    ],
    [
      "a token's duration",
      "ZeroTrustAccessServiceToken",
      token,
      { duration: "4380h" },
      ["duration", "expiresAt"],
    ],
    [
      "a tunnel's name: ten more",
      "ZeroTrustTunnelCloudflared",
      { accountId, name: "house", configSrc: "cloudflare" },
      { name: "home" },
      [
        "accountTag",
        "connections",
        "connsActiveAt",
        "connsInactiveAt",
        "createdAt",
        "deletedAt",
        "metadata",
        "name",
        "remoteConfig",
        "status",
        "tunType",
      ],
    ],
    [
      "a record's comment",
      "DnsRecord",
      record,
      { comment: "mine" },
      ["comment", "commentModifiedOn", "modifiedOn"],
    ],
    ["a record's name", "DnsRecord", record, { name: "b.datacrew.space" }, ["modifiedOn", "name"]],
    [
      "an application's host name",
      "ZeroTrustAccessApplication",
      app,
      { destinations: [{ uri: "b.datacrew.space" }] },
      ["destinations", "domain", "selfHostedDomains"],
    ],
    [
      "an application's session",
      "ZeroTrustAccessApplication",
      app,
      { sessionDuration: "8h" },
      ["sessionDuration"],
    ],
  ] as const)("R1: %s", async (_, kind, inputs, change, expected) => {
    const plan = await planned(kind, inputs as unknown as PropertyMap, change as unknown as PropertyMap);
    expect(plan.detailed).toBe(false);
    expect(names(plan)).toEqual(expected);
  });

  it("R1: the other form names the inputs alone, by their paths", async () => {
    const plan = await planned("ZeroTrustAccessServiceToken", token, rotated, "paths");
    expect(plan.detailed).not.toBe(false);
    expect(names(plan)).toEqual(["clientSecretVersion", "previousClientSecretExpiresAt"]);
  });

  it("R1: a form that there is none of is refused", async () => {
    vi.stubEnv("SANDBOX_PLAN_FORM", "detailed");
    await expect(startSandboxProvider()).rejects.toThrow('SANDBOX_PLAN_FORM is "detailed"');
    vi.unstubAllEnvs();
  });
});
