import { hostnamesOf } from "../../access/addressing";
import type { Site } from "../../access/site";
import type { StateApplication } from "../../access/situation";
import { tokenFacts } from "./credentials";
import type { Draft, Fact } from "./fact";
import type { Sides } from "./sides";
import { type Sites, servingPairs, sitesAt } from "./sites";
import { trafficFacts, tunnelFacts } from "./traffic";

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
        ...checkFacts(at, hostname),
        ...recordFacts(at, hostname),
        ...trafficFacts(at, sides, hostname),
        ...loginFacts(at, sides, hostname, login),
      ].map((fact) => ({ ...fact, about: hostname }));
    }),
    ...tunnelFacts(sides),
    ...tokenFacts(sides),
  ];
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

/** Whether the connector still checks, in the rule of the whole host name and in those that take some of its paths. */
function checkFacts(at: Sites, hostname: string): Draft[] {
  return servingPairs(at, hostname).flatMap(({ then, now, name, pattern }): Draft[] => {
    if (then === undefined || now === undefined || then.jwtRequired === now.jwtRequired) return [];
    const text = now.jwtRequired
      ? `the connector now checks Access's JWT for ${name}`
      : `the connector no longer checks Access's JWT for ${name}: whoever gets past Access is at the origin`;
    const effect = now.jwtRequired ? "narrows" : "widens";
    return [{ kind: "connector check", effect, detail: `${now.jwtRequired}${pattern}`, text }];
  });
}

const without = (list: readonly string[], others: readonly string[]): string[] =>
  list.filter((each) => !others.includes(each)).sort();

function recordFacts(at: Sites, hostname: string): Draft[] {
  const [then, now] = [at.before.record, at.after.record];
  if (then?.proxied === now?.proxied) return [];
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
