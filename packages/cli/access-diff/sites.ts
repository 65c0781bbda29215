import { placesAt } from "../../access/addressing";
import { isStatus, type Place, type Site, siteOf } from "../../access/site";
import type { StateIngressRule } from "../../access/situation";
import type { Sides } from "./sides";

/** What reach says of a host name on both sides: of all of it, and of each of its places. */
export interface Sites {
  before: Site;
  after: Site;
  places: { place: Place; before: Site; after: Site }[];
}

/** What reach says of a host name. */
export function sitesAt(sides: Sides, hostname: string): Sites {
  const both = (place: Place) => ({
    place,
    before: siteOf(sides.before, place, sides.after),
    after: siteOf(sides.after, place, sides.before),
  });
  const places = placesAt([sides.before, sides.after], hostname).map(both);
  const whole = both({ hostname, path: "/" });
  return { before: whole.before, after: whole.after, places };
}

/** What serves the same requests on both sides; undefined: nothing does. */
export interface ServingPair {
  then: StateIngressRule | undefined;
  now: StateIngressRule | undefined;
  /** The host name, and which of its paths, in words. */
  name: string;
  /** The paths' pattern after a space; empty: all of them. */
  pattern: string;
}

/** The rules of the whole host name, and those that take some of its paths: each pair once. */
export function servingPairs({ before, after, places }: Sites, hostname: string): ServingPair[] {
  const pairs = new Map<string, ServingPair>();
  for (const site of [{ before, after }, ...places]) {
    const [then, now] = [servingRule(site.before), servingRule(site.after)];
    const path = now?.path ?? then?.path;
    const name = path === undefined ? hostname : `${hostname} (paths like ${path})`;
    const pair = { then, now, name, pattern: path === undefined ? "" : ` ${path}` };
    pairs.set(JSON.stringify([then, now]), pair);
  }
  return [...pairs.values()];
}

/** The rule that takes a place's requests; that a list's end answers by itself is the end of being published. */
function servingRule({ ingress }: Site): StateIngressRule | undefined {
  const isEnd = ingress?.hostname === undefined && ingress?.path === undefined;
  return ingress !== undefined && isEnd && isStatus(ingress) ? undefined : ingress;
}
