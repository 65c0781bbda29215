import { ZeroTrustAccessServiceToken } from "@pulumi/cloudflare/zeroTrustAccessServiceToken.js";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import type * as TokenModule from "../../components/service-token";
import type { ServiceTokenArgs } from "../../components/service-token";
import { parseConfig } from "../../config/stack-config";
import { standInName } from "../../config/stand-in";
import { TYPES } from "../../packages/cloudflare/kinds";
import { DEV_ACCOUNT_ID } from "../../packages/sandbox/account/seed";
import { type RawConfig, validConfig } from "../properties/config-arbitraries";
import { holdsInTime } from "../support/properties";
import { type Exports, runProgram, runStack, type StackName, type StackRun } from "../support/stack-run";
import { differences } from "./declared";

const TOKEN = "../../components/service-token";

/** index.ts alone is loaded anew; the rest has no state. */
let loaded = 0;
const program = () => import(/* @vite-ignore */ `../../index.js?run=${loaded++}`) as Promise<Exports>;

const run = (stack: StackName, overrides?: Record<string, unknown>, load = program) =>
  runStack(stack, "update", load, overrides);

const found = ({ recorder, raw }: StackRun, stack: StackName) =>
  differences(recorder.resources, parseConfig(raw, { stack }), stack);

const people = { emails: ["artist@datacrew.space"] };
const several = [
  { name: "comfyui", hostname: "comfyui.datacrew.space", allow: people, serviceTokens: ["first", "second"] },
  {
    name: "wiki",
    kind: "web",
    hostname: "wiki.datacrew.space",
    service: "http://wiki:3000",
    allow: { emailDomains: ["datacrew.space"] },
    sessionDuration: "12h",
    serviceTokens: [],
  },
  {
    name: "api",
    hostname: "api.datacrew.space",
    service: "http://localhost:9000",
    serviceTokens: ["second"],
  },
];
const firstAndSecond = [
  { name: "first" },
  { name: "second", duration: "720h", version: 2, previousExpiresAt: "2026-01-31T00:00:00Z" },
];
const standIn = (more: object = {}) => ({
  name: standInName("first"),
  duration: "720h",
  standIn: { for: "first", ...more },
});
const store = { kind: "gcp", project: "datacrew-dev", readers: ["group:crew@datacrew.space", "user:a@b.co"] };

describe("the program declares what the declaration says, and nothing else", () => {
  test.each<[string, StackName, Record<string, unknown>]>([
    ["the sandbox's stack", "dev", {}],
    ["production's example, whose tunnel is shared", "prod", {}],
    [
      "several applications, one of kind web",
      "dev",
      { applications: several, serviceTokens: firstAndSecond },
    ],
    ["several on a shared tunnel", "prod", { applications: several, serviceTokens: firstAndSecond }],
    ["people only", "dev", { applications: [{ allow: people, serviceTokens: [] }], serviceTokens: [] }],
    ["tokens only", "dev", { applications: [{ serviceTokens: ["comfyui-api"] }] }],
    [
      "a token whose stand-in's credentials are handed out",
      "dev",
      { applications: several, serviceTokens: [...firstAndSecond, standIn()], secretStore: store },
    ],
    [
      "a stand-in that is only still accepted",
      "dev",
      {
        applications: several,
        serviceTokens: [standIn({ until: "2026-01-31T00:00:00Z" }), ...firstAndSecond],
        secretStore: store,
      },
    ],
    [
      "a rotated token",
      "dev",
      { serviceTokens: [{ name: "comfyui-api", version: 3, previousExpiresAt: "2026-01-31T00:00:00Z" }] },
    ],
    ["no alerts", "prod", { alerts: undefined }],
    ["several who are alerted", "prod", { alerts: { emails: ["ops@datacrew.space", "dev@datacrew.space"] } }],
    [
      "secrets in Google Secret Manager, and nobody who reads them",
      "prod",
      { secretStore: { ...store, readers: [] } },
    ],
    ["nothing in Google Secret Manager", "dev", { secretStore: { kind: "none" } }],
  ])("%s", async (_, stack, overrides) => {
    const ran = await run(stack, { accessTests: [], ...overrides });
    expect(ran.recorder.resources.length).toBeGreaterThan(5);
    expect(found(ran, stack)).toEqual([]);
  });

  test("a login that exists", async () => {
    const ran = await runProgram("dev", "update", program, ({ loginId }) => ({
      ...basics,
      google: { identityProviderId: loginId },
      tunnel: { name: "home" },
      applications: [{ allow: people }],
      secretStore: store,
    }));
    expect(ran.recorder.resources.filter(({ type }) => type.endsWith("IdentityProvider"))).toHaveLength(1);
    expect(found(ran, "dev")).toEqual([]);
  });

  test("whatever the config", async () => {
    await holdsInTime(
      fc.asyncProperty(validConfig, async (config) => {
        const ran = await runProgram("dev", "update", program, (made) => inAccount(config, made));
        expect(found(ran, "dev")).toEqual([]);
      }),
      { runs: 40 },
    );
  });
});

