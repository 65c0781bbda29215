import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Secret } from "../../../packages/provider/host";
import { cloudflarePackage } from "../../../packages/sandbox/provider/cloudflare/package";
import { combinePackages } from "../../../packages/sandbox/provider/package-provider";
import { accountId, Driver, ProviderRig } from "./support";

let rig: ProviderRig;
let tokens: Driver;
const inputs = { accountId, name: "comfyui-api" };
const pathRegex = "/access/service_tokens$";

beforeAll(async () => {
  rig = await ProviderRig.open();
  tokens = rig.driver("cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken");
});

afterAll(() => rig.sandbox.close());

beforeEach(() => rig.sandbox.reset());

const tries = () => rig.sandbox.requests.filter(({ method }) => method === "POST").length;

describe("the API's answer to a POST", () => {
  it("403: fails at once, with method, URL, status and body", async () => {
    rig.sandbox.faults.add({ method: "POST", pathRegex, action: "status", status: 403, times: 99 });
    const url = `${rig.sandbox.apiUrl}/accounts/${accountId}/access/service_tokens`;
    await expect(tokens.create(inputs)).rejects.toThrow(`POST "${url}": 403 {`);
    expect(tries()).toBe(1);
  });

  it.each([409, 429, 500])("%i: 11 tries, then the same message", async (status) => {
    rig.sandbox.faults.add({ method: "POST", pathRegex, action: "status", status, times: 99 });
    await expect(tokens.create(inputs)).rejects.toThrow(`: ${status} {`);
    expect(tries()).toBe(11);
  });

  it("a passing failure: tried again until it works", async () => {
    rig.sandbox.faults.add({ method: "POST", pathRegex, action: "status", status: 500, times: 3 });
    await tokens.create(inputs);
    expect(tries()).toBe(4);
  });

  it("connection closed before an answer: 11 tries", async () => {
    rig.sandbox.faults.add({ method: "POST", pathRegex, action: "drop-before", times: 99 });
    await expect(tokens.create(inputs)).rejects.toThrow("no answer");
    expect(tries()).toBe(11);
  });

  it("connection closed after the object was made: a second one, and the first stays behind", async () => {
    rig.sandbox.faults.add({ method: "POST", pathRegex, action: "drop-after" });
    const { id } = await tokens.create(inputs);
    const held = rig.sandbox.store.serviceTokens.where(() => true);
    expect(held.map(({ name }) => name)).toEqual(["comfyui-api", "comfyui-api"]);
    expect(held.map((token) => token.id)).toContain(id);
  });
});

describe("secrets in messages", () => {
  it("are masked, also where the API repeats them", async () => {
    const secret = "GOCSPX-do-not-show";
    const idps = rig.driver(
      "cloudflare:index/zeroTrustAccessIdentityProvider:ZeroTrustAccessIdentityProvider",
    );
    const config = { clientId: "x", clientSecret: new Secret(secret), appsDomain: secret };
    const failure = await idps.create({ accountId, name: "G", type: secret, config }).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(failure).toContain("POST");
    expect(failure).not.toContain(secret);
    expect(failure).not.toContain(rig.sandbox.tokens.up);
  });

  it("says where to put the API token when there is none", async () => {
    const provider = combinePackages(
      { cloudflare: cloudflarePackage({ baseUrl: rig.sandbox.apiUrl }) },
      "0.0.0",
    );
    await expect(new Driver(provider, tokens.type).create(inputs)).rejects.toThrow("CLOUDFLARE_API_TOKEN");
  });

  it("takes URL and token from the provider's config", async () => {
    const provider = combinePackages({ cloudflare: cloudflarePackage({}) }, "0.0.0");
    const { apiUrl, tokens: values } = rig.sandbox;
    const args = { baseUrl: apiUrl, apiToken: new Secret(values.up) };
    await provider.configure?.({ package: "cloudflare", args });
    await expect(new Driver(provider, tokens.type).create(inputs)).resolves.toBeDefined();
  });
});
