import { type Fields, fieldsOf, listOf } from "../base/json-values";
import { globMatches } from "./glob";
import { isHidden } from "./hidden";
import { destinationCovers, plainHost } from "./host-pattern";

/** What of an application says where it applies, in the API's form. */
export interface Placed {
  destinations: readonly Fields[];
}

/** The fields in which the API says where an application stands. */
type Standing = { destinations?: unknown; self_hosted_domains?: unknown; domain?: unknown };

/** Where an application stands: a host name, maybe with wildcards, and what of it. */
export interface Place {
  /** As DNS compares it: in lower case and in ASCII, without a port or a dot at the end. */
  host: string;
  /** Without the slash before it and those behind it; empty: all of the host. */
  path: string;
}

/**
 * Reads a destination. `HOST`, `host/`, `host/*`, `https://host:443/` are one place: a bare host name covers all of its
 * paths. Below a folder it is not so: `host/alpha/*` leaves `/alpha` out.
 * @see https://developers.cloudflare.com/cloudflare-one/access-controls/policies/app-paths/
 */
export function readPlace(uri: string): Place {
  const bare = uri.trim().replace(/^[a-z][a-z0-9+.-]*:\/\//i, "");
  const slash = bare.indexOf("/");
  const [host, rest] = slash === -1 ? [bare, ""] : [bare.slice(0, slash), bare.slice(slash)];
  const path = rest.replace(/^\//, "").replace(/\/+$/, "");
  return { host: plainHost(host), path: path === "*" ? "" : path };
}

/** A place in its one spelling: `host`, or `host/path`. */
const placeText = ({ host, path }: Place): string => (path === "" ? host : `${host}/${path}`);

/**
 * Where an application stands, each in its one spelling, out of all three fields in which the API says so: it moves
 * `destinations`, `self_hosted_domains` and `domain` together, but an answer may show only some of them.
 */
export function placesOf(application: Standing): string[] {
  return [...new Set(publicUris(application).map((uri) => placeText(readPlace(uri))))];
}

/** The host of a destination, or of any other host name, in its one spelling. */
export const hostAt = (uri: string): string => readPlace(uri).host;

/**
 * An application's destinations, with those that only `self_hosted_domains` or `domain` shows: who reads the one field
 * alone would take the application for one that stands nowhere.
 */
export function destinationsOf(application: Standing): Fields[] {
  const { destinations, ...others } = application;
  const shown = placesOf({ destinations });
  const more = placesOf(others).filter((place) => !shown.includes(place));
  return [...listOf(destinations).map(fieldsOf), ...more.map((uri) => ({ type: "public", uri }))];
}

/**
 * How a destination lies on a host name: it is the host name itself, a path of it, or a wildcard that covers it, with a
 * path or without. Undefined: it lies elsewhere.
 */
export function liesOn(uri: string, hostname: string): "itself" | "path" | "wildcard" | undefined {
  const { host, path } = readPlace(uri);
  if (!destinationCovers(host, hostname)) return undefined;
  if (host.includes("*")) return "wildcard";
  return path === "" ? "itself" : "path";
}

/**
 * Types of applications that stand in front of no host name, whatever their `domain` is: a bookmark only links to it.
 * Of each, whether it is an app of people's all the same, at which they choose a login.
 */
const NOT_IN_FRONT: ReadonlyMap<string, { login: boolean }> = new Map([
  ["bookmark", { login: false }],
  ["app_launcher", { login: false }],
  ["warp", { login: false }],
  ["biso", { login: false }],
  ["saas", { login: true }],
  ["dash_sso", { login: true }],
]);

/** Whether an application asks those who come to its places; one of a type that is not known does. */
export const standsInFront = ({ type }: { type?: unknown }): boolean => !NOT_IN_FRONT.has(String(type));

/** Whether people choose a login at an application; at one of a type that is not known they do. */
export const offersLogins = ({ type }: { type?: unknown }): boolean =>
  NOT_IN_FRONT.get(String(type))?.login ?? true;

/**
 * The application that guards a request: the one with the most specific public destination that covers hostname
 * and path; nothing is inherited from a less specific one. Undefined: no application, so Access asks nothing.
 * @see https://developers.cloudflare.com/cloudflare-one/access-controls/policies/app-paths/
 * @param path from the first slash, with or without a query
 */
export function applicationFor<T extends Placed>(
  applications: readonly T[],
  hostname: string,
  path: string,
): T | undefined {
  return placeFor(applications, hostname, path)?.application;
}

/** Like {@link applicationFor}, with the destination that covers the request, e.g. `app.example.org/admin`. */
export function placeFor<T extends Placed>(
  applications: readonly T[],
  hostname: string,
  path: string,
): { application: T; uri: string } | undefined {
  const covering = applications.flatMap((application) =>
    publicUris(application)
      .filter((uri) => covers(uri, hostname, path))
      .map((uri) => ({ application, uri })),
  );
  return covering.sort((a, b) => compareSpecificity(b.uri, a.uri))[0];
}

/**
 * Whether a destination covers a hostname and path. In the hostname a `*` stays within one level; a path covers
 * all below it, and a `*` in it crosses slashes.
 */
export function covers(uri: string, hostname: string, path: string): boolean {
  const { host, path: pattern } = readPlace(uri);
  if (!destinationCovers(host, hostname)) return false;
  if (pattern === "") return true;
  const asked = plain(path);
  return globMatches(`/${pattern}`, asked) || globMatches(`/${pattern}/*`, asked);
}

/** Whether a destination is a public one, and where it is can be read. */
export function isPublic(destination: unknown): destination is { uri: string } {
  const { type = "public", uri } = fieldsOf(destination);
  return type === "public" && typeof uri === "string" && uri !== "" && !isHidden(uri);
}

function publicUris({ destinations, self_hosted_domains: domains, domain }: Standing): string[] {
  const others = [domain, ...listOf(domains)].map((uri) => ({ uri }));
  return [...listOf(destinations), ...others].filter(isPublic).map(({ uri }) => uri);
}

/**
 * Fewer wildcards in the hostname first, then the longer path, then fewer wildcards in it. Of `host` and `host/*`, which
 * Cloudflare once took side by side, the latter won.
 */
function compareSpecificity(a: string, b: string): number {
  const [one, other] = [readPlace(a), readPlace(b)];
  return (
    wildcards(other.host) - wildcards(one.host) ||
    letters(one.host) - letters(other.host) ||
    letters(one.path) - letters(other.path) ||
    wildcards(other.path) - wildcards(one.path) ||
    Number(a.endsWith("/*")) - Number(b.endsWith("/*"))
  );
}

const wildcards = (text: string): number => text.split("*").length - 1;
const letters = (text: string): number => text.length - wildcards(text);

/**
 * A request's path as origins read it: without query, dot segments and percent signs that hide letters.
 * Otherwise `/%61dmin` would pass a guard on `/admin`.
 */
function plain(path: string): string {
  const once = pathOf(path);
  try {
    return pathOf(decodeURIComponent(once).replaceAll(/[?#]/g, encodeURIComponent));
  } catch {
    return once;
  }
}

const pathOf = (path: string): string => new URL(`http://host${path}`).pathname;
