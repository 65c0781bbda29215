import { placesAt, placesOf } from "../../access/addressing";
import { isStatus, type Place, type Site, siteOf } from "../../access/site";
import type { StateIngressRule } from "../../access/situation";
import type { Sides } from "./sides";

/** What reach says of a place on both sides. */
export interface SitePair {
  place: Place;
  before: Site;
  after: Site;
}

/** What reach says of a host name on both sides: of all of it, and of each of its places. */
export interface Sites extends Pick<SitePair, "before" | "after"> {
  places: SitePair[];
}

const pairAt = ({ before, after }: Sides, place: Place): SitePair => ({
  place,
  before: siteOf(before, place, after),
  after: siteOf(after, place, before),
});

/** What reach says of every place that the sides tell apart. */
export const sitesOf = (sides: Sides): SitePair[] =>
  placesOf([sides.before, sides.after]).map((place) => pairAt(sides, place));

/** What reach says of a host name. */
export function sitesAt(sides: Sides, hostname: string): Sites {
  const places = placesAt([sides.before, sides.after], hostname).map((place) => pairAt(sides, place));
  const { before, after } = pairAt(sides, { hostname, path: "/" });
  return { before, after, places };
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
