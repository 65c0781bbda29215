import { placesOf as destinationsOf, hostAt, placeFor, readPlace } from "..";
import { ruleCovers } from "../host-pattern";
import { takenIn } from "../path-pattern";
import { isStatus, type Place } from "../site";
import type { Situation, StateApplication } from "../situation";

/** An address that a test asks for. */
export interface AccessPlace extends Place {
  /** Its application, or its host name where there is none. */
  name: string;
  /** The pattern of a tunnel rule that takes some paths there: these are meant. */
  rule?: string;
  application?: StateApplication;
}

/**
 * The addresses that an entry of a test means: every public destination of the application named, or, for `*`,
 * of all applications, and each host name that the tunnel serves, or a DNS record leads to, without one. Where a rule of the
 * tunnel takes some of the paths, these as well. Empty for an unknown name.
 */
export function placesOf(state: Situation, wanted: string): AccessPlace[] {
  if (wanted === "*") {
    const guarded = state.applications.flatMap((application) => placesIn(application, ""));
    const served = state.ingress.flatMap((rule) =>
      rule.hostname === undefined || isStatus(rule) ? [] : [rule.hostname],
    );
    const named = [...new Set([...served, ...state.hostnames].map(hostAt))];
    const bare = named.filter((hostname) => !guarded.some((place) => place.hostname === hostname));
    const open = bare.map((hostname) => ({ name: hostname, hostname, path: "/" }));
    return [...guarded, ...open].flatMap((place) => withRules(state, place));
  }
  const [name, ...path] = wanted.split("/");
  return state.applications
    .filter((application) => application.name === name)
    .flatMap((application) => placesIn(application, path.join("/")))
    .flatMap((place) => (path.length === 0 ? withRules(state, place) : [place]));
}

/** A place, and a path of it for each rule of the tunnel that takes some there: another service may answer, unchecked. */
function withRules(state: Situation, place: AccessPlace): AccessPlace[] {
  const { hostname, application } = place;
  const patterns = state.ingress.flatMap((rule) =>
    rule.path === undefined || !ruleCovers(rule.hostname, hostname) ? [] : [rule.path],
  );
  return [
    place,
    ...[...new Set(patterns)].flatMap((rule) =>
      takenIn(place.path, rule)
        .filter(({ path }) => placeFor(state.applications, hostname, path)?.application === application)
        .slice(0, 1)
        .map((taken) => ({ ...place, ...taken, rule })),
    ),
  ];
}

function placesIn(application: StateApplication, path: string): AccessPlace[] {
  return destinationsOf(application).map((uri) => {
    const { host, path: folder } = readPlace(uri);
    const parts = [...folder.split("/"), path].filter((part) => part !== "");
    return { name: application.name, hostname: host, path: `/${parts.join("/")}`, application };
  });
}
