import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test, vi } from "vitest";
import { knownValue, SECRET, UNKNOWN } from "../support/mocks";
import {
  CLIENT_SECRET,
  type Exports,
  listing,
  listingFile,
  type Mode,
  runStack,
  type StackName,
} from "../support/stack-run";

const run = (stack: StackName, mode: Mode, overrides?: Record<string, unknown>) => {
  vi.resetModules();
  return runStack(stack, mode, () => import("../../index.js") as Promise<Exports>, overrides);
};

/** A stack output as the engine would see it. */
const outputOf = async (exports: Exports, name: string) => pulumi.output(await exports[name]);

describe.each(["dev", "prod"] as const)("stack %s", (stack) => {
  test("declares what test/expected lists (rewritten only by `npm run expected:update`)", async () => {
    const expected = JSON.parse(readFileSync(listingFile(stack), "utf8"));
    expect(listing(await run(stack, "update"))).toEqual(expected);
  });

  test("declares the same resources in preview, where ids are unknown", async () => {
    const urns = ({ recorder }: Awaited<ReturnType<typeof run>>) =>
      recorder.resources.map(({ urn }) => urn).sort();
    const preview = await run(stack, "preview");
    expect(urns(preview)).toEqual(urns(await run(stack, "update")));
    const application = preview.recorder.resource("ZeroTrustAccessApplication", "comfyui");
    expect(application.inputs.policies).toEqual([
      { id: UNKNOWN, precedence: 1 },
      { id: UNKNOWN, precedence: 2 },
    ]);
  });

  test("no URN twice, and every custom resource below a component or a token", async () => {
    const { resources } = (await run(stack, "update")).recorder;
    expect(new Set(resources.map(({ urn }) => urn)).size).toBe(resources.length);
    const orphans = resources.filter(({ custom, parent }) => custom && parent === "");
    expect(orphans.map(({ type }) => type)).toEqual([
      "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken",
    ]);
  });

  test("nothing is public before its guard", async () => {
    const { recorder } = await run(stack, "update");
    const { resources } = recorder;
    const before = (urn: string): string[] => {
      const direct = resources.find((each) => each.urn === urn)?.dependencies ?? [];
      return [...direct, ...direct.flatMap(before)];
    };
    const kinds = (urns: string[]) => urns.map((urn) => urn.split("::").at(-2)?.split(":").at(-1));
    const record = recorder.resource("DnsRecord", "comfyui");
    const chain = kinds(before(record.urn));
    expect(chain).toEqual(expect.arrayContaining(["ZeroTrustAccessApplication", "ZeroTrustAccessPolicy"]));
    expect(chain).toContain(stack === "dev" ? "ZeroTrustTunnelCloudflaredConfig" : "TunnelIngress");
    expect(chain).toContain("ZeroTrustAccessIdentityProvider");
  });

  test("no secret value outside a secret, and none in a component", async () => {
    const { recorder } = await run(stack, "update");
    for (const { inputs, custom } of recorder.resources) {
      expect(JSON.stringify(inputs)).not.toContain(CLIENT_SECRET);
      expect(JSON.stringify(inputs)).not.toContain("client-secret-of-");
      if (!custom) expect(inputs).toEqual({});
    }
    const { config } = recorder.resource("ZeroTrustAccessIdentityProvider", "google").inputs;
    expect(config).toMatchObject({ clientSecret: SECRET });
  });

  test("exports addresses in the open and credentials as secrets", async () => {
    const { exports } = await run(stack, "update");
    const applications = await outputOf(exports, "applications");
    expect(await pulumi.isSecret(applications)).toBe(false);
    expect(await knownValue(applications)).toEqual({
      comfyui: {
        url: "https://comfyui.datacrew.space",
        aud: "aud-of-comfyui",
        id: "id-of-ZeroTrustAccessApplication-comfyui",
      },
    });
    const tokens = await outputOf(exports, "serviceTokens");
    expect(await pulumi.isSecret(tokens)).toBe(true);
    expect(await knownValue(tokens)).toEqual({
      "comfyui-api": {
        clientId: "comfyui-api.access",
        clientSecret: "client-secret-of-comfyui-api",
        expiresAt: "2027-11-23T00:00:00Z",
      },
    });
    expect(await knownValue(await outputOf(exports, "google"))).toEqual({
      redirectUri: "https://datacrew.cloudflareaccess.com/cdn-cgi/access/callback",
      javascriptOrigin: "https://datacrew.cloudflareaccess.com",
    });
  });

  test("asks the API for nothing but look-ups", async () => {
    const { asked } = await run(stack, "preview");
    expect(asked.every((request) => request.startsWith("GET "))).toBe(true);
  });
});

