/** What of an application says where it applies, in the API's form. */
export interface Placed {
  destinations: readonly Readonly<Record<string, unknown>>[];
}

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
  const { host, path: pattern } = split(uri);
  if (!levelMatches(host, hostname.toLowerCase())) return false;
  if (pattern === "") return true;
  return new RegExp(`^/${escaped(pattern, ".*")}(/.*)?$`).test(plain(path));
}

/** Whether a destination's host, in which a `*` stays within one level, means a host name; both lower case. */
export function levelMatches(pattern: string, hostname: string): boolean {
  return new RegExp(`^${escaped(pattern, "[^.]*")}$`).test(hostname);
}

function publicUris({ destinations }: Placed): string[] {
  return destinations.flatMap(({ type = "public", uri }) =>
    type === "public" && typeof uri === "string" ? [uri] : [],
  );
}

function split(uri: string): { host: string; path: string } {
  const slash = uri.indexOf("/");
  if (slash === -1) return { host: uri.toLowerCase(), path: "" };
  const path = uri.slice(slash + 1).replace(/\/$/, "");
  // A lone wildcard covers every path, the root too, unlike one below a folder.
  return { host: uri.slice(0, slash).toLowerCase(), path: path === "*" ? "" : path };
}

/** Fewer wildcards in the hostname first, then the longer path, then fewer wildcards in it. */
function compareSpecificity(a: string, b: string): number {
  const [one, other] = [split(a), split(b)];
  return (
    wildcards(other.host) - wildcards(one.host) ||
    letters(one.host) - letters(other.host) ||
    letters(one.path) - letters(other.path) ||
    wildcards(other.path) - wildcards(one.path)
  );
}

const wildcards = (text: string): number => text.split("*").length - 1;
const letters = (text: string): number => text.length - wildcards(text);

const escaped = (text: string, wildcard: string): string =>
  text.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", wildcard);

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
