import { expect, test } from "vitest";
import { comparePolicies, policiesOf } from "../../packages/cli/doctor/token-policies";
import { requiredGroups } from "../../packages/cloudflare/permission-groups";

const ACCOUNT = "0123456789abcdef0123456789abcdef";
const ZONE = "fedcba9876543210fedcba9876543210";
const account = `com.cloudflare.api.account.${ACCOUNT}`;
const zone = `com.cloudflare.api.account.zone.${ZONE}`;
const UP = requiredGroups("up", { alerts: false });
const named = (on: "account" | "zone") =>
  UP.filter((each) => each.on === on).map(({ group, level }) => ({ id: "x", name: `${group} ${level}` }));

type Policy = { effect?: string; permission_groups: { name: string }[]; resources: Record<string, unknown> };
const SOUND: Policy[] = [
  { permission_groups: named("account"), resources: { [account]: "*" } },
  { permission_groups: named("zone"), resources: { [zone]: "*" } },
];
const compared = (policies: Policy[], zoneId: string | undefined = ZONE) => {
  const read = policiesOf({ policies: policies.map((policy) => ({ effect: "allow", ...policy })) });
  if (read === undefined) throw new Error("no policies");
  return comparePolicies(read, UP, { accountId: ACCOUNT, ...(zoneId === undefined ? {} : { zoneId }) });
};

test("a token with a policy for the account and one for the zone is exactly right", () => {
  expect(compared(SOUND)).toEqual({
    missing: [],
    unreadable: [],
    superfluous: [],
    elsewhere: [],
    reachesAccount: true,
  });
});

test("all zones of the account, as the dashboard nests them, hold the zone", () => {
  const nested = { [account]: { "com.cloudflare.api.account.zone.*": "*" } };
  const policies = [SOUND[0] as Policy, { permission_groups: named("zone"), resources: nested }];
  expect(compared(policies)).toMatchObject({ missing: [], elsewhere: [] });
});

test("a group on the wrong resource is missing", () => {
  const onZone = [{ permission_groups: [...named("account"), ...named("zone")], resources: { [zone]: "*" } }];
  expect(compared(onZone).missing).toEqual(named("account").map(({ name }) => name));
  const other = SOUND.map((policy) => ({
    ...policy,
    resources: { [`com.cloudflare.api.account.${"f".repeat(32)}`]: "*" },
  }));
  expect(compared(other)).toMatchObject({ reachesAccount: false, elsewhere: expect.any(Array) });
  expect(compared(other).missing).toHaveLength(UP.length);
});

test("what one policy denies, another does not give", () => {
  const denied = { effect: "deny", permission_groups: [{ name: "DNS Write" }], resources: { [zone]: "*" } };
  expect(compared([...SOUND, denied]).missing).toEqual(["DNS Write"]);
});

test("reading beside writing is nothing more, writing in an older word is writing", () => {
  const words = SOUND.map((policy) => ({
    ...policy,
    permission_groups: policy.permission_groups.flatMap(({ name }) => [
      { name: name.replace(" Write", " Edit") },
      { name: name.replace(" Write", " Read") },
    ]),
  }));
  expect(compared(words)).toMatchObject({ missing: [], superfluous: [] });
});

test.each([
  ["every account", { "com.cloudflare.api.account.*": "*" }],
  ["the zones of every account", { "com.cloudflare.api.account.zone.*": "*" }],
  ["another zone", { [`com.cloudflare.api.account.zone.${"9".repeat(32)}`]: "*" }],
  [
    "another account's zones",
    { [`com.cloudflare.api.account.${"9".repeat(32)}`]: { [`${zone.slice(0, -32)}*`]: "*" } },
  ],
])("a token for %s reaches more than it should", (_, resources) => {
  const policies = [...SOUND, { permission_groups: named("zone"), resources }];
  expect(compared(policies).elsewhere).toEqual([
    Object.keys(resources)[0]?.includes("9999") && _.includes("account's")
      ? `${zone.slice(0, -32)}*`
      : Object.keys(resources)[0],
  ]);
});

test("an answer without policies says nothing", () => {
  expect(policiesOf({ id: "x", status: "active" })).toBeUndefined();
});
