import { placesOf as destinationsOf, hostAt, readPlace } from "../../access";
import { destinationCovers } from "../../access/host-pattern";
import type { Place } from "../../access/site";
import type { Situation } from "../../access/situation";
import type { Sides } from "./sides";

/** Stands for a label or folder that no destination names. */
const UNNAMED = "any-other";

/** Every place that either side tells apart from others: host names, and in each the folders of destinations. */
export function placesOf({ before, after }: Sides): Place[] {
  const uris = [before, after].flatMap(({ applications }) =>
    applications.flatMap((application) => destinationsOf(application).map(readPlace)),
  );
  const hostnames = new Set([before, after].flatMap(hostnamesOf).map(concrete));
  return [...hostnames].sort().flatMap((hostname) => {
    const paths = uris.filter(({ host }) => destinationCovers(host, hostname)).map(({ path }) => path);
    return [...new Set(["/", ...representatives(paths)])].sort().map((path) => ({ hostname, path }));
  });
}

/** All host names that a side publishes or guards, each in its one spelling; a wildcard stays one. */
export function hostnamesOf({ applications, ingress, records }: Situation): string[] {
  const names = [
    ...applications.flatMap(destinationsOf),
    ...ingress.flatMap(({ hostname }) => hostname ?? []),
    ...records.map(({ name }) => name),
  ];
  return [...new Set(names.map(hostAt))];
}

const concrete = (hostname: string): string => hostname.replaceAll("*", UNNAMED);

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
