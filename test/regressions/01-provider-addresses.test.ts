import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { apiAddress, refuseForeignAddresses } from "../../config/provider-addresses";
import { readConfig } from "../../packages/cli/stack/read-stack";
import { judgeStack } from "../../policies/judge";
import type { Resource } from "../../policies/resource";
import { compliant } from "../policies/compliant";

beforeEach(() => {
  vi.stubEnv("CLOUDFLARE_BASE_URL", "");
  vi.stubEnv("COMFYUI_ACCESS_TRUSTED_HOSTS", "");
});
afterEach(() => void vi.unstubAllEnvs());

/** A setting of a stack file, and whose host a refusal has to name. */
const FOREIGN: [key: string, value: string, named: string][] = [
  ["cloudflare:baseUrl", "http://evil.example.org/client/v4", "evil.example.org"],
  ["cloudflare:baseUrl", "https://evil.example.org/client/v4", "evil.example.org"],
  ["cloudflare:baseUrl", "http://api.cloudflare.com/client/v4", "api.cloudflare.com"],
  ["cloudflare:baseUrl", "https://api.cloudflare.com.evil.example.org/client/v4", "evil.example.org"],
  ["cloudflare:baseUrl", "https://api.cloudflare.com@evil.example.org/", "baseUrl"],
  ["cloudflare:baseUrl", "http://127.0.0.1:8787/client/v4", "127.0.0.1:8787"],
  ["cloudflare:baseUrl", "evil.example.org", "baseUrl"],
  ["cloudflare:baseUrl", "ftp://api.cloudflare.com", "baseUrl"],
  ["cloudflare:apiHostname", "evil.example.org", "evil.example.org"],
  ["gcp:secretManagerCustomEndpoint", "https://evil.example.org/v1/", "evil.example.org"],
  [
    "gcp:secretManagerCustomEndpoint",
    "http://secretmanager.googleapis.com/v1/",
    "secretmanager.googleapis.com",
  ],
  ["gcp:serviceUsageCustomEndpoint", "https://evil-googleapis.com/v1/", "evil-googleapis.com"],
  ["gcp:universeDomain", "evil.example.org", "evil.example.org"],
  ["comfyui-access:baseUrl", "https://evil.example.org/", "evil.example.org"],
];
const OWN: [key: string, value: string][] = [
  ["cloudflare:baseUrl", "https://api.cloudflare.com/client/v4"],
  ["cloudflare:baseUrl", "HTTPS://API.CLOUDFLARE.COM/client/v4/"],
  ["gcp:secretManagerCustomEndpoint", "https://secretmanager.europe-west3.rep.googleapis.com/v1/"],
  ["gcp:universeDomain", "googleapis.com"],
  ["gcp:project", "http://evil.example.org"],
];

const refusal = (act: () => unknown): string => {
  try {
    act();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("1: an address in a stack file to which credentials would go", () => {
  test.each(FOREIGN)("%s: %s is refused, and the host named", (key, value, named) => {
    expect(refusal(() => refuseForeignAddresses([[key, value]]))).toContain(named);
  });

  test.each(OWN)("%s: %s is the vendor's own", (key, value) => {
    expect(refusal(() => refuseForeignAddresses([[key, value]]))).toBe("");
  });

  test("is taken when the environment names its host, and then encrypted only", () => {
    vi.stubEnv("COMFYUI_ACCESS_TRUSTED_HOSTS", "other.example.org, proxy.datacrew.space");
    const says = (value: string) => refusal(() => refuseForeignAddresses([["cloudflare:baseUrl", value]]));
    expect(says("https://proxy.datacrew.space/client/v4")).toBe("");
    expect(says("http://proxy.datacrew.space/client/v4")).toContain("unencrypted");
    expect(says("https://evil.example.org/client/v4")).toContain("evil.example.org");
  });
});

describe("1: CLOUDFLARE_BASE_URL of the environment", () => {
  test.each([
    ["http://evil.example.org/client/v4", "evil.example.org"],
    ["https://evil.example.org/client/v4", "evil.example.org"],
    ["nonsense", "CLOUDFLARE_BASE_URL"],
  ])("%s is refused", (address, named) => {
    vi.stubEnv("CLOUDFLARE_BASE_URL", address);
    expect(refusal(() => apiAddress(undefined))).toContain(named);
  });

  test.each([
    "http://127.0.0.1:8787/client/v4",
    "http://localhost:8787/client/v4",
    "http://[::1]:1/client/v4",
  ])("%s is the sandbox's, which never leaves this machine", (address) => {
    vi.stubEnv("CLOUDFLARE_BASE_URL", address);
    expect(apiAddress(undefined)).toBe(address);
  });

  test("does not speak for another address in the stack file", () => {
    vi.stubEnv("CLOUDFLARE_BASE_URL", "http://127.0.0.1:8787/client/v4");
    expect(refusal(() => apiAddress("http://127.0.0.1:9999/client/v4"))).toContain("127.0.0.1:9999");
  });
});

test("1: every command that reads a stack's config refuses it, before anything is asked of anybody", async () => {
  const dir = await mkdtemp(join(tmpdir(), "address-"));
  try {
    await writeFile(join(dir, "Pulumi.yaml"), "name: comfyui-access\n");
    const config = { "cloudflare:baseUrl": { value: "http://evil.example.org/" } };
    const engine = join(dir, "pulumi");
    await writeFile(engine, `#!/bin/sh\necho '${JSON.stringify(config)}'\n`, { mode: 0o700 });
    const read = readConfig({ command: engine, cwd: dir, env: { PATH: process.env["PATH"] } }, "prod");
    await expect(read).rejects.toThrow(/cloudflare:baseUrl.*http:\/\/evil\.example\.org/);
  } finally {
    await rm(dir, { recursive: true });
  }
});

describe("1: the guardrails", () => {
  const judged = (type: string, properties: Resource["properties"]) => {
    const provider = { ...(compliant()[0] as Resource), name: "mine", type, properties };
    return judgeStack({ resources: [...compliant(), provider] }).map(({ rule }) => rule.name);
  };

  test.each(FOREIGN)("refuse a provider with %s: %s", (key, value) => {
    const [provider = "", name = ""] = key.split(":");
    expect(judged(`pulumi:providers:${provider}`, { [name]: value })).toEqual(["provider-address"]);
  });

  test.each(OWN)("let a provider with %s: %s be", (key, value) => {
    const [provider = "", name = ""] = key.split(":");
    expect(judged(`pulumi:providers:${provider}`, { [name]: value })).toEqual([]);
  });
});
