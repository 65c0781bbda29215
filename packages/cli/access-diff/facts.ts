import { DEFAULT_LIMITS, lifetime } from "../../../config/limits";
import { applicationFor, hostAt, placesOf } from "../../access";
import { recordCovers } from "../../access/host-pattern";
import { isStatus, leadsTo, recordFor, ruleFor } from "../../access/site";
import type { Situation, StateApplication, StateIngressRule, StateToken } from "../../access/situation";
import { hostnamesOf } from "./addressing";
import type { Sides } from "./sides";

/** A change that is not a policy's, though it bears on who gets in. */
export interface Fact {
  kind:
    | "application"
    | "connector check"
    | "proxying"
    | "published"
    | "origin"
    | "preflights"
    | "foreign pages"
    | "login offered"
    | "token"
    | "token duration"
    | "previous secret"
    | "secrets";
  effect: "widens" | "narrows" | "informs";
  /** The host name or token that it is about. */
  about: string;
  /** What it was and is, without ids and names of resources. */
  detail: string;
  /** One sentence for people. */
  text: string;
}

/** A fact as one direction of a change has it. */
type Draft = Omit<Fact, "about">;

/**
 * What changes besides the policies. The reverse of a change has the reverse effect.
 * @param login names an identity provider by its id, for the words and for what is compared
 */
export function factsOf(sides: Sides, login: (id: string) => { name: string; key: string }): Fact[] {
  const hostnames = [...new Set([sides.before, sides.after].flatMap(hostnamesOf))].sort();
  return [
    ...hostnames.flatMap((hostname) =>
      [
        ...applicationFacts(sides, hostname),
        ...ingressFacts(sides, hostname),
        ...recordFacts(sides, hostname),
        ...loginFacts(sides, hostname, login),
      ].map((fact) => ({ ...fact, about: hostname })),
    ),
    ...tokenFacts(sides),
  ];
}

const guardOf = (state: Situation, hostname: string): StateApplication | undefined =>
  applicationFor(state.applications, hostname, "/") ??
  state.applications.find((application) => placesOf(application).some((uri) => hostAt(uri) === hostname));

const isOf = ({ hostname = "" }: StateIngressRule, host: string): boolean => hostAt(hostname) === host;

const isPublished = ({ ingress, records }: Situation, hostname: string): boolean =>
  records.some(({ name }) => recordCovers(name, hostname)) ||
  ingress.some((rule) => isOf(rule, hostname) && !isStatus(rule));

function applicationFacts({ before, after }: Sides, hostname: string): Draft[] {
  const [then, now] = [guardOf(before, hostname), guardOf(after, hostname)];
  const open = (state: Situation) => guardOf(state, hostname) === undefined && isPublished(state, hostname);
  const kind = "application" as const;
  if (open(after) && !open(before)) {
    const how = then === undefined ? "is published without an application" : "no longer has an application";
    return [
      { kind, effect: "widens", detail: "unguarded", text: `${hostname} ${how}: Access asks nobody there` },
    ];
  }
  if (open(before) && !open(after)) {
    const text =
      now === undefined ? `${hostname} is no longer published` : `${hostname} gets an application in front`;
    return [{ kind, effect: "narrows", detail: "guarded", text }];
  }
  if (then !== undefined && now === undefined) {
    return [
      { kind, effect: "narrows", detail: "removed", text: `the application at ${hostname} is removed` },
    ];
  }
  if (then === undefined && now !== undefined) {
    return [{ kind, effect: "informs", detail: "added", text: `an application is added at ${hostname}` }];
  }
  return then === undefined || now === undefined ? [] : settingFacts(then, now, hostname);
}

