import { describe, expect, it } from "vitest";
import { DEFAULT_SEED, DEV_ACCOUNT_ID, DEV_TOKENS, type Seed } from "../../packages/sandbox/account/seed";
import { ACCESS, ACCOUNT, RECORDS, testClient } from "./client";

const OTHER_ACCOUNT = "ffffffffffffffffffffffffffffffff";
const NARROW = "sandbox-narrow-0000000000000000000000000";
const seed: Seed = {
  ...DEFAULT_SEED,
  accounts: [
    ...DEFAULT_SEED.accounts,
    { id: OTHER_ACCOUNT, name: "Other", team: "other", zeroTrustEnabled: false },
  ],
  tokens: [
    ...DEFAULT_SEED.tokens,
    { name: "narrow", value: NARROW, permissions: ["DNS Write"], accounts: [DEV_ACCOUNT_ID] },
  ],
};

describe("API tokens", () => {
  it("are verified at the address of their kind", async () => {
    const client = testClient();
    const user = await client.send("GET", "/user/tokens/verify", undefined, DEV_TOKENS.preview);
    expect(user.result).toMatchObject({ status: "active" });
    expect(user.body.messages).toEqual([
      { code: 10000, message: "This API Token is valid and active", type: null },
    ]);

    const owned = await client.send("GET", "/user/tokens/verify", undefined, DEV_TOKENS.accountOwned);
    expect([owned.status, owned.code]).toEqual([401, 1000]);
    const there = await client.send("GET", `${ACCOUNT}/tokens/verify`, undefined, DEV_TOKENS.accountOwned);
    expect(there.result.status).toBe("active");
  });

  it("are refused when missing, malformed or unknown", async () => {
    const client = testClient();
    const missing = await client.send("GET", `${ACCESS}/apps`, undefined, "");
    expect([missing.status, missing.code]).toEqual([400, 9106]);
    const malformed = await client.send("GET", `${ACCESS}/apps`, undefined, "two words");
    expect([malformed.status, malformed.code]).toEqual([400, 6003]);
    const unknown = await client.send("GET", `${ACCESS}/apps`, undefined, "x".repeat(40));
    expect([unknown.status, unknown.code]).toEqual([401, 10000]);
    const verified = await client.send("GET", "/user/tokens/verify", undefined, "x".repeat(40));
    expect([verified.status, verified.code]).toEqual([401, 1000]);
  });

  it("without the permission get 403, 10000 and the endpoint's documentation", async () => {
    const client = testClient({ seed });
    const { status, body } = await client.send("GET", `${ACCESS}/apps`, undefined, NARROW);
    expect(status).toBe(403);
    expect(body.errors).toEqual([
      {
        code: 10000,
        message: "Authentication error",
        documentation_url:
          "https://developers.cloudflare.com/api/resources/zero_trust/subresources/access/subresources/applications/methods/list",
      },
    ]);
    expect((await client.send("GET", RECORDS, undefined, NARROW)).status).toBe(200);
  });

  it("that only read are refused each write", async () => {
    const client = testClient();
    const id = "00000000-0000-4000-8000-000000000000";
    const writes = [
      ["POST", `${ACCESS}/apps`],
      ["PUT", `${ACCESS}/policies/${id}`],
      ["DELETE", `${ACCESS}/service_tokens/${id}`],
      ["POST", `${ACCESS}/service_tokens/${id}/rotate`],
      ["PATCH", `${ACCESS}/organizations`],
      ["POST", `${ACCOUNT}/cfd_tunnel`],
      ["PUT", `${ACCOUNT}/cfd_tunnel/${id}/configurations`],
      ["GET", `${ACCOUNT}/cfd_tunnel/${id}/token`],
      ["POST", RECORDS],
      ["POST", `${ACCOUNT}/alerting/v3/policies`],
    ] as const;
    for (const [method, path] of writes) {
      const { status, code } = await client.send(
        method,
        path,
        method === "GET" ? undefined : {},
        DEV_TOKENS.preview,
      );
      expect([method, path, status, code]).toEqual([method, path, 403, 10000]);
    }
  });

  it("do not reach another account", async () => {
    const client = testClient({ seed });
    for (const account of [OTHER_ACCOUNT, "abababababababababababababababab"]) {
      const { status, code } = await client.send(
        "GET",
        `/accounts/${account}/access/apps`,
        undefined,
        NARROW,
      );
      expect([status, code]).toEqual([403, 9109]);
    }
  });

  it("show their permission groups to a token that may read tokens, and never their value", async () => {
    const client = testClient();
    const { id } = (await client.send("GET", "/user/tokens/verify", undefined, DEV_TOKENS.up)).result;
    const read = await client.get(`/user/tokens/${id}`);
    const names = read.result.policies[0].permission_groups.map((group: { name: string }) => group.name);
    expect(names).toContain("Cloudflare Tunnel Write");
    expect(JSON.stringify(read.body)).not.toContain(DEV_TOKENS.up);

    const denied = await client.send("GET", `/user/tokens/${id}`, undefined, DEV_TOKENS.up);
    expect([denied.status, denied.code]).toEqual([403, 10000]);
    const owned = await client.send("GET", `/user/tokens/${id}`, undefined, DEV_TOKENS.accountOwned);
    expect([owned.status, owned.code]).toEqual([403, 9109]);
  });
});

describe("an account without Zero Trust", () => {
  it("gets 403, 9999 on every access call and keeps the rest", async () => {
    const client = testClient({ seed });
    for (const path of ["apps", "policies", "identity_providers", "service_tokens", "organizations"]) {
      const { status, code, text } = await client.get(`/accounts/${OTHER_ACCOUNT}/access/${path}`);
      expect([status, code, text]).toEqual([403, 9999, "access.api.error.not_enabled"]);
    }
    expect((await client.get(`/accounts/${OTHER_ACCOUNT}/cfd_tunnel`)).status).toBe(200);
  });
});

describe("the rate limit", () => {
  it("counts per token, then answers 429 until the block is over", async () => {
    const client = testClient({ rateLimit: { limit: 2, windowSeconds: 10 } });
    const first = await client.get("/accounts");
    expect(first.headers.get("ratelimit")).toBe('"default";r=1;t=10');
    expect(first.headers.get("ratelimit-policy")).toBe('"default";q=2;w=10');
    expect(first.headers.get("retry-after")).toBeNull();
    await client.get("/accounts");

    const blocked = await client.get("/accounts");
    expect(blocked.status).toBe(429);
    expect(Number(blocked.headers.get("retry-after"))).toBe(10);
    expect((await client.send("GET", "/accounts", undefined, DEV_TOKENS.up)).status).toBe(200);

    client.store.advanceClock(11_000);
    expect((await client.get("/accounts")).status).toBe(200);
  });
});
