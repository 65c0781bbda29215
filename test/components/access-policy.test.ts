import { afterEach, expect, test } from "vitest";
import {
  emailRules,
  GoogleEmailPolicy,
  ServiceTokenPolicy,
  tokenRules,
} from "../../components/access-policy";
import { UserError } from "../../packages/base/errors";
import { type Recorder, startMocks } from "../support/mocks";

let run: Recorder;
afterEach(() => run?.settled());

test("people are included by address or domain, and the login method is required", async () => {
  run = await startMocks("update");
  new GoogleEmailPolicy("comfyui-google-email", {
    accountId: "account",
    emails: ["a@datacrew.space", "b@example.org"],
    emailDomains: ["datacrew.space"],
    identityProviderId: "idp",
    sessionDuration: "24h",
  });
  await run.settled();
  expect(run.resource("ZeroTrustAccessPolicy", "comfyui-google-email").inputs).toEqual({
    accountId: "account",
    name: "comfyui-google-email",
    decision: "allow",
    includes: [
      { email: { email: "a@datacrew.space" } },
      { email: { email: "b@example.org" } },
      { emailDomain: { domain: "datacrew.space" } },
    ],
    requires: [{ loginMethod: { id: "idp" } }],
    sessionDuration: "24h",
  });
});

test("tokens pass by name only, without a login", async () => {
  run = await startMocks("update");
  new ServiceTokenPolicy("comfyui-service-token", {
    accountId: "account",
    tokenIds: ["token-1", "token-2"],
    sessionDuration: "24h",
  });
  await run.settled();
  const { inputs } = run.resource("ZeroTrustAccessPolicy", "comfyui-service-token");
  expect(inputs).toMatchObject({
    decision: "non_identity",
    includes: [{ serviceToken: { tokenId: "token-1" } }, { serviceToken: { tokenId: "token-2" } }],
  });
  expect(inputs).not.toHaveProperty("requires");
});

test("a policy without anybody is refused", () => {
  expect(() => emailRules("p", [], [])).toThrow(UserError);
  expect(() => emailRules("p", [], [])).toThrow("policy p allows nobody");
  expect(() => tokenRules("p", [])).toThrow("policy p names no service token");
});
