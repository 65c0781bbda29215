import { placeFor } from ".";
import { isHidden } from "./hidden";
import { recordCovers, ruleCovers, ruleTakes } from "./host-pattern";
import { all } from "./logic";
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
  /** Stands for requests that come by this tunnel, where the state does not tell by which. */
  tunnel?: string;
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
  const record = recordFor(own.records, about, tunnelsOf(own));
  const guarded = {
    ...(guard === undefined ? {} : { application: guard.application, uri: guard.uri }),
    ...(record === undefined ? {} : { record }),
  };
  const { rule: ingress, open } = ruleAt(own, place, record);
  const none = { assumed: [], ...guarded };
  if (guard === undefined && record === undefined && ingress === undefined && open === undefined) {
    return { ...none, blocked: { at: "name", code: "not published", about } };
  }
  if (record === undefined && recordFor(other.records, about, tunnelsOf(other)) !== undefined) {
    return { ...none, blocked: { at: "name", code: "no record", about } };
  }
  const assumed: Open[] = record === undefined ? [{ code: "record leads here", about }] : [];
  if (record !== undefined) {
    const { leads } = whereTo(record, tunnelsOf(own));
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
    if (ruleAt(other, place, recordFor(other.records, about, tunnelsOf(other))).rule !== undefined) {
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
 * The rule for a place, in the tunnel that its record leads to. Where it cannot be told which tunnel that is, and the
 * tunnels have different rules for it, that is what is open.
 */
function ruleAt(own: Situation, place: Place, record: StateRecord | undefined): Ruling {
  const led = tunnelsAt(own, record);
  const isKnown = record !== undefined && whereTo(record, tunnelsOf(own)).leads === "here";
  const tunnels = isKnown ? led : led.filter((tunnel) => isMaybe(tunnel, place.tunnel));
  const found = tunnels.map((tunnel) =>
    ruleFor(
      own.ingress.filter((rule) => tunnelOf(rule, own) === tunnel),
      place,
    ),
  );
  const [first = {}, ...others] = found;
  const isOne = others.length === 0 || others.every((each) => said(each) === said(first));
  return isOne ? first : { open: { code: "tunnel", about: place.hostname } };
}

interface Ruling {
  rule?: StateIngressRule;
  open?: Open;
}

/** What a ruling says, of whichever tunnel it is. */
const said = ({ rule, open }: Ruling): string => JSON.stringify([rule && { ...rule, tunnelId: "" }, open]);

/**
 * The tunnel's rule for a place: the first whose host name and path fit; one without fits all. Where it cannot be told
 * whether one fits, that is what is open.
 */
function ruleFor(rules: readonly StateIngressRule[], place: Place): Ruling {
  const about = `${place.hostname}${place.path}`;
  for (const rule of rules) {
    const host = ruleTakes(rule.hostname, place.hostname);
    const takes = host === "no" ? "no" : all([host, takesPlace(rule, place)]);
    if (takes === "yes") return { rule };
    if (takes === "unknown" && host === "unknown") return { open: { code: "rule host", about } };
    if (takes === "unknown") return { open: { code: "rule path", about, pattern: rule.path } };
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

/** The tunnel of a rule; empty where it is not known. */
const tunnelOf = ({ tunnelId }: StateIngressRule, own: Situation): string => tunnelId ?? own.tunnelId ?? "";

/** The tunnels whose rules a state holds. */
function tunnelsOf(own: Situation): string[] {
  const tunnels = own.ingress.map((rule) => tunnelOf(rule, own));
  return tunnels.length === 0 ? [own.tunnelId ?? ""] : [...new Set(tunnels)];
}

/** Of the tunnels whose rules a state holds, those that requests may come by; all where it has no record. */
function tunnelsAt(own: Situation, record: StateRecord | undefined): string[] {
  const tunnels = tunnelsOf(own);
  return record === undefined ? tunnels : whereTo(record, tunnels).tunnels;
}

/** Tunnels that a host name may lead to, where a state does not tell which of several. */
export function tunnelsOpenAt(own: Situation, hostname: string): string[] {
  const tunnels = tunnelsAt(own, recordFor(own.records, hostname.toLowerCase(), tunnelsOf(own)));
  return tunnels.length > 1 ? tunnels : [];
}

const isUnknown = (tunnel: string): boolean => tunnel === "" || isHidden(tunnel);

/** Whether a tunnel may be the one that is asked for. */
const isMaybe = (tunnel: string, asked: string | undefined): boolean =>
  asked === undefined || tunnel === asked || isUnknown(tunnel) !== isUnknown(asked);

type Leads = "here" | "maybe here" | "another tunnel" | "elsewhere";

/** Where a record leads, seen from the tunnels whose rules a state holds, and to which of these it may. */
function whereTo({ target }: StateRecord, tunnels: readonly string[]): { leads: Leads; tunnels: string[] } {
  if (target === undefined || isHidden(target)) return { leads: "maybe here", tunnels: [...tunnels] };
  if (!isTunnelHost(target)) return { leads: "elsewhere", tunnels: [...tunnels] };
  const asked = target.toLowerCase().replace(/\.$/, "");
  const named = tunnels.filter((tunnel) => !isUnknown(tunnel) && tunnelHost(tunnel.toLowerCase()) === asked);
  if (named.length > 0) return { leads: "here", tunnels: named };
  const unknown = tunnels.filter(isUnknown);
  return unknown.length > 0
    ? { leads: "maybe here", tunnels: unknown }
    : { leads: "another tunnel", tunnels: [...tunnels] };
}

const targetOf = ({ target }: StateRecord): string =>
  target === undefined || isHidden(target) ? "an address that is not known" : target;

/** Where a record leads, in words that stay the same when a stack's tunnel is made anew; undefined: not known. */
export function leadsTo(record: StateRecord, tunnelId: string | undefined): string | undefined {
  const { leads } = whereTo(record, [tunnelId ?? ""]);
  if (leads === "maybe here") return undefined;
  return leads === "here" ? "the stack's tunnel" : record.target?.toLowerCase();
}

/** Worst first: any record of a name may be the one that a visitor is led by. */
const CAUTION: readonly Leads[] = ["elsewhere", "maybe here", "another tunnel", "here"];

/**
 * The record that a host is found by: of those with the most specific name the one that leads furthest past Access.
 * @param tunnels those whose rules are known
 */
function recordFor(
  records: readonly StateRecord[],
  hostname: string,
  tunnels: readonly string[],
): StateRecord | undefined {
  const rank = (record: StateRecord) => CAUTION.indexOf(whereTo(record, tunnels).leads);
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