describe("what only one side says is found", () => {
  afterEach(() => {
    vi.doUnmock(TOKEN);
    vi.resetModules();
  });

  /** The program with another component for service tokens. */
  const withTokens = (component: (original: typeof TokenModule) => unknown) => {
    vi.resetModules();
    vi.doMock(TOKEN, async (load) => {
      const original = await load<typeof TokenModule>();
      return { ...original, ServiceToken: component(original) };
    });
    return run("dev", {}, () => import("../../index.js") as Promise<Exports>);
  };
  const urn = `urn:pulumi:dev::comfyui-access::${TYPES.token}::comfyui-api`;

  test("a property that a component adds", async () => {
    const ran = await withTokens(
      ({ serviceToken }) =>
        class extends ZeroTrustAccessServiceToken {
          constructor(name: string, args: ServiceTokenArgs) {
            super(name, { ...serviceToken(name, args), zoneId: "elsewhere" });
          }
        },
    );
    expect(found(ran, "dev")).toEqual([
      `${urn}: masked.zoneId is "elsewhere", declared undefined`,
      `${urn}: plain.zoneId is "elsewhere", declared undefined`,
    ]);
  });

  test("a property that a component leaves out, and a value that it changes", async () => {
    const ran = await withTokens(
      ({ serviceToken }) =>
        class extends ZeroTrustAccessServiceToken {
          constructor(name: string, args: ServiceTokenArgs) {
            const { duration, ...rest } = serviceToken(name, args);
            super(name, { ...rest, accountId: "another" });
          }
        },
    );
    expect(found(ran, "dev").join()).toMatch(
      /plain\.accountId is "another".*plain\.duration is undefined, declared "8760h"/,
    );
  });

  test("a secret that is not marked as one", async () => {
    const { recorder, raw } = await run("dev");
    const open = recorder.resources.map((each) => ({ ...each, inputs: each.plain }));
    expect(differences(open, parseConfig(raw), "dev")).toContainEqual(
      expect.stringMatching(/::google: masked\.config\.clientSecret is "GOCSPX-/),
    );
  });

  test("a resource that the program adds", async () => {
    const ran = await run("dev", {}, async () => {
      const exports = await program();
      await Promise.all(Object.values(exports));
      new pulumi.ComponentResource("comfyui-access:components:Extra", "extra");
      return exports;
    });
    expect(found(ran, "dev")).toEqual([
      "only the program has urn:pulumi:dev::comfyui-access::comfyui-access:components:Extra::extra",
    ]);
  });

  test("a resource that the program no longer has", async () => {
    const { recorder, raw } = await run("dev");
    const rest = recorder.resources.filter((each) => each.urn !== urn);
    expect(differences(rest, parseConfig(raw), "dev")).toEqual([`only the declaration has ${urn}`]);
  });
});

const basics = { accountId: DEV_ACCOUNT_ID, zone: "datacrew.space", teamName: "datacrew" };

/** A config for the account of the run: its zone, and the tunnel and the login that it has. */
function inAccount(
  config: RawConfig,
  { loginId, sharedTunnelId }: { loginId: string; sharedTunnelId: string },
) {
  const { google, tunnel } = config as RawConfig & Record<"google" | "tunnel", object>;
  const applications = config.applications.map(({ hostname, ...application }) => {
    if (typeof hostname !== "string") return application;
    return { ...application, hostname: `${hostname.slice(0, -config.zone.length)}${basics.zone}` };
  });
  return {
    ...config,
    ...basics,
    applications,
    google: "clientId" in google ? google : { identityProviderId: loginId },
    tunnel: "name" in tunnel ? tunnel : { id: sharedTunnelId },
  };
}
