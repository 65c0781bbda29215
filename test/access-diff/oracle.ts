import { applicationFor, decide, type Policy, type Rule, type Subject } from "../../packages/access";
import type { Situation, StateApplication, StateIngressRule } from "../../packages/access/situation";
import { COUNTRIES, DOMAINS, EMAILS, HOSTNAMES, LOGINS, PATHS, TOKENS } from "./arbitraries";

/** One concrete request: somebody, somewhere, at one address. */
export interface Visit {
  hostname: string;
  path: string;
  email: string | null;
  login: string | null;
  token: string | null;
  country: string;
  ip: string;
}

const ADDRESSES = ["203.0.113.9", "203.0.113.200", "198.51.100.1", "2001:db8::9", "2001:db9::9"];

/** Every request that the pools allow for. */
export function allVisits(): Visit[] {
  const people = [...EMAILS, ...DOMAINS.map((domain) => `zoe@${domain}`), "zoe@nowhere.test"].flatMap(
    (email) => [...LOGINS, "login-other"].map((login) => ({ email, login, token: null })),
  );
  const machines = [...TOKENS, "token-9"].map((token) => ({ email: null, login: null, token }));
  const callers = [...people, ...machines, { email: null, login: null, token: null }];
  return HOSTNAMES.flatMap((hostname) =>
    PATHS.flatMap((path) =>
      [...COUNTRIES, "FR"].flatMap((country) =>
        ADDRESSES.flatMap((ip) => callers.map((caller) => ({ ...caller, hostname, path, country, ip }))),
      ),
    ),
  );
}

/** Whether a visit gets in on one side of a change, by plain reading of what the side declares. */
export function getsIn(
  own: Situation,
  other: Situation,
  visit: Visit,
  truths: readonly string[] = [],
): boolean {
  const { hostname, path } = visit;
  const record = own.records.find(({ name }) => name === hostname);
  const takes = ({ hostname: at, path: pattern = "" }: StateIngressRule) =>
    (at === undefined || at === hostname) && new RegExp(pattern).test(path);
  const rule = own.ingress.find(takes);
  const application = applicationAt(own, hostname, path);
  if (record === undefined && rule === undefined && application === undefined) return false;
  if (record === undefined && other.records.some(({ name }) => name === hostname)) return false;
  const target =
    record?.target ?? (record?.proxied === false ? "somewhere" : `${own.tunnelId}.cfargotunnel.com`);
  // An address without Cloudflare in front asks nobody; a tunnel is not found that way.
  if (record?.proxied === false) return !target.endsWith(".cfargotunnel.com");
  const isElsewhere = target !== `${own.tunnelId}.cfargotunnel.com`;
  if (!isElsewhere && rule === undefined && other.ingress.some(takes)) return false;
  if (!isElsewhere && rule?.service === "http_status:404") return false;
  const check = !isElsewhere && rule?.jwtRequired === true;
  if (application === undefined) return !check;
  const isTaken = !check || (rule?.audTags ?? []).includes(application.aud ?? "");

  const subject: Subject = {
    email: visit.email,
    identityProviderId: visit.login,
    serviceTokenId: exists(own, other, visit.token) ? visit.token : null,
    country: visit.country,
    ip: visit.ip,
    certificateName: null,
  };
  const all = application.policies.map((policy) => withTruths(policy, truths));
  const early = all.filter(({ decision }) => decision === "bypass" || decision === "non_identity");
  const before = decide(early, subject);
  // Only a token's request gets a JWT without a login, and the connector may ask for one.
  const isAnybody = before.by?.policy.decision === "bypass" || subject.serviceTokenId === null;
  if (before.verdict === "granted") return isAnybody ? !check : isTaken;
  if (visit.email === null) return false;
  const { allowedIdps } = application;
  if (allowedIdps.length > 0 && !allowedIdps.includes(visit.login ?? "")) return false;
  return isTaken && decide(all, subject).verdict === "granted";
}

const found = new WeakMap<Situation, Map<string, StateApplication | undefined>>();

/** Looked up once for all visits to a place. */
function applicationAt(state: Situation, hostname: string, path: string): StateApplication | undefined {
  const places = found.get(state) ?? new Map<string, StateApplication | undefined>();
  found.set(state, places);
  const key = hostname + path;
  if (!places.has(key)) places.set(key, applicationFor(state.applications, hostname, path));
  return places.get(key);
}

/** A token that only the other side has cannot be used on this one. */
function exists(own: Situation, other: Situation, token: string | null): boolean {
  const has = ({ tokens }: Situation) => tokens.some(({ id }) => id === token);
  return has(own) || !has(other);
}

/** Rules on groups and devices, made true or false. */
function withTruths(policy: Policy, truths: readonly string[]): Policy {
  const plain = (rules: readonly Rule[]): Rule[] =>
    rules.map((rule) => {
      const open = openName(rule);
      if (open === undefined) return rule;
      return truths.includes(open) ? { everyone: {} } : { email: { email: "" } };
    });
  return {
    ...policy,
    include: plain(policy.include),
    require: plain(policy.require),
    exclude: plain(policy.exclude),
  };
}

function openName(rule: Rule): string | undefined {
  if ("group" in rule) return JSON.stringify(rule);
  return "device_posture" in rule ? "device" : undefined;
}

/** Every way in which the facts behind the open rules can be. */
export const ALL_TRUTHS: readonly (readonly string[])[] = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) =>
  ['{"group":{"id":"artists"}}', '{"group":{"id":"admins"}}', "device"].filter(
    (_, index) => (bits >> index) % 2 === 1,
  ),
);
