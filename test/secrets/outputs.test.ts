import { describe, expect, test } from "vitest";
import { UserError } from "../../packages/base/errors";
import { parseStackOutputs } from "../../packages/cli/secrets/outputs";

const SECRET = "5ec2e7c0ffee";

const outputs = () => ({
  applications: { comfyui: { url: "https://comfyui.example.org", aud: "aud", id: "id" } },
  google: {
    redirectUri: "https://team.cloudflareaccess.com/cdn-cgi/access/callback",
    javascriptOrigin: "https://x",
  },
  serviceTokens: {
    "comfyui-api": { clientId: "a.access", clientSecret: SECRET, expiresAt: "2027-01-01T00:00:00Z" },
  },
  tunnel: { id: "t", token: "eyJ==" },
});

const parse = (value: unknown) => parseStackOutputs(JSON.stringify(value), "dev");

describe("stack outputs", () => {
  test("are taken apart; other outputs are ignored", () => {
    expect(parse({ ...outputs(), extra: 1 })).toEqual({
      applications: { comfyui: { url: "https://comfyui.example.org" } },
      serviceTokens: {
        "comfyui-api": { clientId: "a.access", clientSecret: SECRET, expiresAt: "2027-01-01T00:00:00Z" },
      },
      tunnel: { token: "eyJ==" },
    });
  });

  test("may lack tokens and the tunnel's secret", () => {
    expect(parse({ applications: outputs().applications, tunnel: { id: "t" } })).toEqual({
      applications: { comfyui: { url: "https://comfyui.example.org" } },
      serviceTokens: {},
      tunnel: {},
    });
  });

  test.each([[null], [""], [undefined]])("take %j for a secret that is not known", (clientSecret) => {
    const changed = outputs();
    const parsed = parse({ ...changed, serviceTokens: { ci: { clientId: "a.access", clientSecret } } });
    expect(parsed.serviceTokens.ci?.clientSecret ?? null).toBeNull();
  });

  test.each<[string, unknown, RegExp]>([
    [
      "a hidden output",
      { ...outputs(), serviceTokens: "[secret]" },
      /output serviceTokens of stack dev is hidden/,
    ],
    [
      "a hidden part",
      { ...outputs(), tunnel: { id: "t", token: "[secret]" } },
      /output tunnel\.token of stack dev is hidden/,
    ],
    ["nothing", {}, /stack dev has no outputs[\s\S]*pulumi up --stack dev/],
    ["no applications", { ...outputs(), applications: undefined }, /output applications of stack dev/],
    [
      "no address",
      { ...outputs(), applications: { a: { url: `not-${SECRET}` } } },
      /output applications\.a\.url/,
    ],
    [
      "a client id with a colon",
      { ...outputs(), serviceTokens: { ci: { clientId: `${SECRET}:x`, clientSecret: "s" } } },
      /serviceTokens\.ci\.clientId/,
    ],
    [
      "a secret with a line end",
      { ...outputs(), serviceTokens: { ci: { clientId: "a", clientSecret: `${SECRET}\n` } } },
      /serviceTokens\.ci\.clientSecret/,
    ],
    ["a list", [SECRET], /output outputs of stack dev/],
    ["a text", SECRET, /output outputs of stack dev/],
    ["applications as a list", { ...outputs(), applications: [SECRET] }, /output applications of/],
    ["another scheme", { applications: { a: { url: `ftp://${SECRET}` } } }, /applications\.a\.url/],
    ["tokens that are null", { ...outputs(), serviceTokens: null }, /output serviceTokens of/],
    [
      "a time that is a number",
      { ...outputs(), serviceTokens: { ci: { clientId: SECRET, expiresAt: 1 } } },
      /serviceTokens\.ci\.expiresAt/,
    ],
    ["a tunnel that is a text", { ...outputs(), tunnel: SECRET }, /output tunnel of/],
    ["an empty tunnel token", { ...outputs(), tunnel: { token: "" } }, /output tunnel\.token of/],
  ])("with %s are refused, without a value", (_name, value, message) => {
    const error = thrown(() => parse(value));
    expect(error).toBeInstanceOf(UserError);
    expect(error).toHaveProperty("message", expect.stringMatching(message));
    expect(String(error)).not.toContain(SECRET);
  });

  test("that are not JSON are refused without being quoted", () => {
    const error = thrown(() => parseStackOutputs(`{"x": ${SECRET}`, "dev"));
    expect(String(error)).toMatch(/not JSON/);
    expect(String(error)).not.toContain(SECRET);
  });
});

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
