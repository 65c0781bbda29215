import type { StackConfig } from "../../../../config/stack-config";
import type { Wire } from "../../../cloudflare/account-api";
import { GROUPS } from "../../../cloudflare/permission-groups";
import type { Check } from "../check";
import { type Finding, finding } from "../findings";
import type { ACCESS_LIMITS } from "../limits";

/** Whether what the stack still has to make fits under Access's limits. */
export const room: Check = {
  title: "Limits of Access",
  config: ["accountId", "google", "serviceTokens", "applications"],
  groups: [GROUPS.apps, GROUPS.organization, GROUPS.tokens],
  async run({ account, config, limits, ...context }) {
    if (account === undefined) return { findings: [], summary: "" };
    const [identityProviders, serviceTokens, policies, ours] = await Promise.all([
      account.snapshot.identityProviders(),
      account.snapshot.serviceTokens(),
      account.snapshot.policies(),
      context.ours(),
    ]);
    const lists = { identityProviders, serviceTokens, policies };
    return {
      findings: judgeRoom(lists, wantedOf(config), ours, limits),
      summary:
        `${identityProviders.length} of ${limits.identityProviders} identity providers, ` +
        `${serviceTokens.length} of ${limits.serviceTokens} service tokens, ` +
        `${policies.length} of ${limits.policies} policies`,
    };
  },
};

type Kind = keyof typeof ACCESS_LIMITS;
type Counts = Record<Kind, number>;

const KINDS = {
  identityProviders: {
    id: "limit-identity-providers",
    words: "identity providers",
    page: "Settings → Authentication",
  },
  serviceTokens: {
    id: "limit-service-tokens",
    words: "service tokens",
    page: "Access → Service credentials",
  },
  policies: { id: "limit-policies", words: "reusable policies", page: "Access → Policies" },
} as const;

/** What the stack has once it is up. */
function wantedOf({ google, serviceTokens = [], applications = [] }: Partial<StackConfig>): Counts {
  const policies = applications.map(({ allow, serviceTokens: tokens }) => {
    const people = allow.emails.length + allow.emailDomains.length > 0 ? 1 : 0;
    return people + (tokens.length > 0 ? 1 : 0);
  });
  return {
    identityProviders: google?.clientId === undefined ? 0 : 1,
    serviceTokens: serviceTokens.length,
    policies: policies.reduce((sum, each) => sum + each, 0),
  };
}

/** Judges counts: what is there, and what the stack adds to it. */
function judgeRoom(
  lists: Record<Kind, readonly Wire[]>,
  wanted: Counts,
  ours: ReadonlySet<string>,
  limits: Counts,
): Finding[] {
  return (Object.keys(KINDS) as Kind[]).flatMap((kind) => {
    const have = lists[kind].length;
    const own = lists[kind].filter((each) => ours.has(String(each["id"]))).length;
    const more = Math.max(0, wanted[kind] - own);
    if (more === 0 || have + more <= limits[kind]) return [];
    const { id, words, page } = KINDS[kind];
    const what = `${words}: ${have} of ${limits[kind]} are there, and the stack makes ${more} more`;
    return [finding(id, what, `Remove some that nobody uses (Zero Trust → ${page}).`)];
  });
}
