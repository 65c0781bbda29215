import type { Wire } from "../../cloudflare/account-api";
import type { RequiredGroup } from "../../cloudflare/permission-groups";

/** What one policy of an API token gives, on what. */
export interface TokenPolicy {
  effect: "allow" | "deny";
  /** Names of permission groups, e.g. `DNS Write`. */
  groups: readonly string[];
  resources: readonly Resource[];
}

/** A resource key, e.g. `com.cloudflare.api.account.<id>`; below an account, where the policy nests them. */
interface Resource {
  key: string;
  below?: string;
}

/** Which account and zone the token is for. */
export interface Target {
  accountId: string;
  /** Absent while the zone is not seen; any zone counts then. */
  zoneId?: string;
}

/** How a token's permissions differ from what is needed. */
export interface PermissionDifference {
  /** As Cloudflare writes them, e.g. `DNS Write`. */
  missing: string[];
  /** Of what is missing, the groups that may not even be read with. */
  unreadable: string[];
  superfluous: string[];
  /** Accounts and zones besides the target, as resource keys. */
  elsewhere: string[];
  /** Whether any permission reaches the target's account. */
  reachesAccount: boolean;
}

const ACCOUNT = "com.cloudflare.api.account.";
const ZONE = `${ACCOUNT}zone.`;

/** The policies in what the API says of a token; undefined when it says nothing of them. */
export function policiesOf(token: Wire): TokenPolicy[] | undefined {
  const { policies } = token;
  if (!Array.isArray(policies)) return undefined;
  return policies.map((policy: Wire) => ({
    effect: policy["effect"] === "deny" ? "deny" : "allow",
    groups: list(policy["permission_groups"]).map((group) =>
      normal(String((group as Wire | null)?.["name"])),
    ),
    resources: Object.entries((policy["resources"] ?? {}) as Wire).flatMap(([key, value]) =>
      typeof value === "object" && value !== null
        ? Object.keys(value).map((inner) => ({ key: inner, below: key }))
        : [{ key }],
    ),
  }));
}

/** Compares a token's policies with what is needed. */
export function comparePolicies(
  policies: readonly TokenPolicy[],
  required: readonly RequiredGroup[],
  target: Target,
): PermissionDifference {
  const allowed = policies.filter(({ effect }) => effect === "allow");
  const denied = policies.filter(({ effect }) => effect === "deny");
  const gives = (from: readonly TokenPolicy[], names: readonly string[], on: RequiredGroup["on"]) =>
    from.some(
      ({ groups, resources }) =>
        groups.some((group) => names.includes(group)) &&
        resources.some((resource) => covers(resource, on, target)),
    );
  const missing = required.filter(({ group, level, on }) => {
    const names = level === "Write" ? [`${group} Write`] : [`${group} Read`, `${group} Write`];
    return !gives(allowed, names, on) || gives(denied, names, on);
  });
  const mayRead = ({ group, on }: RequiredGroup) =>
    gives(allowed, [`${group} Read`, `${group} Write`], on) && !gives(denied, [`${group} Read`], on);
  // Reading is part of writing, so a Read beside it gives nothing more.
  const fitting = new Set(
    required.flatMap(({ group, level }) => [
      `${group} Read`,
      ...(level === "Write" ? [`${group} Write`] : []),
    ]),
  );
  const held = [...new Set(allowed.flatMap(({ groups }) => groups))];
  const resources = allowed.flatMap((policy) => policy.resources);
  return {
    missing: missing.map(({ group, level }) => `${group} ${level}`),
    unreadable: missing.filter((each) => !mayRead(each)).map(({ group }) => group),
    superfluous: held.filter((group) => !fitting.has(group)),
    elsewhere: [...new Set(resources.filter((each) => isElsewhere(each, target)).map(({ key }) => key))],
    reachesAccount: resources.some((each) => covers(each, "zone", target) || covers(each, "account", target)),
  };
}

function covers({ key, below }: Resource, on: RequiredGroup["on"], { accountId, zoneId }: Target): boolean {
  const account = [`${ACCOUNT}*`, `${ACCOUNT}${accountId}`];
  if (below !== undefined && !account.includes(below)) return false;
  if (account.includes(key)) return true;
  if (on === "account" || !key.startsWith(ZONE)) return false;
  return zoneId === undefined || [`${ZONE}*`, `${ZONE}${zoneId}`].includes(key);
}

function isElsewhere({ key, below }: Resource, { accountId, zoneId }: Target): boolean {
  if (below !== undefined && below !== `${ACCOUNT}${accountId}`) return true;
  if (key.startsWith(ZONE)) {
    // All zones of this account are below it; all of every account are not.
    if (key === `${ZONE}*`) return below === undefined;
    return zoneId !== undefined && key !== `${ZONE}${zoneId}`;
  }
  return key.startsWith(ACCOUNT) && key !== `${ACCOUNT}${accountId}`;
}

/** Older answers call writing `Edit`. */
const normal = (name: string): string => name.replace(/ Edit$/, " Write");

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
