import { placeFor } from ".";
import { isHidden } from "./hidden";
import { recordCovers, ruleCovers } from "./host-pattern";
import { takesPath, toldBy } from "./path-pattern";
import type { NotJudged, Situation, StateApplication, StateIngressRule, StateRecord } from "./situation";
import type { Open, Stop } from "./steps";
import { isTunnelHost, tunnelHost } from "./tunnel-host";
import type { Match } from "./types";

/** An address that is asked for. */
export interface Place {
  hostname: string;
  /** From the first slash. */
  path: string;
  /** Stands for paths that this pattern of a tunnel rule takes, whatever they are. */
  pattern?: string;
  /** Stands for paths that no other pattern takes of which a folder does not tell what it takes. */
  apart?: true;
}

/** What a state says of a place: which name leads there, what asks there, and what the connector does. */
export interface Site {
  /** What keeps every request away, whoever sends it; absent when something leads there. */
  blocked?: Stop;
  /** True when its visitors pass by Cloudflare, so that neither Access nor the connector is asked. */
  direct?: true;
  /** What is taken to be so because the state does not say it. */
  assumed: Open[];
  /** What the model does not judge, and who gets in here may hang on it; of a token, who comes with that one. */
  notJudged: NotJudged[];
  /** The DNS record by which it is found, where the state has it. */
  record?: StateRecord;
  /** The rule of the tunnel, where the state has it. */
  ingress?: StateIngressRule;
  /** The application in front; undefined: nobody asks. */
  application?: StateApplication;
  /** The application's destination that covers the place. */
  uri?: string;
}

/**
 * What a state says of a place.
 * @param other the state that it is compared with: a record or a tunnel rule that only that one has is missing here.
 *   One that neither has is somebody else's: taken to be there, and named in `assumed`.
 */
export function siteOf(own: Situation, place: Place, other: Situation = own): Site {
  const site = leadsAndGuards(own, place, other);
  const { application } = site;
  const there = [application, ...(application?.policies ?? []), ...own.tokens];
  const isThere = ({ of }: NotJudged) => of === undefined || there.some((each) => each?.id === of);
  return { ...site, notJudged: own.notJudged.filter((each) => isThere(each) && bearsOn(each, place)) };
}

/** Whether something that is not judged may decide who gets in at a place. */
function bearsOn({ decides, host }: NotJudged, { hostname }: Place): boolean {
  if (decides !== undefined && decides !== "access" && decides !== "routes") return false;
  return host === undefined || ruleCovers(host, hostname);
}

type Guarded = Omit<Site, "notJudged">;

function leadsAndGuards(own: Situation, place: Place, other: Situation): Guarded {
  const about = place.hostname.toLowerCase();
  const guard = placeFor(own.applications, about, place.path);
  const record = recordFor(own.records, about, own.tunnelId);
  const guarded = {
    ...(guard === undefined ? {} : { application: guard.application, uri: guard.uri }),
    ...(record === undefined ? {} : { record }),
  };
  const { rule: ingress, open } = ruleFor(own.ingress, place);
  const none = { assumed: [], ...guarded };
  if (guard === undefined && record === undefined && ingress === undefined && open === undefined) {
    return { ...none, blocked: { at: "name", code: "not published", about } };
  }
  if (record === undefined && recordFor(other.records, about) !== undefined) {
    return { ...none, blocked: { at: "name", code: "no record", about } };
  }
  const assumed: Open[] = record === undefined ? [{ code: "record leads here", about }] : [];
  if (record !== undefined) {
    const leads = whereTo(record, own.tunnelId);
    const target = targetOf(record);
    const isTunnel = leads === "here" || leads === "another tunnel";
    if (record.proxied === false && isTunnel) {
      return { ...none, blocked: { at: "name", code: "not proxied", about: record.name } };
    }
    if (record.proxied === false) {
      const open: Open = { code: "unproxied target", about: target, record: record.name };
      return { ...none, direct: true, assumed: [open] };
    }
    if (record.proxied === undefined) assumed.push({ code: "record proxied", about: record.name });
    if (leads === "another tunnel" || leads === "elsewhere") {
      return { ...guarded, assumed: [...assumed, { code: "other target", about: target }] };
    }
    if (leads === "maybe here") assumed.push({ code: "record target", about: record.name });
  }
  // Which rule takes it is not known, so nothing is known of what that rule checks either.
  if (open !== undefined)
    return { ...guarded, assumed: [...assumed, open], ingress: { ...NO_RULE, unread: true } };
  if (ingress === undefined) {
    if (ruleFor(other.ingress, place).rule !== undefined) {
      return { ...guarded, assumed, blocked: { at: "tunnel", code: "no rule", about } };
    }
    return { ...guarded, assumed: [...assumed, { code: "rule", about }] };
  }
  if (isStatus(ingress)) {
    const { service } = ingress;
    return {
      ...guarded,
      assumed,
      ingress,
      blocked: { at: "tunnel", code: "answered by the tunnel", about, service },
    };
  }
  return { ...guarded, assumed, ingress };
}

