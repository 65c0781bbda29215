import { describe, expect, test } from "vitest";
import { MASKED_VALUE } from "../../packages/access/hidden";
import { describeRule, matchRule } from "../../packages/access/rules";
import { TYPES } from "../../packages/cloudflare/kinds";
import { notJudgedIn } from "../../packages/cloudflare/not-judged";
import { cannotBeRead, providerRules, rulesOf } from "../../packages/cloudflare/wire-rules";

const someone = { email: "artist@datacrew.space", identityProviderId: "google", serviceTokenId: null };

describe("a rule that cannot be read", () => {
  const [rule = {}] = rulesOf([{ emailDomain: { domain: MASKED_VALUE } }]);

  test("is no match and none, and is said to be so", () => {
    expect(cannotBeRead(rule)).toBe(true);
    const { match, because } = matchRule(rule, someone, "after login", "allow");
    expect([match, because]).toEqual(["unknown", "email_domain that cannot be read yet"]);
    expect(describeRule(rule)).toMatch(/^email_domain that cannot be read yet is [0-9a-f]{8}$/);
  });

  test("is not every rule whose type ends with the same words", () => {
    const other = { "something that cannot be read yet": {} };
    expect(cannotBeRead(other)).toBe(false);
    const outputs = { name: "people", includes: [other] };
    expect(notJudgedIn({ type: TYPES.policy, id: "people", outputs })).toMatchObject([{ code: "rule type" }]);
  });
});

test("rules get the provider's names, inside too, and get the API's back", () => {
  const rules = [
    { service_token: { token_id: "t" } },
    { azureAD: { id: "g", identity_provider_id: "i" } },
    { "github-organization": { name: "o", identity_provider_id: "i" } },
    { everyone: {} },
  ];
  const named = providerRules(rules);
  expect(named).toEqual([
    { serviceToken: { tokenId: "t" } },
    { azureAd: { id: "g", identityProviderId: "i" } },
    { githubOrganization: { name: "o", identityProviderId: "i" } },
    { everyone: {} },
  ]);
  expect(rulesOf(named)).toEqual(rules);
});
