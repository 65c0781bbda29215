import { placesOf as destinationsOf, hostAt, readPlace } from "..";
import { isStatus } from "../site";
import type { Situation, StateApplication } from "../situation";

/** An address that a test asks for. */
export interface AccessPlace {
  /** Its application, or its host name where there is none. */
  name: string;
  hostname: string;
  /** From the first slash. */
  path: string;
  application?: StateApplication;
}

/**
 * The addresses that an entry of a test means: every public destination of the application named, or, for `*`,
 * of all applications, and each host name that the tunnel serves, or a DNS record leads to, without one. Empty for an unknown name.
 */
export function placesOf(state: Situation, wanted: string): AccessPlace[] {
  if (wanted === "*") {
    const guarded = state.applications.flatMap((application) => placesIn(application, ""));
    const served = state.ingress.flatMap((rule) =>
      rule.hostname === undefined || isStatus(rule) ? [] : [rule.hostname],
    );
    const named = [...new Set([...served, ...state.hostnames].map(hostAt))];
    const bare = named.filter((hostname) => !guarded.some((place) => place.hostname === hostname));
    return [...guarded, ...bare.map((hostname) => ({ name: hostname, hostname, path: "/" }))];
  }
  const [name, ...path] = wanted.split("/");
  return state.applications
    .filter((application) => application.name === name)
    .flatMap((application) => placesIn(application, path.join("/")));
}

function placesIn(application: StateApplication, path: string): AccessPlace[] {
  return destinationsOf(application).map((uri) => {
    const { host, path: folder } = readPlace(uri);
    const parts = [...folder.split("/"), path].filter((part) => part !== "");
    return { name: application.name, hostname: host, path: `/${parts.join("/")}`, application };
  });
}
