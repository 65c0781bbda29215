import { policyNames } from "../../../components/access-application";
import { expiryAlerts } from "../../../components/expiry-alert";
import { GOOGLE_LOGIN } from "../../../components/google-identity-provider";
import { stackPrefix } from "../../../config/secret-id";
import { standInName } from "../../../config/stand-in";
import { placesOf, readPlace } from "../../access";
import { fieldsOf } from "../../base/json-values";
import type { Wire } from "../../cloudflare/account-api";
import { TYPES } from "../../cloudflare/kinds";
import type { Knowledge } from "./knowledge";
import type { Origin, Orphan, OrphanSearch } from "./orphan";

/** The parts of the account that are looked at. */
export interface Listed {
  applications: readonly Wire[];
  policies: readonly Wire[];
  identityProviders: readonly Wire[];
  serviceTokens: readonly Wire[];
  /** Empty unless the stack owns its tunnel. */
  tunnels: readonly Wire[];
  /** Absent when the API token does not see the zone. */
  zoneId?: string;
  /** Records with the stack's own comment. */
  ownRecords: readonly Wire[];
  notifications: readonly Wire[];
  groups: readonly Wire[];
}

/** An orphan before it is known who uses it. */
export interface Found extends Pick<Orphan, "kind" | "id" | "name" | "createdAt" | "lastUsedAt"> {
  wire: Wire;
  /** By what it is taken for ours. */
  origin: Origin;
  /** Host names of an application; else none. */
  hostnames: string[];
}

/** The provider gives up on a lost answer after about three minutes; this leaves room for a slow API. */
const RETRIES_MS = 10 * 60_000;

/** What is made as the stack would have, and is not in its state; in the order of the stack's own dependencies. */
export function candidates(listed: Listed, search: OrphanSearch, known: Knowledge): Found[] {
  const unknown = (list: readonly Wire[]) => list.filter((each) => !known.ids.has(text(each["id"])));
  return [
    ...unknown(listed.serviceTokens).flatMap((token) => tokenFound(token, listed, search, known)),
    ...unknown(listed.policies).flatMap((policy) => policyFound(policy, search, known)),
    ...unknown(listed.identityProviders).flatMap((provider) => providerFound(provider, search)),
    ...unknown(listed.applications).flatMap((application) => applicationFound(application, search)),
    ...unknown(listed.tunnels).flatMap((tunnel) => tunnelFound(tunnel, search)),
    ...unknown(listed.ownRecords).map((record) => ({
      ...base("DNS record", record, { code: "record-by-comment", data: {} }),
      hostnames: [],
    })),
    ...unknown(listed.notifications).flatMap((alert) => alertFound(alert, search)),
  ];
}

function tokenFound(token: Wire, listed: Listed, { settings }: OrphanSearch, known: Knowledge): Found[] {
  const name = text(token["name"]);
  const declared = settings.config.serviceTokens.flatMap((each) => [each.name, standInName(each.name)]);
  if (!declared.includes(name) && !known.names(TYPES.token).includes(name)) return [];
  const gaps = listed.serviceTokens
    .filter((other) => other["name"] === name && known.ids.has(text(other["id"])))
    .map((other) => Date.parse(text(other["created_at"])) - Date.parse(text(token["created_at"])))
    .filter((gap) => gap >= 0 && gap <= RETRIES_MS);
  const [gap] = gaps;
  const origin: Origin =
    gap === undefined
      ? { code: "token-by-name", data: { name } }
      : { code: "token-by-retry", data: { name, gapMs: gap } };
  return [{ ...base("service token", token, origin), hostnames: [] }];
}

function policyFound(policy: Wire, { settings }: OrphanSearch, known: Knowledge): Found[] {
  const name = text(policy["name"]);
  const decisions = [
    ...settings.config.applications.flatMap((each) => {
      const { people, tokens } = policyNames(each.name);
      return [
        { name: people, decision: "allow" },
        { name: tokens, decision: "non_identity" },
      ];
    }),
    ...known.policies,
  ];
  if (!decisions.some((each) => each.name === name && each.decision === policy["decision"])) return [];
  return [{ ...base("policy", policy, { code: "policy-by-name", data: {} }), hostnames: [] }];
}

function providerFound(provider: Wire, { settings }: OrphanSearch): Found[] {
  const { clientId } = settings.config.google;
  const ours =
    clientId !== undefined &&
    provider["name"] === GOOGLE_LOGIN.name &&
    provider["type"] === GOOGLE_LOGIN.type &&
    fieldsOf(provider["config"])["client_id"] === clientId;
  return ours
    ? [{ ...base("identity provider", provider, { code: "login-by-client", data: {} }), hostnames: [] }]
    : [];
}

function applicationFound(application: Wire, { settings }: OrphanSearch): Found[] {
  const hostnames = hostnamesOf(application);
  const ours = settings.config.applications.filter(({ hostname }) => hostnames.includes(hostname));
  if (ours.length === 0) return [];
  const data = { hostnames: ours.map(({ hostname }) => hostname) };
  return [{ ...base("application", application, { code: "application-by-hostname", data }), hostnames }];
}

function tunnelFound(tunnel: Wire, { settings }: OrphanSearch): Found[] {
  const { name } = settings.config.tunnel;
  if (name === undefined || tunnel["name"] !== name) return [];
  return [{ ...base("tunnel", tunnel, { code: "tunnel-by-name", data: {} }), hostnames: [] }];
}

function alertFound(alert: Wire, { settings, stack }: OrphanSearch): Found[] {
  const { accountId } = settings.config;
  const own = expiryAlerts({ accountId, emails: [], prefix: stackPrefix(settings.project, stack) });
  const ours = Object.values(own).some(
    ({ name, alertType }) => alert["name"] === name && alert["alert_type"] === alertType,
  );
  if (!ours) return [];
  return [{ ...base("alert", alert, { code: "alert-by-name", data: {} }), hostnames: [] }];
}

function base(kind: Found["kind"], wire: Wire, origin: Origin) {
  const made = wire["created_at"] ?? wire["created_on"] ?? wire["created"];
  const createdAt = typeof made === "string" ? { createdAt: made } : {};
  return { kind, id: text(wire["id"]), name: text(wire["name"]), ...createdAt, origin, wire };
}

/** Host names that an application stands in front of, by any of the fields in which the API says so. */
function hostnamesOf(application: Wire): string[] {
  const hosts = placesOf(application).map((place) => readPlace(place).host);
  return [...new Set(hosts.filter((host) => host !== ""))];
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
