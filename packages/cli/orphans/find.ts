import { ownerComment } from "../../../components/dns-route";
import { recordNamesFor } from "../../access/host-pattern";
import { tunnelHost } from "../../access/tunnel-host";
import type { Wire } from "../../cloudflare/account-api";
import type { AccountSnapshot } from "../../cloudflare/account-snapshot";
import { TYPES } from "../../cloudflare/kinds";
import { candidates, type Found, type Listed } from "./candidates";
import { heldBy } from "./holders";
import { knowledgeOf } from "./knowledge";
import { lastUses } from "./last-use";
import type { Hold, Orphan, OrphanSearch } from "./orphan";

/**
 * Objects that a lost answer, or a state that was lost, left behind in the account: those that are named and made as
 * this stack would have, and whose id its state does not have. Reads only.
 * @throws {ApiError} when the account cannot be read.
 */
export async function findOrphans(account: AccountSnapshot, search: OrphanSearch): Promise<Orphan[]> {
  const known = knowledgeOf(search, account.accountId);
  const listed = await readAccount(account, search);
  const found = candidates(listed, search, known);
  if (found.length === 0) return [];
  const live = { ...listed, records: await recordsAround(account, listed, found) };
  const uses = await lastUses(
    account.api,
    found.filter(({ kind }) => kind === "service token").map(({ wire }) => wire),
  );
  const orphans = found.map((each) => ({ ...each, lastUsedAt: uses.get(each.id) }));
  const [configurations, connectors] = await Promise.all([
    tunnelConfigurations(account, orphans),
    tunnelConnectors(account, orphans),
  ]);
  const held = heldBy(orphans, { ...live, configurations, connectors }, search);
  return orphans.map(({ kind, id, name, createdAt, lastUsedAt, origin }): Orphan => {
    const hold: Hold | undefined = known.empty ? { code: "state-empty", data: {} } : held.get(id);
    return {
      ...origin,
      severity: "warning",
      where: `${kind} ${name}`,
      kind,
      id,
      name,
      ...(createdAt === undefined ? {} : { createdAt }),
      ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
      ...(hold === undefined ? {} : { hold }),
    };
  });
}

async function readAccount(account: AccountSnapshot, search: OrphanSearch): Promise<Listed> {
  const { config, project } = search.settings;
  const comment = ownerComment(project, search.stack);
  // The permission for notifications is asked of stacks with alerts only.
  const alerts = config.alerts !== undefined || search.resources.some(({ type }) => type === TYPES.alert);
  const [applications, policies, identityProviders, serviceTokens, tunnels, zone, notifications, groups] =
    await Promise.all([
      account.applications(),
      account.policies(),
      account.identityProviders(),
      account.serviceTokens(),
      config.tunnel.name === undefined ? [] : account.tunnels(),
      account.zone(config.zone),
      alerts ? account.notificationPolicies() : [],
      account.groups(),
    ]);
  const zoneId = typeof zone?.["id"] === "string" ? zone["id"] : undefined;
  const ours = zoneId === undefined ? [] : await account.dnsRecords(zoneId, { "comment.exact": comment });
  return {
    applications,
    policies,
    identityProviders,
    serviceTokens,
    tunnels,
    zoneId,
    // Filters match without regard to case; a comment that only looks like ours is somebody else's.
    ownRecords: ours.filter((record) => record["comment"] === comment),
    notifications,
    groups,
  };
}

/** The records that lead to what was found: without its application a host name would be open. */
async function recordsAround(
  account: AccountSnapshot,
  { zoneId }: Listed,
  found: readonly Found[],
): Promise<Wire[]> {
  if (zoneId === undefined) return [];
  const tunnels = found.filter(({ kind }) => kind === "tunnel").map(({ id }) => tunnelHost(id));
  const names = found
    .filter(({ kind }) => kind === "application")
    .flatMap(({ hostnames }) => hostnames.flatMap(recordNamesFor));
  const lists = await Promise.all([
    ...tunnels.map((target) => account.dnsRecords(zoneId, { "content.exact": target })),
    ...[...new Set(names)].map((name) => account.dnsRecords(zoneId, { "name.exact": name })),
  ]);
  return lists.flat();
}

async function tunnelConfigurations(
  account: AccountSnapshot,
  found: readonly Found[],
): Promise<Map<string, Wire>> {
  const tunnels = found.filter(({ kind }) => kind === "tunnel");
  const read = await Promise.all(
    tunnels.map(async ({ id }) => [id, (await account.tunnelConfiguration(id)) ?? {}] as const),
  );
  return new Map(read);
}

async function tunnelConnectors(
  account: AccountSnapshot,
  found: readonly Found[],
): Promise<Map<string, readonly unknown[] | undefined>> {
  const tunnels = found.filter(({ kind }) => kind === "tunnel");
  const read = await Promise.all(
    tunnels.map(async ({ id }) => [id, await account.tunnelConnectors(id)] as const),
  );
  return new Map(read);
}
