import { placesOf as destinationsOf, hostAt, placeFor, readPlace } from "..";
import { placesAt } from "../addressing";
import { isStatus, type Place, siteOf } from "../site";
import type { Situation, StateApplication } from "../situation";

/** An address that a test asks for. */
export interface AccessPlace extends Place {
  /** Its application, or its host name where there is none. */
  name: string;
  /** The pattern of the tunnel rule that takes it. */
  rule?: string;
  application?: StateApplication;
}

/**
 * The addresses that an entry of a test means: every public destination of the application named, or, for `*`,
 * of all applications, and each host name, or part of one, that the tunnel serves, or a DNS record leads to, without one.
 * Each with all its paths that a rule of the tunnel, or another application's destination, tells apart. Empty for an unknown
 * name.
 */
export function placesOf(state: Situation, wanted: string): AccessPlace[] {
  if (wanted === "*") {
    const guarded = state.applications.flatMap((application) => placesIn(application, ""));
    const served = state.ingress.flatMap((rule) =>
      rule.hostname === undefined || isStatus(rule) ? [] : [rule.hostname],
    );
    const hostnames = [...guarded.map(({ hostname }) => hostname), ...served, ...state.hostnames].map(hostAt);
    // An application of the whole host name guards every path; where there is none, the first is one that nobody guards.
    const open = [...new Set(hostnames)]
      .filter((hostname) => guardOf(state, hostname, "/") === undefined)
      .map((hostname) => ({ name: hostname, hostname, path: "/" }));
    return [...guarded, ...open].flatMap((place) => [place, ...othersAt(state, place)]);
  }
  const [name, ...path] = wanted.split("/");
  return state.applications
    .filter((application) => application.name === name)
    .flatMap((application) => placesIn(application, path.join("/")))
    .flatMap((place) => (path.length === 0 ? [place, ...othersAt(state, place)] : [place]));
}

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

function placesIn(application: StateApplication, path: string): AccessPlace[] {
  return destinationsOf(application).map((uri) => {
    const { host, path: folder } = readPlace(uri);
    const parts = [...folder.split("/"), path].filter((part) => part !== "");
    return { name: application.name, hostname: host, path: `/${parts.join("/")}`, application };
  });
}
