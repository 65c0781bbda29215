import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import type { Rule } from "../../packages/access";
import type { Situation, StatePolicy } from "../../packages/access/situation";
import { compareCallers } from "../../packages/cli/access-diff/cells";
import { type Relation, relationOf } from "../../packages/cli/access-diff/relation";
import { align } from "../../packages/cli/access-diff/sides";
import { holdsInTime } from "../support/properties";
import { definitions, differs, isTold, Solver } from "./smt";

const HOST = "comfyui.datacrew.space";

let solver: Solver;

beforeAll(async () => {
  solver = await Solver.open();
});

const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);

// Pools in which values meet, nearly meet, and lie in each other.
const emails = oneOf(
  "ann@datacrew.space",
  "Ann@Datacrew.Space",
  "bob@datacrew.space",
  "ann@mail.datacrew.space",
);
const domains = oneOf("datacrew.space", "DATACREW.space", "mail.datacrew.space", "example.org");
const ranges = fc.oneof(
  oneOf(
    "203.0.113.9",
    "203.0.113.9/32",
    "0.0.0.0/0",
    "::/0",
    "2001:db8::/32",
    "2001:db8::7",
    "2001:db8:0:1::/64",
  ),
  fc.tuple(oneOf("203.0.113.0", "203.0.113.128", "203.0.112.0"), fc.integer({ min: 0, max: 32 })).map(masked),
);

