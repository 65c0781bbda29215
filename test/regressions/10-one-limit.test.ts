import { describe, expect, test } from "vitest";
import type { Account } from "../../packages/cli/adopt/account";
import type { Wire } from "../../packages/cloudflare/account-api";
import { judgeStack } from "../../policies/judge";
import { stackLimitsOf } from "../../policies/pack-config";
import { MINIMAL, planOf, readSeed } from "../adopt/account";
import { compliant, type Shape } from "../policies/compliant";
import { faultyPaths, REQUIRED } from "../support/config-problems";

interface Wished {
  session?: string;
  token?: string;
  limits?: { maxSessionDuration?: string; maxTokenDuration?: string };
}

/** Where the config finds fault with how long something lasts. */
const config = ({ session = "24h", token = "8760h", limits = {} }: Wished): string[] =>
  faultyPaths({
    ...REQUIRED,
    applications: [{ allow: { emails: ["artist@datacrew.space"] }, sessionDuration: session }],
    serviceTokens: [{ name: "comfyui-api", duration: token }],
    ...limits,
  });

/** The rules that the same breaks, for the guardrails of the same stack. */
function guardrails({ session = "24h", token = "8760h", limits = {} }: Wished): string[] {
  const application = { name: "comfyui", emails: ["artist@datacrew.space"], emailDomains: [], tokens: 1 };
  const shape: Shape = {
    applications: [{ ...application, sessionDuration: session }],
    tokenDurations: [token],
  };
  const stackLimits = stackLimitsOf((key) => limits[key]);
  const found = judgeStack({ resources: compliant(shape) }, { stackLimits });
  return [...new Set(found.map(({ rule }) => rule.name))];
}

describe("10: config and guardrails of a project have one limit", () => {
  const sessions = ["0s", "30m", "24h", "24h1s", "25h", "168h", "730h", "731h", "8760h"];
  const tokens = ["1h", "8760h", "8761h", "17520h", "2562047h", "forever"];
  const limits = [
    {},
    { maxSessionDuration: "8h", maxTokenDuration: "720h" },
    { maxSessionDuration: "168h" },
    { maxSessionDuration: "8760h", maxTokenDuration: "17520h" },
    { maxTokenDuration: "forever" },
  ];

  test.each(limits)("with %j in the stack file, for every length", (given) => {
    for (const session of sessions) {
      const wished = { session, token: "1h", limits: given };
      expect(guardrails(wished), session).toEqual(config(wished).length > 0 ? ["session-duration"] : []);
    }
    for (const token of tokens) {
      const wished = { session: "1h", token, limits: given };
      expect(guardrails(wished), token).toEqual(config(wished).length > 0 ? ["token-duration"] : []);
    }
  });

  test("a session of a week, and a token without an end, take a word in the stack file", () => {
    expect(config({ session: "168h" })).toEqual(["applications[0].sessionDuration"]);
    expect(config({ token: "forever" })).toEqual(["serviceTokens[0].duration"]);
    expect(config({ session: "168h", limits: { maxSessionDuration: "168h" } })).toEqual([]);
    expect(config({ token: "forever", limits: { maxTokenDuration: "forever" } })).toEqual([]);
  });
});

/** An account in which every session lasts a week. */
function withLongSessions(account: Account): Account {
  const week = (wire: Wire): Wire => ({ ...wire, session_duration: "168h" });
  const copy = structuredClone(account);
  const applications = copy.applications.map((each) => {
    const { policies } = each;
    return week({ ...each, ...(Array.isArray(policies) ? { policies: policies.map(week) } : {}) });
  });
  return { ...copy, applications, policies: copy.policies.map(week) };
}

test("10: adopt writes no session that config or guardrails refuse: it stops and names it", async () => {
  const account = withLongSessions(await readSeed());
  const plan = (more: object) => planOf(account, { raw: { ...MINIMAL, ...more } });
  expect(() => plan({})).toThrow(/applications\[0\]\.sessionDuration: 168h .*24h/);
  const written = plan({ maxSessionDuration: "168h" }).configChanges.map(({ value }) => value);
  expect(written).toContain("168h");
});
