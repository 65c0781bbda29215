import type { AccountApi, Wire } from "../cloudflare/account-api";
import { UserError } from "../errors";
import { inner, mentions, objects, text } from "./wire";

/** What an account holds that an adoption has to look at, as the API shows it. */
export interface Account {
  zoneId: string;
  /** Of all kinds, with their policies expanded. */
  applications: Wire[];
  /** The reusable ones. */
  policies: Wire[];
  identityProviders: Wire[];
  /** Each as its own look-up shows it, which tells more than the list does, where the stack has one of its name. */
  serviceTokens: Wire[];
  tunnels: Wire[];
  /** Ingress rules by tunnel. */
  ingress: Record<string, Wire[]>;
  /** Records of the stack's hostnames. */
  records: Wire[];
  alerts: Wire[];
  organization?: Wire;
}

/** What to look for. */
export interface Wanted {
  zone: string;
  hostnames: readonly string[];
  /** Names of the stack's service tokens. */
  tokens: readonly string[];
}

/** Every tunnel's rules are a call of their own; with more tunnels only those that the hostnames lead to are read. */
const MOST_CONFIGURATIONS = 30;

/**
 * Reads the account; changes nothing.
 * @throws {ApiError} when a call fails.
 * @throws {UserError} when the zone is not there.
 */
export async function readAccount(api: AccountApi, wanted: Wanted): Promise<Account> {
  const zone = await api.zone(wanted.zone);
  if (zone === undefined) {
    throw new UserError(
      `the API token sees no zone ${wanted.zone} in account ${api.accountId}`,
      'Correct zone or accountId, or give the token "Zone Read" on that zone.',
    );
  }
  const zoneId = text(zone, "id");
  const [applications, policies, identityProviders, tokens, tunnels, records, alerts, organization] =
    await Promise.all([
      api.applications(),
      api.policies(),
      api.identityProviders(),
      api.serviceTokens(),
      api.tunnels(),
      Promise.all(wanted.hostnames.map((hostname) => api.dnsRecords(zoneId, hostname))),
      api.notificationPolicies(),
      api.organization(),
    ]);
  // Only the look-up of a single token tells its version; a call for each of all would cost more than it tells.
  const guards = applications.filter((each) => wanted.hostnames.some((hostname) => mentions(each, hostname)));
  const serviceTokens = await Promise.all(
    tokens.map(async (token) => {
      const id = text(token, "id");
      const name = text(token, "name");
      if (!wanted.tokens.includes(name) && !guards.some((each) => mentions(each["policies"], id)))
        return token;
      return (
        (await api.read(
          api.below(`access/service_tokens/${encodeURIComponent(id)}`),
          `service token ${name}`,
        )) ?? token
      );
    }),
  );
  const found = records.flat();
  return {
    zoneId,
    applications,
    policies,
    identityProviders,
    serviceTokens,
    tunnels,
    ingress: await ingressOf(api, tunnels, found),
    records: found,
    alerts,
    organization,
  };
}

async function ingressOf(api: AccountApi, tunnels: Wire[], records: Wire[]): Promise<Record<string, Wire[]>> {
  const targets = records.map((record) => tunnelIdOf(record));
  const remote = tunnels.filter((tunnel) => tunnel["remote_config"] !== false);
  const read =
    remote.length > MOST_CONFIGURATIONS
      ? remote.filter((each) => targets.includes(text(each, "id")))
      : remote;
  const entries = read.map(async (tunnel) => {
    const id = text(tunnel, "id");
    return [id, objects(inner(await api.tunnelConfiguration(id), "config"), "ingress")] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** The tunnel that a record leads to; undefined when it leads elsewhere. */
export function tunnelIdOf(record: Wire | undefined): string | undefined {
  if (record === undefined || record["type"] !== "CNAME") return undefined;
  return /^([0-9a-f-]{36})\.cfargotunnel\.com\.?$/i.exec(text(record, "content"))?.[1]?.toLowerCase();
}
