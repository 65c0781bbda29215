import { expect, test } from "vitest";
import { judgeStack } from "../../policies/judge";
import { checkConfig } from "../../policies/pack-config";
import { compliant, set, the } from "./compliant";

test("limits can be set, wider and narrower", () => {
  const resources = compliant();
  set(the(resources, "token"), "duration", "48h");
  const judged = (config: unknown) =>
    judgeStack({ resources }, { config: checkConfig(config) }).map(({ message }) => message);
  expect(judged({})).toEqual([]);
  expect(judged({ "token-duration": { max: "24h" } })).toEqual([
    "token-0 (ZeroTrustAccessServiceToken): duration is 48h, longer than 24h. Set it to a duration of at most 24h.",
  ]);
  set(the(resources, "application"), "sessionDuration", "100h");
  expect(judged({ "session-duration": { max: "168h" } })).toEqual([]);
});

test("which stacks are production, and which team is meant, is for the config to say", () => {
  const resources = compliant();
  const config = checkConfig({
    "token-protected": { stacks: ["prod", "dev"] },
    "ingress-requires-access": { teamName: "another" },
  });
  expect(judgeStack({ resources }, { config }).map(({ rule }) => rule.name)).toEqual([
    "token-protected",
    "ingress-requires-access",
  ]);
});

const refused: [string, unknown, RegExp][] = [
  ["a rule that there is not", { "dns-proxy": {} }, /no rule dns-proxy\n.*Did you mean dns-proxied\?/],
  [
    "a setting that there is not",
    { "token-duration": { maximum: "1h" } },
    /no setting token-duration\.maximum/,
  ],
  ["a value of another kind", { "token-duration": { max: 24 } }, /token-duration\.max is of another kind/],
  ["a limit that is no duration", { "token-duration": { max: "1 year" } }, /token-duration\.max .*"1 year"/],
  [
    "a list of another kind",
    { "token-protected": { stacks: [1] } },
    /token-protected\.stacks is of another kind/,
  ],
  ["switching a rule off", { "no-bypass": { enforcementLevel: "disabled" } }, /every rule is mandatory/],
  ["only advising", { "no-bypass": { enforcementLevel: "advisory" } }, /every rule is mandatory/],
  ["something else altogether", [], /no object/],
];

test.each(refused)("refuses %s", (_, config, message) => {
  expect(() => checkConfig(config)).toThrow(message);
});