test("the connector token of an owned tunnel is exported as a secret, that of a shared one not at all", async () => {
  const token = async (stack: StackName) => {
    const { exports } = await run(stack, "update");
    return ((await exports.tunnel) as { token?: pulumi.Output<string> }).token;
  };
  const owned = await token("dev");
  if (!owned) throw new Error("an owned tunnel has a token");
  expect(await pulumi.isSecret(owned)).toBe(true);
  expect(await token("prod")).toBeUndefined();
});

test("production keeps its tokens, development does not", async () => {
  const token = async (stack: StackName) =>
    (await run(stack, "update")).recorder.resource("ZeroTrustAccessServiceToken", "comfyui-api");
  expect(await token("prod")).toMatchObject({ protect: true, retainOnDelete: true });
  expect(await token("dev")).toMatchObject({ protect: false, retainOnDelete: false });
});

test("any number of applications and tokens, each with its own", async () => {
  const names = Array.from({ length: 50 }, (_, n) => `app-${n}`);
  const { recorder, asked } = await run("dev", "update", {
    applications: names.map((name) => ({
      name,
      service: "http://localhost:8188",
      allow: { emails: ["artist@datacrew.space"] },
      serviceTokens: ["first", "second"],
    })),
    serviceTokens: [
      { name: "first" },
      { name: "second", version: 2, previousExpiresAt: "2026-01-31T00:00:00Z" },
    ],
    accessTests: [],
  });
  const count = (kind: string) => recorder.resources.filter(({ type }) => type.endsWith(`:${kind}`)).length;
  expect(count("ZeroTrustAccessApplication")).toBe(50);
  expect(count("ZeroTrustAccessPolicy")).toBe(100);
  expect(count("DnsRecord")).toBe(50);
  expect(count("ZeroTrustAccessServiceToken")).toBe(2);
  expect(new Set(recorder.resources.map(({ urn }) => urn)).size).toBe(recorder.resources.length);
  const { config } = recorder.resource("ZeroTrustTunnelCloudflaredConfig", "ingress").inputs;
  expect((config as { ingresses: unknown[] }).ingresses).toHaveLength(51);
  expect(asked.length).toBeLessThanOrEqual(9);
});

test("an existing login is used and nothing of it is stored", async () => {
  const id = "11111111-1111-4111-8111-111111111111";
  await expect(run("dev", "update", { google: { identityProviderId: id } })).rejects.toThrow(
    `google.identityProviderId: there is no identity provider ${id} in the account`,
  );
});

test("a mistake in the config is told without a stack trace, and nothing is declared", async () => {
  const failed = run("dev", "update", { accountId: "" });
  await expect(failed).rejects.toThrow("pulumi config set --stack dev accountId");
  await expect(failed).rejects.toSatisfy((error) => pulumi.RunError.isInstance(error));
});

test("what the API knows better is told the same way", async () => {
  const failed = run("dev", "update", { teamName: "datacrow" });
  await expect(failed).rejects.toThrow("pulumi config set teamName datacrew");
  await expect(failed).rejects.toSatisfy((error) => pulumi.RunError.isInstance(error));
});
