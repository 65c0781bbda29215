import { ApiError, UserError } from "../../base/errors";
import type { AccountApi } from "../../cloudflare/account-api";
import { AccountSnapshot } from "../../cloudflare/account-snapshot";
import { findOrphans } from "./find";
import type { Orphan, OrphanSearch } from "./orphan";
import { heldWords } from "./words";

/** What became of an orphan that was to be removed. */
export interface Removal {
  orphan: Orphan;
  /** `gone`: somebody else has removed it meanwhile. */
  outcome: "removed" | "gone" | "kept" | "failed";
  /** Why it was kept, or what failed. */
  reason?: string;
}

/** Which kinds go first: nothing is removed while another object of ours leads to it or names it. */
const ORDER: readonly Orphan["kind"][] = [
  "alert",
  "DNS record",
  "application",
  "policy",
  "service token",
  "identity provider",
  "tunnel",
];

/**
 * What may be removed, in the order in which the API lets it go.
 * @throws {UserError} when the stack has no state: then nothing tells what is live.
 */
export function removable(orphans: readonly Orphan[]): Orphan[] {
  if (orphans.some(({ hold }) => hold?.code === "state-empty")) {
    throw new UserError(
      "the stack's state is empty, so what was found may be all that is live",
      "Log in to the backend that has the stack's state, or take the objects over with adopt.",
    );
  }
  return orphans
    .filter(({ hold }) => hold === undefined)
    .toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}

/**
 * Removes orphans one by one. Right before each, the state and the account are read again: what became known, used,
 * renamed or young again is kept. One failure does not stop the others.
 * @param readSearch reads the stack's state as it is now
 */
export async function removeOrphans(
  account: AccountApi,
  orphans: readonly Orphan[],
  readSearch: () => Promise<OrphanSearch>,
): Promise<Removal[]> {
  const removals: Removal[] = [];
  for (const orphan of orphans) removals.push(await removeOne(account, orphan, readSearch));
  return removals;
}

async function removeOne(
  account: AccountApi,
  orphan: Orphan,
  readSearch: () => Promise<OrphanSearch>,
): Promise<Removal> {
  try {
    const search = await readSearch();
    if (isKnown(search, orphan.id)) return { orphan, outcome: "kept", reason: "the state knows it now" };
    const snapshot = new AccountSnapshot(account);
    const now = (await findOrphans(snapshot, search)).find(({ id }) => id === orphan.id);
    if (now === undefined) return { orphan, outcome: "gone" };
    if (now.hold !== undefined) return { orphan, outcome: "kept", reason: heldWords(now) };
    if (now.name !== orphan.name) return { orphan, outcome: "kept", reason: `its name is ${now.name} now` };
    await account.write("delete", await pathOf(snapshot, orphan, search), {
      action: "remove",
      object: `${orphan.kind} ${orphan.name} (${orphan.id})`,
    });
    return { orphan, outcome: "removed" };
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof UserError)) throw error;
    if (error instanceof ApiError && error.status === 404) return { orphan, outcome: "gone" };
    return { orphan, outcome: "failed", reason: error.message };
  }
}

function isKnown({ resources, pendingDeletes }: OrphanSearch, id: string): boolean {
  return resources.some((resource) => resource.id === id) || pendingDeletes.includes(id);
}

async function pathOf(account: AccountSnapshot, { kind, id }: Orphan, search: OrphanSearch): Promise<string> {
  const below = {
    alert: "alerting/v3/policies",
    application: "access/apps",
    policy: "access/policies",
    "service token": "access/service_tokens",
    "identity provider": "access/identity_providers",
    tunnel: "cfd_tunnel",
  };
  if (kind !== "DNS record") return account.below(`${below[kind]}/${encodeURIComponent(id)}`);
  const zone = await account.zone(search.settings.config.zone);
  return `/zones/${encodeURIComponent(String(zone?.["id"]))}/dns_records/${encodeURIComponent(id)}`;
}
