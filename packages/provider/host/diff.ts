import { isMap, type PropertyMap, type PropertyValue, sameValue, unwrap } from "./values";

/** What happened to one property. */
export type ChangeKind = "add" | "delete" | "update";

/** One changed property, by its path as Pulumi writes it: `destinations[0].uri`. */
export interface Change {
  path: string;
  kind: ChangeKind;
}

const PLAIN_NAME = /^[A-Za-z_$][\w$]*$/;

/**
 * Every change from `before` to `after`, at the depth where it happened.
 * @param before properties as they are; absent names count as not set
 * @param after properties as they are to be
 */
export function changesBetween(before: PropertyMap, after: PropertyMap): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => changesAt(join("", name), before[name], after[name]));
}

/** The first name of a path: `config` for `config.ingresses[0].service`. */
export function topLevel(path: string): string {
  const quoted = /^\["((?:[^"\\]|\\.)*)"\]/.exec(path);
  return quoted?.[1] ?? path.split(/[.[]/, 1)[0] ?? path;
}

function changesAt(
  path: string,
  before: PropertyValue | undefined,
  after: PropertyValue | undefined,
): Change[] {
  if (sameValue(before, after)) return [];
  if (before === undefined) return [{ path, kind: "add" }];
  if (after === undefined) return [{ path, kind: "delete" }];
  const left = unwrap(before);
  const right = unwrap(after);
  if (isMap(left) && isMap(right)) {
    const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
    return names.flatMap((name) => changesAt(join(path, name), left[name], right[name]));
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    const length = Math.max(left.length, right.length);
    return Array.from({ length }, (_, index) =>
      changesAt(`${path}[${index}]`, left[index], right[index]),
    ).flat();
  }
  return [{ path, kind: "update" }];
}

function join(path: string, name: string): string {
  if (!PLAIN_NAME.test(name)) return `${path}["${name.replaceAll('"', '\\"')}"]`;
  return path === "" ? name : `${path}.${name}`;
}
