import { describe, expect, test } from "vitest";
import {
  configValues,
  envValues,
  expiryWarning,
  selectApplication,
  selectToken,
} from "../../packages/cli/secrets/credentials";
import type { StackOutputs } from "../../packages/cli/secrets/outputs";

const application = (name: string) => ({ url: `https://${name}.example.org` });
const token = (name: string) => ({ clientId: `${name}.access`, clientSecret: `secret-of-${name}` });

function outputs(changes: Partial<StackOutputs> = {}): StackOutputs {
  return {
    applications: { comfyui: application("comfyui") },
    serviceTokens: { "comfyui-api": token("api") },
    ...changes,
  };
}

describe("which application", () => {
  test("the only one, comfyui among several, or the one asked for", () => {
    expect(selectApplication(outputs({ applications: { a: application("a") } })).name).toBe("a");
    const several = outputs({ applications: { a: application("a"), comfyui: application("c") } });
    expect(selectApplication(several).name).toBe("comfyui");
    expect(selectApplication(several, "a")).toEqual({ name: "a", url: "https://a.example.org" });
  });

  test("asks when it is not clear, and lists the names", () => {
    const several = outputs({ applications: { a: application("a"), b: application("b") } });
    expect(() => selectApplication(several)).toThrow(/several applications: a, b\n.*--application a/);
    expect(() => selectApplication(several, "c")).toThrow(/no application called "c"; it has: a, b/);
    expect(() => selectApplication(outputs({ applications: {} }))).toThrow(/no application\n/);
    expect(() => selectApplication(outputs(), "toString")).toThrow(/no application called "toString"/);
  });
});

describe("which service token", () => {
  test("the only one, comfyui-api among several, the one asked for, or none", () => {
    expect(selectToken(outputs({ serviceTokens: { ci: token("ci") } }))?.name).toBe("ci");
    const several = outputs({ serviceTokens: { ci: token("ci"), "comfyui-api": token("api") } });
    expect(selectToken(several)?.name).toBe("comfyui-api");
    expect(selectToken(several, "ci")).toEqual({ name: "ci", ...token("ci"), expiresAt: undefined });
    expect(selectToken(outputs({ serviceTokens: {} }))).toBeUndefined();
  });

  test("asks when it is not clear, and lists the names, not the secrets", () => {
    const several = outputs({ serviceTokens: { a: token("a"), b: token("b") } });
    expect(() => selectToken(several)).toThrow(/several tokens: a, b\n.*--token a/);
    expect(() => selectToken(several)).not.toThrow(/secret-of/);
  });

  test("a token without a secret, as after an import, is refused with the way to rotate it", () => {
    const imported = outputs({
      serviceTokens: { "comfyui-api": { clientId: "a.access", clientSecret: null } },
    });
    expect(() => selectToken(imported)).toThrow(
      /comfyui-api is not known to the stack[\s\S]*npm run rotate -- --token comfyui-api/,
    );
  });
});

describe("the values", () => {
  test("hold the token in both forms, and the tunnel's when the stack owns it", () => {
    const all = outputs({ tunnel: { token: "eyJ" } });
    expect(envValues(all, selectApplication(all), selectToken(all))).toEqual({
      COMFYUI_URL: "https://comfyui.example.org",
      COMFYUI_ACCESS_TOKEN: "api.access:secret-of-api",
      CF_ACCESS_CLIENT_ID: "api.access",
      CF_ACCESS_CLIENT_SECRET: "secret-of-api",
      TUNNEL_TOKEN: "eyJ",
    });
  });

  test("hold no line for what the stack does not have", () => {
    const bare = outputs({ serviceTokens: {}, tunnel: { token: null } });
    expect(envValues(bare, selectApplication(bare), undefined)).toEqual({
      COMFYUI_URL: "https://comfyui.example.org",
    });
  });

  test("for the stack config keep id and secret together under the token's name", () => {
    expect(configValues({ name: "comfyui-api", ...token("api") })).toEqual({
      "comfyui-access-tokens:comfyui-api": '{"clientId":"api.access","clientSecret":"secret-of-api"}',
    });
    expect(() => configValues({ name: "a:b", ...token("api") })).toThrow(
      /"a:b" cannot be part of a config key/,
    );
  });
});

describe("a warning about the end of a token", () => {
  const at = (expiresAt?: string) =>
    expiryWarning({ name: "ci", ...token("ci"), expiresAt }, new Date("2026-06-01T12:00:00Z"));

  test.each([[undefined], ["2026-07-01T12:00:00Z"], ["2027-06-01T12:00:00Z"]])("none for %s", (expiresAt) => {
    expect(at(expiresAt)).toBeUndefined();
  });

  test.each([
    ["2026-07-01T11:59:59Z", /ci expires on 2026-07-01, in 29 days/],
    ["2026-06-01T13:00:00Z", /ci expires on 2026-06-01, in 0 days/],
    ["2026-06-01T12:00:00Z", /ci expired on 2026-06-01/],
    ["soon", /expiry of service token ci is not a date/],
  ])("for %s", (expiresAt, message) => {
    expect(at(expiresAt)).toMatch(message);
  });
});
