import { liesOn, placesOf } from "../../access";
import { tunnelIdIn } from "../../access/tunnel-host";
import { ApiError, UserError } from "../../base/errors";
import { mentions } from "../../base/json-values";
import type { Wire } from "../../cloudflare/account-api";
import type { AccountSnapshot } from "../../cloudflare/account-snapshot";
import { inner, objects, text } from "./wire";

/** What an account holds that an adoption has to look at, as the API shows it. */
export interface Account {
  zoneId: string;
  /** Of all kinds, with their policies expanded; one of the stack's hostnames as its own look-up shows it. */
  applications: Wire[];
  /** The reusable ones. */
  policies: Wire[];
  identityProviders: Wire[];
  /** Each as its own look-up shows it, which tells more than the list does, where the stack has one of its name. */
  serviceTokens: Wire[];
  tunnels: Wire[];
  /** Ingress rules by tunnel. */
  ingress: Record<string, Wire[]>;
  /** Settings for all rules of a tunnel, the `originRequest` of its configuration, by tunnel. */
  originRequest: Record<string, Wire>;
  /** Records of the stack's hostnames, each as its own look-up shows it. */
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
  /** Id of the tunnel that the config names. */
  tunnel?: string;
}

/** Every tunnel's rules are a call of their own; with more tunnels only those that the hostnames lead to are read. */
const MOST_CONFIGURATIONS = 30;

/**
 * Reads the account; changes nothing.
 * @throws {ApiError} when a call fails.
 * @throws {UserError} when the zone is not there.
 */
export async function readAccount(snapshot: AccountSnapshot, wanted: Wanted): Promise<Account> {
  const zone = await snapshot.zone(wanted.zone);
  if (zone === undefined) {
    throw new UserError(
      `the API token sees no zone ${wanted.zone} in account ${snapshot.accountId}`,
      'Correct zone or accountId, or give the token "Zone Read" on that zone.',
    );
  }
  const zoneId = text(zone, "id");
  const [listed, policies, identityProviders, tokens, tunnels, records, alerts, organization] =
    await Promise.all([
      snapshot.applications(),
      snapshot.policies(),
      snapshot.identityProviders(),
      snapshot.serviceTokens(),
      snapshot.tunnels(),
      Promise.all(wanted.hostnames.map((hostname) => recordsOf(snapshot, zoneId, hostname))),
      snapshot.notificationPolicies(),
      snapshot.organization(),
    ]);
  // A look-up may tell more than the list, e.g. a token's version; one of each would cost more than it tells.
  const isOurs = (application: Wire) =>
    placesOf(application).some((place) =>
      wanted.hostnames.some((hostname) => liesOn(place, hostname) === "itself"),
    );
  const applications = await Promise.all(
    listed.map((each) => (isOurs(each) ? wholeApplication(snapshot, each) : each)),
  );
  const guards = applications.filter(isOurs);
  const serviceTokens = await Promise.all(
    tokens.map(async (token) => {
      const id = text(token, "id");
      const name = text(token, "name");
      if (!wanted.tokens.includes(name) && !guards.some((each) => mentions(each["policies"], id)))
        return token;
      return whole(
        snapshot,
        token,
        snapshot.below(`access/service_tokens/${encodeURIComponent(id)}`),
        "service token",
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
    ...(await configurationsOf(snapshot, tunnels, [...found.map(tunnelIdOf), wanted.tunnel])),
    records: found,
    alerts,
    organization,
  };
}

/**
 * An object of a list with all that its own look-up tells, which is also what an import reads.
 * @throws {ApiError} when it cannot be looked up, also when there is none: then the list and the look-up disagree.
 */
async function whole(snapshot: AccountSnapshot, listed: Wire, path: string, kind: string): Promise<Wire> {
  const object = `${kind} ${text(listed, "name") || text(listed, "id")}`;
  const found = await snapshot.read(path, object);
  if (found === undefined) {
    throw new ApiError({ action: "read", object, status: 404, detail: "it is in the list all the same" });
  }
  return { ...listed, ...found };
}

async function wholeApplication(snapshot: AccountSnapshot, listed: Wire): Promise<Wire> {
  const path = snapshot.below(`access/apps/${encodeURIComponent(text(listed, "id"))}`);
  const application = await whole(snapshot, listed, path, "Access application");
  const policies = await Promise.all(
    objects(application, "policies").map(async (policy) => {
      const id = encodeURIComponent(text(policy, "id"));
      const own =
        policy["reusable"] === false ? `${path}/policies/${id}` : snapshot.below(`access/policies/${id}`);
      const { precedence } = policy;
      // Its place is the application's to say.
      return {
        ...(await whole(snapshot, policy, own, "policy")),
        ...(precedence === undefined ? {} : { precedence }),
      };
    }),
  );
  return { ...application, policies };
}

async function recordsOf(snapshot: AccountSnapshot, zoneId: string, hostname: string): Promise<Wire[]> {
  const listed = await snapshot.dnsRecords(zoneId, { "name.exact": hostname });
  return Promise.all(
    listed.map((record) => {
      const id = encodeURIComponent(text(record, "id"));
      return whole(snapshot, record, `/zones/${encodeURIComponent(zoneId)}/dns_records/${id}`, "DNS record");
    }),
  );
}

async function configurationsOf(
  snapshot: AccountSnapshot,
  tunnels: Wire[],
  targets: (string | undefined)[],
): Promise<Pick<Account, "ingress" | "originRequest">> {
  const remote = tunnels.filter((tunnel) => tunnel["remote_config"] !== false);
  const read =
    remote.length > MOST_CONFIGURATIONS
      ? remote.filter((each) => targets.includes(text(each, "id")))
      : remote;
  const entries = await Promise.all(
    read.map(async (tunnel) => {
      const id = text(tunnel, "id");
      return [id, inner(await snapshot.tunnelConfiguration(id), "config")] as const;
    }),
  );
  return {
    ingress: Object.fromEntries(entries.map(([id, config]) => [id, objects(config, "ingress")])),
    originRequest: Object.fromEntries(entries.map(([id, config]) => [id, inner(config, "originRequest")])),
  };
}

/** The tunnel that a record leads to; undefined when it leads elsewhere. */
export function tunnelIdOf(record: Wire | undefined): string | undefined {
  if (record === undefined || record["type"] !== "CNAME") return undefined;
  return tunnelIdIn(text(record, "content"));
}
