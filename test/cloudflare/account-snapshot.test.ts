import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { AccountApi } from "../../packages/cloudflare/account-api";
import { AccountSnapshot, readingOf } from "../../packages/cloudflare/account-snapshot";
import { ApiFailure } from "../../packages/cloudflare/api-failure";
import { DEV_ACCOUNT_ID } from "../../packages/sandbox/account/seed";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server/server";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ rateLimit: false });
});
beforeEach(() => {
  sandbox.reset();
  sandbox.requests.length = 0;
});
afterAll(() => sandbox.close());

function snapshot(): AccountSnapshot {
  const access = { accountId: DEV_ACCOUNT_ID, token: sandbox.tokens.up, baseUrl: sandbox.apiUrl };
  return new AccountSnapshot(new AccountApi({ ...access, retries: 0 }));
}

const LISTS = [
  "applications",
  "policies",
  "groups",
  "identityProviders",
  "serviceTokens",
  "tunnels",
  "notificationPolicies",
  "zones",
] as const;

test("asks for each list once, however many read it and however they ask", async () => {
  const account = snapshot();
  const all = await Promise.all(LISTS.flatMap((list) => [account[list](), account[list]()]));
  for (const list of LISTS) await account[list]();
  expect(all).toHaveLength(2 * LISTS.length);
  expect(sandbox.requests).toHaveLength(LISTS.length);
});

test("asks for nothing that nobody reads", async () => {
  await snapshot().serviceTokens();
  expect(sandbox.requests.map(({ path }) => path)).toEqual([
    expect.stringMatching(/\/access\/service_tokens$/),
  ]);
});

test("stays as it is while the account changes; the next one is as the account is then", async () => {
  const account = snapshot();
  const before = await account.serviceTokens();
  const path = account.below("access/service_tokens");
  await account.api.write("post", path, { action: "make", object: "it", body: { name: "another" } });
  expect(await account.serviceTokens()).toBe(before);
  expect(await snapshot().serviceTokens()).toHaveLength(before.length + 1);
});

test("what could not be read is not read, for everybody alike, and never empty", async () => {
  sandbox.faults.add({ pathRegex: "/access/policies$", action: "status", status: 500, times: 1 });
  const account = snapshot();
  const [reading, again] = [await readingOf(account.policies()), await readingOf(account.policies())];
  expect(reading).toEqual({ notRead: expect.any(ApiFailure) });
  expect(reading).not.toHaveProperty("value");
  expect(again).toEqual(reading);
  await expect(account.policies()).rejects.toMatchObject({ kind: "fault of the API", status: 500 });
  expect(await readingOf(account.applications())).toEqual({ value: expect.any(Array) });
});
