import { describe, expect, it } from "vitest";
import { findMatchingRule, parseIngress } from "../../../packages/sandbox/tunnel/ingress";
import { testTunnel } from "./support";

const CATCH_ALL = { service: "http_status:404" };

describe("the rule for a request", () => {
  const rules = parseIngress({
    ingress: [
      { hostname: "comfyui.example.org", path: "^/api/", service: "http://localhost:1" },
      { hostname: "comfyui.example.org", service: "http://localhost:2" },
      { hostname: "*.example.org", path: "\\.(png|jpg)$", service: "http://localhost:3" },
      { hostname: "*.example.org", service: "http://localhost:4" },
      { hostname: "münchen.example", service: "http://localhost:5" },
      { path: "/health", service: "http://localhost:6" },
      CATCH_ALL,
    ],
  });

  it.each([
    ["comfyui.example.org", "/api/queue", 0],
    ["comfyui.example.org", "/queue", 1],
    ["comfyui.example.org", "/x/api/", 1],
    ["comfyui.example.org:443", "/queue", 1],
    ["other.example.org", "/a.png", 2],
    ["deep.other.example.org", "/", 3],
    ["example.org", "/", 6],
    ["notexample.org", "/", 6],
    ["xn--mnchen-3ya.example", "/", 4],
    ["elsewhere.net", "/deep/health/check", 5],
    ["elsewhere.net", "/", 6],
    ["COMFYUI.example.org", "/", 3],
  ])("%s%s is number %i", (host, path, index) => {
    expect(findMatchingRule(rules, host, path)).toBe(index);
  });
});

describe("a configuration", () => {
  it.each([
    ["an empty one", {}],
    ["one without rules", { ingress: [] }],
    ["a catch-all written as a star", { ingress: [{ hostname: "*", service: "http_status:404" }] }],
    [
      "rules for services that are not played",
      { ingress: [{ hostname: "a.b", service: "ssh://localhost:22" }, CATCH_ALL] },
    ],
    ["a status of 999", { ingress: [{ service: "http_status:999" }] }],
    [
      "required access without team and audience",
      { ingress: [{ service: "http_status:404", originRequest: { access: { required: true } } }] },
    ],
    [
      "audiences without a team that are not required",
      {
        ingress: [
          {
            service: "http_status:404",
            originRequest: { access: { required: false, teamName: "", audTag: ["a"] } },
          },
        ],
      },
    ],
    [
      "fields that are not known",
      { ingress: [{ ...CATCH_ALL, originRequest: { novelty: 1 } }], novelty: true },
    ],
  ])("is accepted: %s", (_, config) => {
    expect(parseIngress(config)).not.toEqual([]);
  });

  it.each([
    ["no catch-all", [{ hostname: "a.b", service: "http://localhost" }], "last ingress rule"],
    ["a path on the last rule", [{ path: "/a", service: "http://localhost" }], "last ingress rule"],
    ["a catch-all before the last", [CATCH_ALL, CATCH_ALL], "Rule #1 matches every hostname"],
    ["a port in the hostname", [{ hostname: "a.b:80", service: "http://localhost" }, CATCH_ALL], "port"],
    ["a wildcard in the middle", [{ hostname: "a.*.b", service: "http://localhost" }, CATCH_ALL], "wildcard"],
    ["two wildcards", [{ hostname: "*.*.b", service: "http://localhost" }, CATCH_ALL], "wildcard"],
    ["a service with a path", [{ service: "http://localhost:8188/api" }], "cannot carry a path"],
    ["a service with a lone slash", [{ service: "http://localhost:8188/" }], "cannot carry a path"],
    ["a service without a scheme", [{ service: "localhost:8188" }], "invalid address"],
    ["a status that is none", [{ service: "http_status:99" }], "invalid HTTP status code"],
    [
      "a broken expression",
      [{ path: "(", hostname: "a.b", service: "http://localhost" }, CATCH_ALL],
      "invalid regex",
    ],
    [
      "a look-ahead, which Go has not",
      [{ path: "(?=a)", hostname: "a.b", service: "http://localhost" }, CATCH_ALL],
      "invalid regex",
    ],
    [
      "audiences without a team",
      [{ ...CATCH_ALL, originRequest: { access: { required: true, audTag: ["a"] } } }],
      "teamName",
    ],
    ["a timeout as text", [{ ...CATCH_ALL, originRequest: { connectTimeout: "30s" } }], "connectTimeout"],
  ])("is refused: %s", (_, ingress, reason) => {
    expect(() => parseIngress({ ingress })).toThrow(reason);
  });

  it("takes Go's own words in a path", () => {
    const matches = (path: string, text: string) => {
      const rules = parseIngress({ ingress: [{ path, service: "http_status:200" }, CATCH_ALL] });
      return findMatchingRule(rules, "a.b", text) === 0;
    };
    expect(matches("(?i)^/API", "/api")).toBe(true);
    expect(matches("^/(?P<kind>image|mask)$", "/mask")).toBe(true);
    expect(matches("\\A/[[:digit:]]+\\z", "/123")).toBe(true);
    expect(matches("\\A/[[:digit:]]+\\z", "/123a")).toBe(false);
  });
});

describe("versions of the configuration", () => {
  it("are applied when greater; an invalid one is logged and the old one stays", async () => {
    const tunnel = await testTunnel();
    expect([tunnel.connector.configVersion, (await tunnel.get("a.b")).status]).toEqual([-1, 503]);
    tunnel.configure({ ingress: [{ service: "http_status:418" }] });
    expect([tunnel.connector.configVersion, (await tunnel.get("a.b")).status]).toEqual([1, 418]);
    tunnel.configure({ ingress: [{ hostname: "a.b", service: "http_status:200" }] });
    expect([tunnel.connector.configVersion, (await tunnel.get("a.b")).status]).toEqual([1, 418]);
    expect(tunnel.connector.log.filter((line) => line.includes("version 2"))).toHaveLength(1);
    tunnel.configure({ ingress: [{ service: "http_status:410" }] });
    expect([tunnel.connector.configVersion, (await tunnel.get("a.b")).status]).toEqual([3, 410]);
  });

  it("that are not greater change nothing", async () => {
    const tunnel = await testTunnel();
    tunnel.configure({ ingress: [{ service: "http_status:418" }] });
    expect((await tunnel.get("a.b")).status).toBe(418);
    const current = tunnel.store.tunnelConfigurations.get(tunnel.connector.tunnelId);
    if (current === undefined) throw new Error("no configuration");
    tunnel.store.tunnelConfigurations.put({
      ...current,
      config: { ingress: [{ service: "http_status:410" }] },
    });
    expect((await tunnel.get("a.b")).status).toBe(418);
  });

  it("match paths as Go has them: decoded, and without the query", async () => {
    const tunnel = await testTunnel();
    tunnel.configure({ ingress: [{ path: "^/a b$", service: "http_status:201" }, CATCH_ALL] });
    expect((await tunnel.get("a.b", "/a%20b?c=d")).status).toBe(201);
    expect((await tunnel.get("a.b", "/x?/a b")).status).toBe(404);
  });
});