const NO_RULE: StateIngressRule = { service: "", jwtRequired: false, audTags: [] };

/**
 * The tunnel's rule for a place: the first whose host name and path fit; one without fits all. Where it cannot be told
 * whether one fits, that is what is open.
 */
function ruleFor<T extends Pick<StateIngressRule, "hostname" | "path">>(
  rules: readonly T[],
  place: Place,
): { rule?: T; open?: Open } {
  for (const rule of rules) {
    const takes = ruleCovers(rule.hostname, place.hostname) ? takesPlace(rule, place) : "no";
    if (takes === "yes") return { rule };
    if (takes === "unknown") {
      return { open: { code: "rule path", about: `${place.hostname}${place.path}`, pattern: rule.path } };
    }
  }
  return {};
}

function takesPlace({ path }: Pick<StateIngressRule, "path">, place: Place): Match {
  if (path !== undefined && path === place.pattern && !isHidden(path)) return "yes";
  const isOther = place.apart && path !== undefined && toldBy(path) === "itself";
  return isOther ? "no" : takesPath(path, place.path);
}

/** Whether a rule answers by itself instead of leading to an origin. */
export const isStatus = ({ service }: Pick<StateIngressRule, "service">): boolean =>
  service.startsWith("http_status:");

type Leads = "here" | "maybe here" | "another tunnel" | "elsewhere";

/** Where a record leads, seen from the tunnel whose rules a state holds. */
function whereTo({ target }: StateRecord, tunnelId: string | undefined): Leads {
  if (target === undefined || isHidden(target)) return "maybe here";
  if (!isTunnelHost(target)) return "elsewhere";
  if (tunnelId === undefined || isHidden(tunnelId)) return "maybe here";
  return target.toLowerCase().replace(/\.$/, "") === tunnelHost(tunnelId.toLowerCase())
    ? "here"
    : "another tunnel";
}

const targetOf = ({ target }: StateRecord): string =>
  target === undefined || isHidden(target) ? "an address that is not known" : target;

/** Where a record leads, in words that stay the same when a stack's tunnel is made anew; undefined: not known. */
export function leadsTo(record: StateRecord, tunnelId: string | undefined): string | undefined {
  const leads = whereTo(record, tunnelId);
  if (leads === "maybe here") return undefined;
  return leads === "here" ? "the stack's tunnel" : record.target?.toLowerCase();
}

/** Worst first: any record of a name may be the one that a visitor is led by. */
const CAUTION: readonly Leads[] = ["elsewhere", "maybe here", "another tunnel", "here"];

/**
 * The record that a host is found by: of those with the most specific name the one that leads furthest past Access.
 * @param tunnelId the tunnel whose rules are known
 */
function recordFor(
  records: readonly StateRecord[],
  hostname: string,
  tunnelId?: string,
): StateRecord | undefined {
  const rank = (record: StateRecord) => CAUTION.indexOf(whereTo(record, tunnelId));
  return records
    .filter(({ name }) => recordCovers(name, hostname))
    .sort(
      (a, b) =>
        Number(a.name.includes("*")) - Number(b.name.includes("*")) ||
        b.name.length - a.name.length ||
        Number(a.proxied !== false) - Number(b.proxied !== false) ||
        rank(a) - rank(b),
    )[0];
}
