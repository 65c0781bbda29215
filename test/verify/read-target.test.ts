import { describe, expect, test } from "vitest";
import { neighbourRows, parseBaseline } from "../../packages/cli/verify/neighbours";
import { letsIn, targetOfEnv, targetOfStack } from "../../packages/cli/verify/read-target";
import { parseSituation } from "../../packages/cloudflare/read-situation";
import { application, exported, machines, people, policy, TOKEN } from "../explain/state";

const outputs = {
  applications: { comfyui: { url: "https://comfyui.datacrew.space" } },
  serviceTokens: {
    "comfyui-api": { clientId: "x.access", clientSecret: "s", expiresAt: "2027-11-23T00:00:00Z" },
  },
};

function target(own?: object[]) {
  return targetOfStack("stack prod", outputs, parseSituation(exported(own), "the state"));
}

describe("a stack", () => {
  test("says what is expected through its declarations", () => {
    expect(target()).toMatchObject({
      environment: "stack prod",
      teamName: "datacrew",
      allowedEmails: ["artist@datacrew.space"],
      otherHostnames: ["notes.datacrew.space"],
      tokens: [{ name: "comfyui-api", clientId: "x.access", clientSecret: "s" }],
      applications: [
        {
          url: "https://comfyui.datacrew.space",
          token: { name: "comfyui-api", clientId: "x.access", clientSecret: "s" },
          aud: "a".repeat(64),
          declared: { people: true, serviceAuth401: true, preflight: "refused", secondBarrier: true },
        },
      ],
    });
  });

  test.each([
    [{ optionsPreflightBypass: true }, { preflight: "passed-on" }],
    [
      { corsHeaders: { allowedOrigins: ["https://app.example.org"] } },
      { preflight: { origins: ["https://app.example.org"] } },
    ],
    [{ corsHeaders: { allowAllOrigins: true } }, { preflight: { origins: ["*"] } }],
    [{ serviceAuth401Redirect: false }, { serviceAuth401: false }],
  ])("whose application has %j expects %j", (properties, declared) => {
    const own = [people, machines, application(["people", "machines"], properties)];
    expect(target(own).applications[0]?.declared).toMatchObject(declared);
  });

  test.each<[string, object, boolean]>([
    ["excludes", { excludes: [{ serviceToken: { tokenId: TOKEN } }] }, false],
    ["lets in by any token", { includes: [{ anyValidServiceToken: {} }] }, true],
    ["asks for an address besides", { requires: [{ ip: { ip: "203.0.113.0/24" } }] }, true],
  ])("is tried with a token as reach has it: one that a policy %s", (_, properties, isTried) => {
    const { outputs } = machines;
    const own = [people, { ...machines, outputs: { ...outputs, ...properties } }];
    const [found] = target([...own, application(["people", "machines"])]).applications;
    expect(found?.token?.name).toBe(isTried ? "comfyui-api" : undefined);
    expect(found?.noToken).toBe(isTried ? undefined : "comfyui accepts no service token");
  });

  test("lets in whom reach lets in, however the policies name them", () => {
    const byDomain = policy("people", "allow", [{ emailDomain: { domain: "datacrew.space" } }], {
      excludes: [{ email: { email: "guest@datacrew.space" } }],
    });
    const state = parseSituation(exported([byDomain, application(["people"])]), "the state");
    const urls = ["https://comfyui.datacrew.space"];
    const lets = (email: string) => letsIn(state, urls, email);
    expect(["a@datacrew.space", "guest@datacrew.space", "a@example.org"].map(lets)).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("without an Allow policy expects no login", () => {
    expect(target([machines, application(["machines"])]).applications[0]?.declared?.people).toBe(false);
  });
});

describe("a .env file", () => {
  test("gives the address and the pair", () => {
    const values = {
      COMFYUI_URL: "https://comfyui.datacrew.space",
      COMFYUI_ACCESS_TOKEN: "id.access:secret",
    };
    expect(targetOfEnv(values, ".env")).toMatchObject({
      applications: [
        {
          url: "https://comfyui.datacrew.space",
          token: { clientId: "id.access", clientSecret: "secret" },
        },
      ],
    });
  });

  test("whose token is a JSON object or a JWT gives the pair from the other keys, or none", () => {
    const COMFYUI_URL = "https://comfyui.datacrew.space";
    const COMFYUI_ACCESS_TOKEN = '{"cf-access-client-id":"id.access","cf-access-client-secret":"s"}';
    const tokenOf = (values: Record<string, string>) => targetOfEnv(values, ".env").applications[0]?.token;
    expect(tokenOf({ COMFYUI_URL, COMFYUI_ACCESS_TOKEN })).toBeUndefined();
    const pair = { CF_ACCESS_CLIENT_ID: "id.access", CF_ACCESS_CLIENT_SECRET: "s" };
    expect(tokenOf({ COMFYUI_URL, COMFYUI_ACCESS_TOKEN, ...pair })).toBeDefined();
  });

  test("with a plain http address is refused: a token would be sent in the clear", () => {
    const values = { COMFYUI_URL: "http://localhost:8188", COMFYUI_ACCESS_TOKEN: "id.access:secret" };
    expect(() => targetOfEnv(values, ".env")).toThrow(/which Access does not guard/);
  });

  test("without an address is refused", () => {
    expect(() => targetOfEnv({}, ".env")).toThrow(/no COMFYUI_URL/);
  });
});

describe("the other host names", () => {
  const before = { recordedAt: "2026-11-01T00:00:00Z", hostnames: { "a.example.org": { status: 200 } } };

  test.each([
    ["the same", { status: 200 }, "passed"],
    ["another status", { status: 404 }, "failed"],
    ["a redirect to a login", { status: 302, location: "https://x.cloudflareaccess.com/login" }, "failed"],
    ["no answer", { unreachable: "name" }, "failed"],
  ])("%s", (_, now, result) => {
    const after = { recordedAt: "now", hostnames: { "a.example.org": now } };
    expect(neighbourRows([], before, after)[0]?.result).toBe(result);
  });

  test("one that was not recorded is left open, with how to record it", () => {
    const after = { recordedAt: "now", hostnames: { "b.example.org": { status: 200 } } };
    const row = neighbourRows(["b.example.org"], undefined, after)[0];
    expect(row).toMatchObject({
      result: "not-applicable",
      next: expect.stringContaining("--record-baseline"),
    });
  });

  test("a file that is no baseline is refused", () => {
    expect(() => parseBaseline('{"hostnames":1}', "x.json")).toThrow(/x\.json is not a baseline/);
  });
});
