import { canonicalHost, recordCovers } from "../../access/host-pattern";
import { isTunnelHost } from "../../access/tunnel-host";
import { fieldsOf, namesIn, textsIn } from "../../base/json-values";
import type { Wire } from "../../cloudflare/account-api";
import { rulesIn } from "../../cloudflare/account-snapshot";
import { offersEveryLogin } from "../../cloudflare/other-users";
import { tunnelUse } from "../../cloudflare/tunnel-use";
import { type Found, type Listed, text } from "./candidates";
import type { Hold, OrphanSearch } from "./orphan";

/** The account around what was found. */
interface Around extends Listed {
  /** Records that lead to the host names and tunnels that were found. */
  records: readonly Wire[];
  /** Configurations of the tunnels that were found, by their id. */
  configurations: ReadonlyMap<string, Wire>;
  /** Live connectors of the tunnels that were found, by the tunnel's id; undefined where the API does not list them. */
  connectors: ReadonlyMap<string, readonly unknown[] | undefined>;
}

/** Something in the account that may name an orphan. */
interface Holder {
  id: string;
  label: string;
  wire: Wire;
}

/**
 * What keeps each orphan where it is. Another orphan that is free itself keeps none: it goes first.
 * @returns what holds it by the orphan's id; no entry for what nothing holds
 */
export function heldBy(
  found: readonly Found[],
  around: Around,
  search: OrphanSearch,
): ReadonlyMap<string, Hold> {
  const held = new Map<string, Hold>();
  for (const orphan of found) {
    const hold = ownHold(orphan, around, search);
    if (hold !== undefined) held.set(orphan.id, hold);
  }
  const holders = holdersOf(around);
  const orphans = new Set(found.map(({ id }) => id));
  // What is held holds on: a policy in use keeps its token. Each round can only add.
  for (let before = -1; before !== held.size; ) {
    before = held.size;
    for (const orphan of found) {
      if (held.has(orphan.id)) continue;
      const by = holders.filter(
        (holder) =>
          holder.id !== orphan.id &&
          (held.has(holder.id) || !orphans.has(holder.id)) &&
          names(holder.wire, orphan),
      );
      if (by.length > 0) held.set(orphan.id, { code: "named", data: { by: by.map(({ label }) => label) } });
    }
  }
  return held;
}

function holdersOf({ applications, policies, groups, identityProviders, records }: Around): Holder[] {
  const labelled = (kind: string, list: readonly Wire[]) =>
    list.map((wire) => ({ id: text(wire["id"]), label: `${kind} ${text(wire["name"])}`, wire }));
  return [
    ...labelled("application", applications),
    ...labelled("policy", policies),
    ...labelled("group", groups),
    ...labelled("login", identityProviders),
    ...labelled("DNS record", records),
  ];
}

/** Whether an id stands anywhere in an object: rules have many forms, and new ones come without notice. */
function names(wire: Wire, { id, kind, hostnames }: Found): boolean {
  if (kind === "application")
    return hostnames.some((hostname) => recordCovers(text(wire["name"]), hostname)) && isAddress(wire);
  return holdsId(wire, id);
}

/** What holds an orphan by itself, whoever else there is. */
function ownHold(orphan: Found, around: Around, { settings }: OrphanSearch): Hold | undefined {
  const declared = settings.config.applications;
  switch (orphan.kind) {
    case "service token": {
      const open = [...around.policies, ...around.applications].find((each) =>
        namesIn(each).includes("any_valid_service_token"),
      );
      const isExplained = orphan.origin.code === "token-by-retry" || orphan.lastUsedAt === "never";
      if (open === undefined || isExplained) return undefined;
      return { code: "every-token", data: { by: text(open["name"]) } };
    }
    case "policy": {
      const count = orphan.wire["app_count"];
      const visible = around.applications.some((each) => holdsId(each, orphan.id));
      return typeof count === "number" && count > 0 && !visible
        ? { code: "hidden-applications", data: { count } }
        : undefined;
    }
    case "identity provider": {
      const by = around.applications
        .filter(offersEveryLogin)
        .map((each) => `application ${text(each["name"])}`);
      return by.length === 0 ? undefined : { code: "every-login", data: { by } };
    }
    case "application": {
      const names = declared
        .filter(({ hostname }) => orphan.hostnames.includes(hostname))
        .map(({ name }) => name);
      if (!names.includes(orphan.name)) return { code: "name-not-ours", data: { name: orphan.name } };
      const hostnames = orphan.hostnames.filter(
        (host) => !declared.some(({ hostname }) => hostname === host),
      );
      return hostnames.length === 0 ? undefined : { code: "other-hostnames", data: { hostnames } };
    }
    case "tunnel":
      return tunnelHold(orphan, around, declared);
    case "DNS record": {
      const target = text(orphan.wire["content"]);
      return isTunnelHost(target) ? undefined : { code: "not-to-a-tunnel", data: { target } };
    }
    case "alert":
      return undefined;
  }
}

function tunnelHold(
  { id, wire }: Found,
  { configurations, connectors }: Around,
  declared: readonly { hostname: string }[],
): Hold | undefined {
  const use = tunnelUse(wire);
  const live = connectors.get(id);
  if (use === "connected" || (live ?? []).length > 0) return { code: "connected", data: {} };
  if (use === undefined && live === undefined) return { code: "perhaps-connected", data: {} };
  const configuration = configurations.get(id);
  const config = fieldsOf(configuration?.["config"]);
  if (fieldsOf(config["warp-routing"])["enabled"] === true) return { code: "private-networks", data: {} };
  const hostnames = rulesIn(configuration)
    .map((rule) => canonicalHost(rule["hostname"]))
    .filter((host) => host !== "" && !declared.some(({ hostname }) => hostname === host));
  return hostnames.length === 0 ? undefined : { code: "rules", data: { hostnames } };
}

const isAddress = (record: Wire) => ["A", "AAAA", "CNAME"].includes(text(record["type"]));

/** As a text of its own, within one, as in the host name of a tunnel, or as the name of a field. */
const holdsId = (wire: Wire, id: string): boolean =>
  [...textsIn(wire), ...namesIn(wire)].some((word) => word.includes(id));
