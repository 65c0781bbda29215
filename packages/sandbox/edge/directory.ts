import { type Policy, placeFor } from "../../access";
import type {
  AccessApplication,
  AccessPolicy,
  DnsRecord,
  IdentityProvider,
  Organization,
} from "../account/entities";
import type { Store } from "../account/store";
import { parseDuration } from "../api/duration";

/** A hostname that Cloudflare's network answers for. */
export interface Site {
  hostname: string;
  record: DnsRecord;
  accountId: string;
}

/** The application in front of a request, with what its decisions need. */
export interface Guard {
  application: AccessApplication;
  /** The destination that covers the request, e.g. `comfyui.datacrew.space`. */
  uri: string;
  /** In order of precedence. */
  policies: Policy[];
  organization: Organization;
}

/** The site of a proxied record; undefined for a name that leads nowhere on this network. */
export function siteFor(store: Store, hostname: string): Site | undefined {
  const records = store.dnsRecords.where(
    ({ proxied, type }) => proxied && ["A", "AAAA", "CNAME"].includes(type),
  );
  const record =
    records.find(({ name }) => name.toLowerCase() === hostname) ??
    records
      .filter(({ name }) => name.startsWith("*.") && hostname.endsWith(name.slice(1).toLowerCase()))
      .sort((a, b) => b.name.length - a.name.length)[0];
  const accountId = record && store.zones.get(record.zoneId)?.accountId;
  return record && accountId ? { hostname, record, accountId } : undefined;
}

/** The organization whose team domain a hostname is. */
export function teamFor(store: Store, hostname: string): Organization | undefined {
  return store.organizations.where(({ authDomain }) => authDomain.toLowerCase() === hostname)[0];
}

/** The organization of a team name, e.g. `datacrew`. */
export function organizationOfTeam(store: Store, team: string): Organization | undefined {
  return teamFor(store, `${team.toLowerCase()}.cloudflareaccess.com`);
}

/** What guards a path of a site; undefined: nothing does, and everybody reaches it. */
export function guardFor(store: Store, site: Site, path: string): Guard | undefined {
  const organization = store.organizations.get(site.accountId);
  if (organization === undefined) return undefined;
  const placed = store.applications
    .where(({ accountId, fields }) => accountId === site.accountId && GUARDING.has(fields.type))
    .map((application) => ({ application, destinations: application.fields.destinations }));
  const found = placeFor(placed, site.hostname, path);
  if (found === undefined) return undefined;
  const { application } = found.application;
  return { application, uri: found.uri, policies: policiesOf(store, application), organization };
}

/** Whether any path of a hostname is guarded: Access answers under `/cdn-cgi/access` there. */
export function isGuarded(store: Store, site: Site): boolean {
  return store.applications
    .where(({ accountId, fields }) => accountId === site.accountId && GUARDING.has(fields.type))
    .some(({ fields }) => {
      const hosts = fields.destinations.map(({ uri }) => ({ uri: String(uri ?? "").split("/")[0] }));
      return placeFor([{ destinations: hosts }], site.hostname, "/") !== undefined;
    });
}

/** An application's policies in order of precedence. */
export function policiesOf(store: Store, application: AccessApplication): Policy[] {
  return application.policies.flatMap(({ id }) => {
    const policy = store.policies.get(id);
    return policy === undefined ? [] : [asPolicy(policy)];
  });
}

/** Names by id of an account's tokens and logins, for words. */
export function namesOf(store: Store, accountId: string): Record<string, string> {
  const named = [...store.serviceTokens.all(), ...store.identityProviders.all()];
  return Object.fromEntries(
    named.filter((one) => one.accountId === accountId).map(({ id, name }) => [id, name]),
  );
}

/** The identity providers that an application offers; an empty list of its own means all. */
export function providersOf(store: Store, application: AccessApplication): IdentityProvider[] {
  const allowed = application.fields.allowed_idps;
  const ids = Array.isArray(allowed) ? allowed : [];
  return store.identityProviders.where(
    ({ id, accountId }) => accountId === application.accountId && (ids.length === 0 || ids.includes(id)),
  );
}

/** How long a session lasts, in milliseconds: as the policy says, else the application, else the organization. */
export function sessionLength(store: Store, { application, organization }: Guard, policyId: string): number {
  const said = [
    store.policies.get(policyId)?.fields.session_duration,
    application.fields.session_duration,
    organization.fields.session_duration,
  ];
  for (const text of said) {
    const length = typeof text === "string" ? parseDuration(text) : undefined;
    if (length !== undefined) return length;
  }
  return DAY_MS;
}

/** How long a login at the team domain lasts, in milliseconds. */
export function teamSessionLength({ fields }: Organization): number {
  return parseDuration(String(fields.session_duration)) ?? DAY_MS;
}

const DAY_MS = 86_400_000;

/** The types of application that stand in front of a hostname. */
const GUARDING = new Set(["self_hosted", "ssh", "vnc", "rdp"]);

function asPolicy({ id, fields }: AccessPolicy): Policy {
  const rules = (list: unknown) => (Array.isArray(list) ? list : []) as Policy["include"];
  return {
    id,
    name: fields.name,
    decision: fields.decision as Policy["decision"],
    include: rules(fields.include),
    require: rules(fields.require),
    exclude: rules(fields.exclude),
  };
}