/** A range whose network has no bit beyond its length. */
function masked([network, length]: [string, number]): string {
  const number = network.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const kept = length === 0 ? 0 : Math.floor(number / 2 ** (32 - length)) * 2 ** (32 - length);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(kept / 2 ** shift) % 256).join(".")}/${length}`;
}

/** The rules that are decided for every request whose facts are known, by what they ask for. */
const RULES: fc.Arbitrary<Rule>[] = [
  emails.map((email) => ({ email: { email } })),
  domains.map((domain) => ({ email_domain: { domain } })),
  oneOf("t1", "t2", "t3").map((token_id) => ({ service_token: { token_id } })),
  ranges.map((ip) => ({ ip: { ip } })),
  oneOf("NL", "nl", "DE").map((country_code) => ({ geo: { country_code } })),
  oneOf("google", "pin").map((id) => ({ login_method: { id } })),
  oneOf<Rule>(
    { common_name: { common_name: "laptop" } },
    { common_name: { common_name: "phone" } },
    { certificate: {} },
  ),
  oneOf<Rule>({ everyone: {} }, { any_valid_service_token: {} }),
];

const policyOf = (rules: fc.Arbitrary<Rule>): fc.Arbitrary<StatePolicy> =>
  fc.record({
    id: fc.uuid(),
    name: fc.constant("policy"),
    decision: oneOf("allow", "allow", "allow", "non_identity", "non_identity", "deny", "bypass"),
    include: fc.array(rules, { minLength: 1, maxLength: 3 }),
    require: fc.array(rules, { maxLength: 2 }),
    exclude: fc.array(rules, { maxLength: 2 }),
  });

interface Side {
  policies: StatePolicy[];
  allowedIdps?: string[];
  isGuarded?: boolean;
  jwtRequired?: boolean;
  tokens?: string[];
}

function situation({ policies, allowedIdps = [], isGuarded = true, jwtRequired = false, tokens = [] }: Side) {
  const application = {
    id: "application",
    name: "comfyui",
    aud: "aud",
    destinations: [{ type: "public", uri: HOST }],
    policies,
    allowedIdps,
    serviceAuth401: false,
    preflightBypass: false,
  };
  return {
    applications: isGuarded ? [application] : [],
    tokens: tokens.map((id) => ({ id, name: id, duration: "8760h" })),
    identityProviders: ["google", "pin"].map((id) => ({ id, name: id, type: id })),
    ingress: [{ hostname: HOST, service: "http://localhost:8188", jwtRequired, audTags: ["aud"] }],
    records: [{ name: HOST, proxied: true, target: "house.cfargotunnel.com" }],
    tunnelId: "house",
    hostnames: [HOST],
    notJudged: [],
  } satisfies Situation;
}

const sideOf = (rules: fc.Arbitrary<Rule>): fc.Arbitrary<Situation> =>
  fc
    .record({
      policies: fc.array(policyOf(rules), { maxLength: 4 }),
      allowedIdps: oneOf([], ["google"], ["google", "pin"]),
      isGuarded: fc.nat(19).map((roll) => roll > 0),
      jwtRequired: fc.boolean(),
      tokens: fc.subarray(["t1", "t2"]),
    })
    .map(situation);

/** The second side is often the first with little changed, or said in another way. */
function pairsOf(rules: fc.Arbitrary<Rule>): fc.Arbitrary<[Situation, Situation]> {
  const side = sideOf(rules);
  return fc.oneof(
    fc.tuple(side, side),
    fc.tuple(side, fc.nat(), rules).map(([before, pick, rule]): [Situation, Situation] => {
      const after = structuredClone(before);
      const { policies = [] } = after.applications[0] ?? {};
      const each = policies[pick % Math.max(policies.length, 1)];
      const list = (["include", "require", "exclude"] as const)[pick % 3] ?? "include";
      if (each !== undefined) each[list] = pick % 2 === 0 ? [...each[list], rule] : each[list].slice(1);
      return [before, after];
    }),
    side.map((before): [Situation, Situation] => {
      const applications = before.applications.map((application) => ({
        ...application,
        policies: application.policies.map((each) => ({
          ...each,
          include: [...each.include, ...each.include].reverse(),
        })),
      }));
      return [before, { ...before, applications }];
    }),
  );
}

// Of few kinds at a time, so that rules meet.
const pairs = fc
  .shuffledSubarray(RULES, { minLength: 1, maxLength: 4 })
  .chain((kinds) => pairsOf(fc.oneof(...kinds)));

const policy = (decision: StatePolicy["decision"], include: Rule[], exclude: Rule[] = []): StatePolicy => ({
  id: decision,
  name: decision,
  decision,
  include,
  require: [],
  exclude,
});

/** Only the addresses behind the end of one range and before the end of another are let in, and then none. */
const BETWEEN_ENDS: [Situation, Situation] = [
  situation({
    policies: [policy("bypass", [{ ip: { ip: "203.0.113.0/24" } }], [{ ip: { ip: "203.0.113.0/25" } }])],
  }),
  situation({ policies: [] }),
];

/** The token keeps its sender from Service Auth, which gives no JWT; the login after that does. */
const NEITHER_ALONE: [Situation, Situation] = (() => {
  const others = policy("non_identity", [{ everyone: {} }], [{ service_token: { token_id: "t1" } }]);
  const people = policy("allow", [{ email: { email: "ann@datacrew.space" } }]);
  return [
    situation({ policies: [others], jwtRequired: true, tokens: ["t1"] }),
    situation({ policies: [others, people], jwtRequired: true, tokens: ["t1"] }),
  ];
})();

function relationBy(gains: boolean, loses: boolean): Relation {
  if (gains) return loses ? "both" : "wider";
  return loses ? "narrower" : "same";
}

test("of random pairs a solver says the same: same, wider, narrower or both, and takes each counterexample", async () => {
  const seen = new Map<Relation, number>();
  await holdsInTime(
    fc.asyncProperty(pairs, async ([before, after]) => {
      const { relation, gained, lost } = relationOf(compareCallers(align(before, after)));
      const said = definitions(before, after);
      const isPossible = (assertion: string) => solver.isPossible(said + assertion);
      const [gains, loses] = [await isPossible(differs("after")), await isPossible(differs("before"))];
      expect(relation).toBe(relationBy(gains, loses));
      if (gained) expect(await isPossible(isTold(gained.subject.after, "after")), "the gain").toBe(true);
      if (lost) expect(await isPossible(isTold(lost.subject.before, "before")), "the loss").toBe(true);
      seen.set(relation, (seen.get(relation) ?? 0) + 1);
    }),
    { runs: 400, examples: [[BETWEEN_ENDS], [NEITHER_ALONE]] },
  );
  // Of each kind enough, or little would be proved.
  for (const relation of ["same", "wider", "narrower", "both"] as const)
    expect(seen.get(relation), relation).toBeGreaterThan(10);
}, 3_000_000);
