import { DEFAULT_LIMITS, lifetime } from "../../../config/limits";
import { hostnamesOf, placesAt } from "../../access/addressing";
import { isStatus, leadsTo, type Place, type Site, siteOf } from "../../access/site";
import type { Situation, StateApplication, StateIngressRule, StateToken } from "../../access/situation";
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
 * What changes besides the policies. The reverse of a change has the reverse effect. Which application guards a host name,
 * which record and which rule lead there, and whether they lead anywhere is reach's to say; what differs in them is no
 * question of who gets in.
 * @param login names an identity provider by its id, for the words and for what is compared
 */
export function factsOf(sides: Sides, login: (id: string) => { name: string; key: string }): Fact[] {
  const hostnames = [...new Set([sides.before, sides.after].flatMap(hostnamesOf))].sort();
  return [
    ...hostnames.flatMap((hostname) => {
      const at = sitesAt(sides, hostname);
      return [
        ...applicationFacts(at, hostname),
        ...ingressFacts(at, hostname),
        ...recordFacts(at, sides, hostname),
        ...loginFacts(at, sides, hostname, login),
      ].map((fact) => ({ ...fact, about: hostname }));
    }),
    ...tokenFacts(sides),
  ];
}

/** What reach says of a host name on both sides: of all of it, and of each of its places. */
interface Sites {
  before: Site;
  after: Site;
  places: { place: Place; before: Site; after: Site }[];
}

function sitesAt(sides: Sides, hostname: string): Sites {
  const both = (place: Place) => ({
    place,
    before: siteOf(sides.before, place, sides.after),
    after: siteOf(sides.after, place, sides.before),
  });
  const places = placesAt([sides.before, sides.after], hostname).map(both);
  const whole = both({ hostname, path: "/" });
  return { before: whole.before, after: whole.after, places };
}

/** The application of the whole host name; where there is none, of a folder. */
const guardOf = (at: Sites, side: "before" | "after"): StateApplication | undefined =>
  at[side].application ?? at.places.find((each) => each[side].application !== undefined)?.[side].application;

/** Whether something leads to a host name, as far as a side says so itself. */
const isPublished = ({ blocked, record, ingress }: Site): boolean =>
  blocked === undefined && (record !== undefined || ingress !== undefined);

function applicationFacts(at: Sites, hostname: string): Draft[] {
  const [then, now] = [guardOf(at, "before"), guardOf(at, "after")];
  const [wasOpen, isOpen] = [
    then === undefined && isPublished(at.before),
    now === undefined && isPublished(at.after),
  ];
  const kind = "application" as const;
  if (isOpen && !wasOpen) {
    const how = then === undefined ? "is published without an application" : "no longer has an application";
    return [
      { kind, effect: "widens", detail: "unguarded", text: `${hostname} ${how}: Access asks nobody there` },
    ];
  }
  if (wasOpen && !isOpen) {
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

/** The rule that takes a place's requests; that a list's end answers by itself is the end of being published. */
function servingRule({ ingress }: Site): StateIngressRule | undefined {
  const isEnd = ingress?.hostname === undefined && ingress?.path === undefined;
  return ingress !== undefined && isEnd && isStatus(ingress) ? undefined : ingress;
}

/** What changes in the rule of the whole host name, and in those that take some of its paths. */
function ingressFacts({ before, after, places }: Sites, hostname: string): Draft[] {
  const pairs = new Map<string, [then: StateIngressRule | undefined, now: StateIngressRule | undefined]>();
  for (const site of [{ before, after }, ...places]) {
    const pair = [servingRule(site.before), servingRule(site.after)] as const;
    pairs.set(JSON.stringify(pair), [...pair]);
  }
  return [...pairs.values()].flatMap(([then, now]) =>
    then === undefined || now === undefined ? [] : ruleFacts(then, now, hostname),
  );
}

function ruleFacts(then: StateIngressRule, now: StateIngressRule, hostname: string): Draft[] {
  const pattern = now.path ?? then.path;
  const name = pattern === undefined ? hostname : `${hostname} (paths like ${pattern})`;
  const some = pattern === undefined ? "" : ` ${pattern}`;
  const facts: Draft[] = [];
  if (then.jwtRequired !== now.jwtRequired) {
    const text = now.jwtRequired
      ? `the connector now checks Access's JWT for ${name}`
      : `the connector no longer checks Access's JWT for ${name}: whoever gets past Access is at the origin`;
    const effect = now.jwtRequired ? "narrows" : "widens";
    facts.push({ kind: "connector check", effect, detail: `${now.jwtRequired}${some}`, text });
  }
  if (![then, now].some(isStatus) && then.service !== now.service) {
    const detail = `${then.service} ${now.service}${some}`;
    const text = `${name} leads to ${now.service} instead of ${then.service}, for everybody who gets in`;
    facts.push({ kind: "origin", effect: "widens", detail, text });
  }
  return facts;
}

function recordFacts(at: Sites, sides: Sides, hostname: string): Draft[] {
  const [then, now] = [at.before.record, at.after.record];
  if (then?.proxied === now?.proxied) return targetFacts(at, sides, hostname);
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

function targetFacts(at: Sites, sides: Sides, hostname: string): Draft[] {
  const [from, to] = (["before", "after"] as const).map((side) => {
    const { record } = at[side];
    return record && leadsTo(record, sides[side].tunnelId);
  });
  // What only the update will tell is the tunnel that it makes.
  if (from === undefined || to === undefined || from === to) return [];
  const text = `${hostname} leads to ${to} instead of ${from}, for everybody who gets in`;
  return [{ kind: "origin", effect: "widens", detail: `${from} ${to}`, text }];
}

function loginFacts(
  at: Sites,
  sides: Sides,
  hostname: string,
  login: (id: string) => { name: string; key: string },
): Draft[] {
  const offered = (side: "before" | "after") => {
    const application = guardOf(at, side);
    if (application === undefined || application.allowedIdps.length > 0) return application?.allowedIdps;
    return ["any other", ...sides[side].identityProviders.map(({ id }) => id)];
  };
  const [then, now] = [offered("before"), offered("after")];
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

/** How long tokens and their secrets are valid; who comes with one is the policies' to say. */
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
