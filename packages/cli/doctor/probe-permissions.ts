import { ApiError } from "../../base/errors";
import type { AccountApi } from "../../cloudflare/account-api";
import { ApiFailure } from "../../cloudflare/api-failure";
import { GROUPS, type RequiredGroup } from "../../cloudflare/permission-groups";

/** What refusals say of a token's permissions. */
export interface Probed {
  /** As Cloudflare writes them, e.g. `DNS Write`. */
  missing: string[];
  /** Of what is missing, the groups that may not even be read with. */
  unreadable: string[];
  /** What else can be done, as far as it was tried. */
  superfluous: string[];
  /** Groups that could not be tried: Zero Trust is not set up, or the zone is not seen. */
  untried: string[];
  /** Whether every call below the account was refused as outside of the token's reach. */
  outside: boolean;
}

/** No object has it, so a request that names it cannot change any. */
const NIL = "00000000-0000-0000-0000-000000000000";
const NIL_HEX = "0".repeat(32);

/**
 * Finds a token's permissions out by refusals, where they cannot be read: a read of each kind of object, and a change
 * of an object that is not there, with a body that no object could have. Without the permission that is refused with
 * 403, with it for what is wrong with the request. That Cloudflare looks at the permission first is what its answers
 * suggest, not what its documentation says.
 */
export async function probePermissions(
  api: AccountApi,
  required: readonly RequiredGroup[],
  zoneId: string | undefined,
): Promise<Probed> {
  const probed: Probed = { missing: [], unreadable: [], superfluous: [], untried: [], outside: false };
  const answers = await Promise.all(
    required
      // Without it the list of zones is empty, which the look at the zone reports.
      .filter(({ group }) => group !== GROUPS.zone)
      .map(async (group) => ({ ...group, ...(await tryGroup(api, group, zoneId)) })),
  );
  for (const { group, level, read, write } of answers) {
    if (read === "untried" || write === "untried") probed.untried.push(group);
    else if (read !== "allowed" && write !== "allowed") {
      probed.missing.push(`${group} ${level}`);
      probed.unreadable.push(group);
    } else if (level === "Write" && write !== "allowed") probed.missing.push(`${group} Write`);
    else if (level === "Read" && write === "allowed") probed.superfluous.push(`${group} Write`);
  }
  const account = answers.filter(({ on }) => on === "account");
  probed.outside = account.length > 0 && account.every(({ read }) => read === "outside");
  if (!probed.outside) probed.superfluous.push(...(await readable(api)));
  return probed;
}

type Answer = "allowed" | "refused" | "outside" | "untried";

async function tryGroup(
  api: AccountApi,
  { group, on }: RequiredGroup,
  zoneId: string | undefined,
): Promise<{ read: Answer; write: Answer }> {
  const requests = REQUESTS[group];
  if (requests === undefined || (on === "zone" && zoneId === undefined)) {
    return { read: "untried", write: "untried" };
  }
  const below = (path: string) => (on === "zone" ? `/zones/${zoneId}/${path}` : api.below(path));
  const object = `the permission ${group}`;
  const [read, write] = await Promise.all([
    answerTo(() => api.read(below(requests.read), object)),
    answerTo(() => api.write(requests.method, below(requests.change), { action: "try", object, body: {} })),
  ]);
  return { read, write };
}

const REQUESTS: Partial<Record<string, { read: string; method: "put" | "patch"; change: string }>> = {
  [GROUPS.apps]: { read: "access/apps?per_page=1", method: "put", change: `access/policies/${NIL}` },
  [GROUPS.organization]: {
    read: "access/identity_providers?per_page=1",
    method: "put",
    change: `access/identity_providers/${NIL}`,
  },
  [GROUPS.tokens]: {
    read: "access/service_tokens?per_page=1",
    method: "put",
    change: `access/service_tokens/${NIL}`,
  },
  [GROUPS.tunnels]: {
    read: "cfd_tunnel?is_deleted=false&per_page=1",
    method: "patch",
    change: `cfd_tunnel/${NIL}`,
  },
  [GROUPS.alerts]: { read: "alerting/v3/policies", method: "put", change: `alerting/v3/policies/${NIL_HEX}` },
  [GROUPS.dns]: { read: "dns_records?per_page=1", method: "put", change: `dns_records/${NIL_HEX}` },
};

/** Reads that the stack never makes, by the permission that each needs; of all that a token may do, a small part. */
const OTHERS: readonly (readonly [permission: string, path: (api: AccountApi) => string])[] = [
  ["Account Settings Read", (api) => api.below("").replace(/\/$/, "")],
  ["User Details Read", () => "/user"],
  ["API Tokens Read", () => "/user/tokens?per_page=1"],
  ["Account API Tokens Read", (api) => api.below("tokens?per_page=1")],
  ["Workers Scripts Read", (api) => api.below("workers/scripts")],
  ["Workers KV Storage Read", (api) => api.below("storage/kv/namespaces?per_page=1")],
  ["Workers R2 Storage Read", (api) => api.below("r2/buckets?per_page=1")],
];

/** How many permissions besides the needed ones are tried. */
export const TRIED_OTHERS = OTHERS.length;

async function readable(api: AccountApi): Promise<string[]> {
  const answers = await Promise.all(
    OTHERS.map(async ([permission, path]) => {
      // Only an answer with the object says that it may be read; 404 is none.
      const found = await api.read(path(api), "what is not needed").catch((error: unknown) => {
        if (error instanceof ApiError) return undefined;
        throw error;
      });
      return found === undefined ? [] : [permission];
    }),
  );
  return answers.flat();
}

async function answerTo(call: () => Promise<unknown>): Promise<Answer> {
  try {
    await call();
    return "allowed";
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    if (error.kind === "not set up") return "untried";
    if (error.status === 403) return error.kind === "out of reach" ? "outside" : "refused";
    // Refused for what is wrong with the request: the permission is there.
    if (error.status === 400 || error.status === 404 || error.status === 409 || error.status === 422) {
      return "allowed";
    }
    throw error;
  }
}