function settingFacts(then: StateApplication, now: StateApplication, hostname: string): Draft[] {
  const facts: Draft[] = [];
  if (then.preflightBypass !== now.preflightBypass) {
    const text = `CORS preflights to ${hostname} ${now.preflightBypass ? "now pass" : "no longer pass"} without a check`;
    const effect = now.preflightBypass ? "widens" : "narrows";
    facts.push({ kind: "preflights", effect, detail: String(now.preflightBypass), text });
  }
  const [old = [], current = []] = [then.corsOrigins, now.corsOrigins];
  const [gone, come] = [without(old, current), without(current, old)];
  if (come.length > 0) {
    const text = `pages of ${come.join(", ")} may call ${hostname} in a visitor's name`;
    facts.push({ kind: "foreign pages", effect: "widens", detail: come.join(" "), text });
  }
  if (gone.length > 0) {
    const text = `pages of ${gone.join(", ")} may no longer call ${hostname}`;
    facts.push({ kind: "foreign pages", effect: "narrows", detail: gone.join(" "), text });
  }
  return facts;
}

const without = (list: readonly string[], others: readonly string[]): string[] =>
  list.filter((each) => !others.includes(each)).sort();

/** The rule that takes a host name's requests; that a list's end answers by itself is the end of being published. */
function servingRule(ingress: readonly StateIngressRule[], hostname: string): StateIngressRule | undefined {
  const rule = ruleFor(ingress, hostname);
  return rule?.hostname === undefined && rule !== undefined && isStatus(rule) ? undefined : rule;
}

function ingressFacts({ before, after }: Sides, hostname: string): Draft[] {
  const [then, now] = [before, after].map(({ ingress }) => servingRule(ingress, hostname));
  if (then === undefined || now === undefined) return [];
  const facts: Draft[] = [];
  if (then.jwtRequired !== now.jwtRequired) {
    const text = now.jwtRequired
      ? `the connector now checks Access's JWT for ${hostname}`
      : `the connector no longer checks Access's JWT for ${hostname}: whoever gets past Access is at the origin`;
    const effect = now.jwtRequired ? "narrows" : "widens";
    facts.push({ kind: "connector check", effect, detail: String(now.jwtRequired), text });
  }
  if (![then, now].some(isStatus) && then.service !== now.service) {
    const detail = `${then.service} ${now.service}`;
    const text = `${hostname} leads to ${now.service} instead of ${then.service}, for everybody who gets in`;
    facts.push({ kind: "origin", effect: "widens", detail, text });
  }
  return facts;
}

function recordFacts({ before, after }: Sides, hostname: string): Draft[] {
  const [then, now] = [before, after].map((side) => recordOf(side, hostname));
  if (then?.proxied === now?.proxied) return targetFacts({ before, after }, hostname);
  if (now?.proxied === false) {
    const text = `${hostname} is not proxied: its visitors do not come through Cloudflare, so Access guards nothing there`;
    return [{ kind: "proxying", effect: "widens", detail: "off", text }];
  }
  if (then?.proxied === false) {
    const text = now ? `${hostname} is proxied again` : `the unproxied record ${hostname} is removed`;
    return [{ kind: "proxying", effect: "narrows", detail: "on", text }];
  }
  const text = now ? `${hostname} gets its DNS record` : `${hostname} loses its DNS record: nobody finds it`;
  return [{ kind: "published", effect: now ? "informs" : "narrows", detail: String(now?.proxied), text }];
}

const recordOf = ({ records, tunnelId }: Situation, hostname: string) =>
  recordFor(
    records.filter(({ name }) => hostAt(name) === hostname),
    hostname,
    tunnelId,
  );

function targetFacts({ before, after }: Sides, hostname: string): Draft[] {
  const [from, to] = [before, after].map((side) => {
    const record = recordOf(side, hostname);
    return record && leadsTo(record, side.tunnelId);
  });
  // What only the update will tell is the tunnel that it makes.
  if (from === undefined || to === undefined || from === to) return [];
  const text = `${hostname} leads to ${to} instead of ${from}, for everybody who gets in`;
  return [{ kind: "origin", effect: "widens", detail: `${from} ${to}`, text }];
}

