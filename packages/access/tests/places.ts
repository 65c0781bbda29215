import { placesOf as destinationsOf, hostAt, placeFor, readPlace } from "..";
import { hasTooManyPlaces, haveTooManyNames, hostnamesApart, placesAt } from "../addressing";
import { isHidden } from "../hidden";
import { OTHER_NAME } from "../host-names";
import { destinationCovers, recordCovers, ruleTakes } from "../host-pattern";
import { ANY } from "../path-pattern";
import { isStatus, type Place, siteOf } from "../site";
import type { Situation, StateApplication } from "../situation";
import { standsElsewhere, TOO_MANY_NAMES, tooManyAt } from "../undecided-places";
import { notJudgedWords } from "../words";

/** An address that a test asks for. */
export interface AccessPlace extends Place {
  /** Its application, or its host name where there is none. */
  name: string;
  /** The host name, where it is one of several that a wildcard covers. */
  host?: string;
  /** The pattern of the tunnel rule that takes it. */
  rule?: string;
  application?: StateApplication;
}

/**
 * The addresses that an entry of a test means: every public destination of the application named, or, for `*`,
 * of all applications, and each host name, or part of one, that the tunnel serves, or a DNS record leads to, without one.
 * A wildcard means each host name that it covers: those that others name too, and one for the others on each level. Each
 * with all its paths that a rule of the tunnel, or another application's destination, tells apart. Empty for an unknown
 * name.
 */
export function placesOf(state: Situation, wanted: string): AccessPlace[] {
  const [name, ...path] = wanted.split("/");
  const meant = state.applications.filter((application) => wanted === "*" || application.name === name);
  const isWild = meant.some((each) => destinationsOf(each).some((uri) => hostAt(uri).includes("*")));
  const all = wanted === "*" || isWild ? hostnamesApart([state]) : [];
  if (wanted === "*") {
    const guarded = meant.flatMap((application) => placesIn(state, application, { path: "", all }));
    // An application of the whole host name guards every path; where there is none, the first is one that nobody guards.
    const names = new Set(guarded.map(({ hostname }) => hostname));
    const open = all
      .filter((hostname) => names.has(hostname) || isPublished(state, hostname))
      .filter((hostname) => guardOf(state, hostname, "/") === undefined)
      .map((hostname) => ({ name: shown(hostname), hostname, path: "/" }));
    return [...guarded, ...open].flatMap((place) => [place, ...othersAt(state, place)]);
  }
  return meant
    .flatMap((application) => placesIn(state, application, { path: path.join("/"), all }))
    .flatMap((place) => (path.length === 0 ? [place, ...othersAt(state, place)] : [place]));
}

/**
 * What an entry of a test means besides {@link placesOf}, and that cannot be gone through: by the name of the application,
 * or the host name, what hangs on it.
 */
export function unaskedIn(
  state: Situation,
  wanted: string,
  places: readonly AccessPlace[],
): { name: string; dependsOn: string[] }[] {
  const elsewhere = state.applications
    .filter((each) => wanted === "*" || each.name === wanted.split("/")[0])
    .filter((each) => standsElsewhere(each) && !places.some(({ application }) => application === each))
    .map(({ id, name }) => {
      const about = state.notJudged.filter(({ of }) => of === id).map(notJudgedWords);
      return { name, dependsOn: about.length > 0 ? about : [`where application ${name} stands`] };
    });
  const crowded = [...new Set(places.map(({ hostname }) => hostname))]
    .filter((hostname) => hasTooManyPlaces([state], hostname))
    .map((hostname) => ({ name: hostname, dependsOn: [tooManyAt(hostname)] }));
  const isWild = wanted === "*" || places.some(({ host }) => host !== undefined);
  const names =
    isWild && haveTooManyNames([state]) ? [{ name: "host names", dependsOn: [TOO_MANY_NAMES] }] : [];
  return [...elsewhere, ...names, ...crowded];
}

/** Whether anything besides the end of a tunnel's rules leads to a host name. */
const isPublished = ({ ingress, records, hostnames }: Situation, hostname: string): boolean =>
  hostnames.map(hostAt).includes(hostname) ||
  records.some(({ name }) => recordCovers(name, hostname)) ||
  ingress.some(
    (rule) => !isStatus(rule) && !isHidden(rule.hostname) && ruleTakes(rule.hostname, hostname) !== "no",
  );

/** A host name that stands for others, in words. */
const shown = (hostname: string): string =>
  hostname === OTHER_NAME ? "any other host name" : hostname.replaceAll(OTHER_NAME, "*");

const guardOf = (state: Situation, hostname: string, path: string): StateApplication | undefined =>
  placeFor(state.applications, hostname, path)?.application;

/** The other paths of a place that have the same application, or none: another rule of the tunnel may take them. */
function othersAt(state: Situation, place: AccessPlace): AccessPlace[] {
  const { hostname, application } = place;
  // Without a rule for some paths one rule takes them all.
  if (state.ingress.every(({ path }) => path === undefined)) return [];
  return placesAt([state], hostname)
    .filter(({ path }) => guardOf(state, hostname, path) === application)
    .map((other) => {
      const rule = siteOf(state, other).ingress?.path;
      return { ...place, ...other, ...(rule === undefined ? {} : { rule }) };
    });
}

/** @param all the host names that the state tells apart, where a wildcard is asked for */
function placesIn(
  state: Situation,
  application: StateApplication,
  { path, all }: { path: string; all: readonly string[] },
): AccessPlace[] {
  return destinationsOf(application).flatMap((uri) => {
    const { host, path: folder } = readPlace(uri);
    const own = `/${folder.replaceAll("*", ANY)}`;
    const parts = [...own.split("/"), path].filter((part) => part !== "");
    const place = { name: application.name, path: `/${parts.join("/")}`, application };
    if (!host.includes("*")) return [{ ...place, hostname: host }];
    return all
      .filter((each) => destinationCovers(host, each) && guardOf(state, each, own) === application)
      .map((hostname) => ({ ...place, hostname, host: shown(hostname) }));
  });
}
