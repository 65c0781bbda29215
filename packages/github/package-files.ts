import { isDeepStrictEqual } from "node:util";
import { type Fields, fieldsOf } from "../base/json-values";

/** `package.json` and `package-lock.json` of one side, as text; undefined where there is none. */
export interface PackageFiles {
  manifest: string | undefined;
  lock: string | undefined;
}

/** What says which packages are wanted; anything else in the file says how they are installed and run. */
const WANTED = ["dependencies", "devDependencies"];

const VERSION = /^(\d+)\.(\d+)\.(\d+)(-[\w.-]+)?$/;
const NAME = String.raw`(?:@[\w~-][\w.~-]*/)?[\w~-][\w.~-]*`;
/** A folder of packages, of the project or of one of its own packages. */
const PLACE = new RegExp(`^(?:packages/[\\w/-]+/)?node_modules/${NAME}(?:/node_modules/${NAME})*$`);

/**
 * What a change of the packages does besides adding some, or taking a newer version of some, from where they came
 * before: one line each.
 * @param usual the registry that npm takes a package from of which a lock file gives no address
 * @throws {Error} when a file is not JSON
 */
export function packageChanges(before: PackageFiles, after: PackageFiles, usual: string): string[] {
  return [
    ...manifestChanges(objectIn(before.manifest), objectIn(after.manifest)).map(
      (line) => `package.json: ${line}`,
    ),
    ...lockChanges(objectIn(before.lock), objectIn(after.lock), usual).map(
      (line) => `package-lock.json: ${line}`,
    ),
  ];
}

function objectIn(text: string | undefined): Fields | undefined {
  return text === undefined ? undefined : fieldsOf(JSON.parse(text));
}

function manifestChanges(before: Fields | undefined, after: Fields | undefined): string[] {
  if (before === undefined || after === undefined) return gone(before, after);
  return [...fieldChanges(before, after, WANTED), ...wantedChanges(wanted(before), wanted(after))];
}

const gone = (before: Fields | undefined, after: Fields | undefined): string[] =>
  before === after ? [] : [after === undefined ? "the file is gone" : "the file is new"];

/** All fields but some, each of a field's own where it has some: `scripts.postinstall`. */
function fieldChanges(before: Fields, after: Fields, but: readonly string[]): string[] {
  return keysOf(before, after)
    .filter((key) => !but.includes(key))
    .flatMap((key) => {
      const [then, now] = [before[key], after[key]];
      if (isDeepStrictEqual(then, now)) return [];
      const inner = keysOf(fieldsOf(then), fieldsOf(now)).filter(
        (each) => !isDeepStrictEqual(fieldsOf(then)[each], fieldsOf(now)[each]),
      );
      if (inner.length === 0) return [`${key} is ${shown(now)}`];
      return inner.map((each) => `${key}.${each} is ${shown(fieldsOf(now)[each])}`);
    });
}

const shown = (value: unknown): string => (value === undefined ? "gone" : JSON.stringify(value));

const keysOf = (...objects: Fields[]): string[] => [...new Set(objects.flatMap(Object.keys))];

const wanted = (manifest: Fields): Fields =>
  Object.assign({}, ...WANTED.map((key) => fieldsOf(manifest[key]))) as Fields;

function wantedChanges(before: Fields, after: Fields): string[] {
  return keysOf(before, after).flatMap((name) => {
    const [then, now] = [before[name], after[name]];
    if (isDeepStrictEqual(then, now)) return [];
    if (now === undefined) return [`${name} is taken out`];
    // A range, another package's name, an address or a folder: what is installed does not stand there.
    if (!VERSION.test(String(now))) return [`${name} is ${shown(now)}, which is no version`];
    return isLower(String(now), String(then)) ? [`${name} is ${shown(now)}, older than ${shown(then)}`] : [];
  });
}

function isLower(version: string, than: string): boolean {
  const [one, other] = [version, than].map((each) => VERSION.exec(each)?.slice(1, 4).map(Number));
  if (one === undefined || other === undefined) return false;
  const at = one.findIndex((part, index) => part !== other[index]);
  return at >= 0 && (one[at] ?? 0) < (other[at] ?? 0);
}

function lockChanges(before: Fields | undefined, after: Fields | undefined, usual: string): string[] {
  if (before === undefined || after === undefined) return gone(before, after);
  const known = knownOf(before, usual);
  const now = fieldsOf(after["packages"]);
  return [
    ...fieldChanges(before, after, ["packages"]),
    ...keysOf(now).flatMap((place) => placeChange(place, fieldsOf(now[place]), known)),
  ];
}

/** What a lock file says of where packages come from. */
interface Known {
  packages: Fields;
  registries: ReadonlySet<string>;
  /** Checksums by name and version. */
  checksums: ReadonlyMap<string, unknown>;
}

function knownOf(lock: Fields, usual: string): Known {
  const packages = fieldsOf(lock["packages"]);
  const registries = new Set<string>();
  const checksums = new Map<string, unknown>();
  for (const [place, value] of Object.entries(packages)) {
    const entry = fieldsOf(value);
    if (!PLACE.test(place) || entry["link"] === true) continue;
    registries.add(registryOf(place, entry) ?? usual.replace(/\/$/, ""));
    checksums.set(`${nameOf(place)}@${entry["version"]}`, entry["integrity"]);
  }
  return { packages, registries, checksums };
}

const nameOf = (place: string): string => place.split("node_modules/").at(-1) ?? "";

/** Of an entry's address, what stands before the package's own part; undefined where it has no such address. */
function registryOf(place: string, entry: Fields): string | undefined {
  const name = nameOf(place);
  const own = `/${name}/-/${name.split("/").at(-1)}-${entry["version"]}.tgz`;
  const address = String(entry["resolved"] ?? "");
  return address.endsWith(own) ? address.slice(0, -own.length) : undefined;
}

function placeChange(place: string, entry: Fields, { packages, registries, checksums }: Known): string[] {
  const before = fieldsOf(packages[place]);
  if (isDeepStrictEqual(before, entry)) return [];
  // The project's own: what is asked for stands in its package.json, without which npm does not install.
  if (place === "") return fieldChanges(before, entry, [...WANTED, "hasInstallScript"]);
  if (!PLACE.test(place)) return [`${place} is not of a registry`];
  const name = nameOf(place);
  const { resolved, version, integrity } = entry;
  if (entry["link"] === true || (entry["name"] ?? name) !== name) {
    return [`${place} is another package or folder: ${shown(entry["name"] ?? resolved)}`];
  }
  const registry = registryOf(place, entry);
  if (resolved !== undefined && (registry === undefined || !registries.has(registry))) {
    return [`${place} comes from ${shown(resolved)}`];
  }
  if (!VERSION.test(String(version))) return [`${place} is ${shown(version)}, which is no version`];
  if (integrity === undefined && entry["inBundle"] !== true) return [`${place} has no checksum`];
  const checksum = checksums.get(`${name}@${version}`);
  return checksum === undefined || checksum === integrity ? [] : [`${place} has another checksum`];
}
