import type { StackConfig } from "../../../../config/stack-config";
import type { Wire } from "../../../cloudflare/account-api";
import { type Check, type Found, noteBy, STOPS_UPDATE } from "../../../cloudflare/checks/check";
import { GROUPS } from "../../../cloudflare/permission-groups";
import type { Context } from "../context";
import type { ACCESS_LIMITS } from "../limits";

/** How many there are of how many, and how many the stack still makes. */
interface Counted {
  have: number;
  limit: number;
  more: number;
}

export interface RoomFindings {
  "limit-identity-providers": Counted;
  "limit-service-tokens": Counted;
  "limit-policies": Counted;
}

/** Whether what the stack still has to make fits under Access's limits. */
export const room: Check<RoomFindings, Context> = {
  code: "room",
  title: "Limits of Access",
  reads: ["account", "state"],
  config: ["accountId", "google", "serviceTokens", "applications"],
  groups: [GROUPS.apps, GROUPS.organization, GROUPS.tokens],
  finds: {
    "limit-identity-providers": STOPS_UPDATE,
    "limit-service-tokens": STOPS_UPDATE,
    "limit-policies": STOPS_UPDATE,
  },
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

const CODES = {
  identityProviders: "limit-identity-providers",
  serviceTokens: "limit-service-tokens",
  policies: "limit-policies",
} as const satisfies Record<Kind, keyof RoomFindings>;

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
): Found<RoomFindings>[] {
  const note = noteBy<RoomFindings>(room.finds);
  return (Object.keys(CODES) as Kind[]).flatMap((kind) => {
    const have = lists[kind].length;
    const own = lists[kind].filter((each) => ours.has(String(each["id"]))).length;
    const more = Math.max(0, wanted[kind] - own);
    if (more === 0 || have + more <= limits[kind]) return [];
    return [note(CODES[kind], "account", { have, limit: limits[kind], more })];
  });
}
