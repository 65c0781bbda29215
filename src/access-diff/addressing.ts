import { placeFor } from "../access";
import type { AccessState, StateApplication, StateIngressRule } from "../explain/access-state";
import type { Sides } from "./sides";

/** Stands for a label or folder that no destination names. */
const UNNAMED = "any-other";

/** An address that stands for all that are the same to both sides. */
export interface Place {
  hostname: string;
  /** From the first slash. */
  path: string;
}

/** What one side says of a place. */
export interface Site {
  /** Whether a name and a tunnel rule lead there at all. */
  isRouted: boolean;
  /** The rule of the tunnel, where the side has it. */
  ingress?: StateIngressRule;
  /** The application in front; undefined: nobody asks. */
  application?: StateApplication;
}

/** Every place that either side tells apart from others: host names, and in each the folders of destinations. */
export function placesOf({ before, after }: Sides): Place[] {
  const uris = [before, after].flatMap(({ applications }) =>
    applications.flatMap(({ destinations }) =>
      destinations.flatMap(({ type = "public", uri }) =>
        type === "public" && typeof uri === "string" ? [splitUri(uri)] : [],
      ),
    ),
  );
  const hostnames = new Set([before, after].flatMap(hostnamesOf).map(concrete));
  return [...hostnames].sort().flatMap((hostname) => {
    const paths = uris.filter(({ host }) => hostMatches(host, hostname)).map(({ path }) => path);
    return [...new Set(["/", ...representatives(paths)])].sort().map((path) => ({ hostname, path }));
  });
}

/** All host names that a side publishes or guards, lower case; a wildcard stays one. */
export function hostnamesOf({ applications, ingress, records }: AccessState): string[] {
  const names = [
    ...applications.flatMap(({ destinations }) =>
      destinations.flatMap(({ type = "public", uri }) =>
        type === "public" && typeof uri === "string" ? [splitUri(uri).host] : [],
      ),
    ),
    ...ingress.flatMap(({ hostname }) => hostname ?? []),
    ...records.map(({ name }) => name),
  ];
  return [...new Set(names.map((name) => name.toLowerCase()))];
}

/**
 * What a side says of a place. A record or a tunnel rule that only the other side has is missing here; one that
 * neither has is somebody else's, and taken to be there.
 */
export function siteOf(own: AccessState, other: AccessState, { hostname, path }: Place): Site {
  const application = placeFor(own.applications, hostname, path)?.application;
  const record = own.records.find(({ name }) => hostMatches(name, hostname));
  const ingress = own.ingress.find(
    (rule) => rule.hostname !== undefined && hostMatches(rule.hostname, hostname),
  );
  const isNamed = record?.proxied ?? !other.records.some(({ name }) => hostMatches(name, hostname));
  const isServed =
    ingress === undefined
      ? !other.ingress.some((rule) => rule.hostname !== undefined && hostMatches(rule.hostname, hostname))
      : !ingress.service.startsWith("http_status:");
  const isKnown = application !== undefined || record !== undefined || ingress !== undefined;
  return { isRouted: isKnown && isNamed && isServed, ingress, application };
}

/** Whether a name, maybe with a wildcard, means a host; a wildcard of DNS or a tunnel spans levels, so here too. */
export function hostMatches(name: string, hostname: string): boolean {
  const pattern = name.toLowerCase().replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(hostname);
}

const concrete = (hostname: string): string => hostname.replaceAll("*", UNNAMED);

function splitUri(uri: string): { host: string; path: string } {
  const slash = uri.indexOf("/");
  return slash === -1
    ? { host: uri.toLowerCase(), path: "" }
    : { host: uri.slice(0, slash).toLowerCase(), path: uri.slice(slash + 1) };
}

/** A path for each folder that destinations name; a wildcard stands for any folder, and for each that others name. */
function representatives(paths: readonly string[]): string[] {
  const folders = new Set(
    [UNNAMED, ...paths.flatMap((path) => path.split("/"))].filter((f) => !/[*]|^$/.test(f)),
  );
  return paths.flatMap((path) => {
    const fillings = path.includes("*") ? [...folders] : [""];
    return fillings.map((folder) => `/${path.replaceAll("*", folder)}`.replace(/(.)\/$/, "$1"));
  });
}