function loginFacts(
  { before, after }: Sides,
  hostname: string,
  login: (id: string) => { name: string; key: string },
): Draft[] {
  const offered = (state: Situation) => {
    const application = guardOf(state, hostname);
    if (application === undefined || application.allowedIdps.length > 0) return application?.allowedIdps;
    return ["any other", ...state.identityProviders.map(({ id }) => id)];
  };
  const [then, now] = [offered(before), offered(after)];
  if (then === undefined || now === undefined) return [];
  const words = (id: string) =>
    id === "any other" ? { name: "any login of the account", key: id } : login(id);
  const fact = (id: string, effect: "widens" | "narrows"): Draft => {
    const { name, key } = words(id);
    const text = `${hostname} ${effect === "widens" ? "now offers" : "no longer offers"} a login with ${name}`;
    return { kind: "login offered", effect, detail: key, text };
  };
  return [
    ...without(now, then).map((id) => fact(id, "widens")),
    ...without(then, now).map((id) => fact(id, "narrows")),
  ];
}

function tokenFacts({ before, after }: Sides): Fact[] {
  const find = ({ tokens }: Situation, { id }: StateToken) => tokens.find((token) => token.id === id);
  const fact = (fact: Fact): Fact => fact;
  return [
    ...before.tokens
      .filter((token) => find(after, token) === undefined)
      .map(({ name }) => {
        const text = `service token ${name} is deleted: clients that use its credentials are cut off`;
        return fact({ kind: "token", effect: "narrows", about: name, detail: "deleted", text });
      }),
    ...after.tokens.flatMap((token) => {
      const { name: about, duration } = token;
      const old = find(before, token);
      if (old === undefined) {
        const text = `service token ${about} is created${duration === undefined ? "" : `, valid for ${duration}`}`;
        return [fact({ kind: "token", effect: "informs", about, detail: `created ${duration ?? ""}`, text })];
      }
      const [then, now] = [lastsFor(old), lastsFor(token)];
      const overlap = overlapFacts(old, token);
      if (then === now) return overlap;
      const effect = now > then ? "widens" : "narrows";
      const detail = `${old.duration ?? ""} ${duration ?? ""}`;
      const text = `service token ${about} is valid for ${duration} instead of ${old.duration}`;
      return [fact({ kind: "token duration", effect, about, detail, text }), ...overlap];
    }),
  ].sort((a, b) => (a.about < b.about ? -1 : 1));
}

/**
 * Whether a secret that was replaced is accepted for longer. With a rotation it is the secret so far, which ended with
 * the token; without one, the same secret as before.
 */
function overlapFacts(old: StateToken, token: StateToken): Fact[] {
  const { name: about, previousExpiresAt: until } = token;
  // Where it is not known, nothing is said of it: a reading of the account does not show it.
  if (until === undefined) return [];
  const isRotated = (token.version ?? 1) !== (old.version ?? 1);
  const before = isRotated ? (old.expiresAt ?? until) : old.previousExpiresAt;
  const [then, now] = [endOf(before), endOf(until)];
  if (!isRotated && then === now) return [];
  const effect = now > then ? "widens" : isRotated ? "informs" : "narrows";
  const text = isRotated
    ? `the secret so far of service token ${about} is accepted until ${until}`
    : `the secret before of service token ${about} is accepted until ${until} instead of ${before ?? "no longer"}`;
  return [{ kind: "previous secret", effect, about, detail: `${before ?? ""} ${until}`, text }];
}

/** When a time is, in milliseconds: before all others where there is none, after them where it cannot be read. */
function endOf(time: string | undefined): number {
  if (time === undefined) return Number.NEGATIVE_INFINITY;
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms;
}

/** Of one that does not say it, the API's default, which is the stack's own too. */
const lastsFor = ({ duration = DEFAULT_LIMITS.maxTokenDuration }: StateToken): number => lifetime(duration);
