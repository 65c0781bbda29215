/** `google.clientId`, `applications[0].allow.emails[0]`: a key that leads into a value. */
const PATH = /^[A-Za-z]+(\.[A-Za-z]+|\[\d{1,2}\])+$/;

/** A path into a value, as `pulumi config set --path` spells it. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

type Container = Record<string | number, unknown>;

/**
 * Puts each value whose key is a path where the path leads. `pulumi new` can ask for single values only, and writes
 * them under the key that the template names, e.g. `google.clientId`.
 * @returns the values by top-level key, and the paths that already had another value
 */
export function placePaths(raw: Readonly<Record<string, unknown>>): {
  placed: Record<string, unknown>;
  twice: string[];
} {
  const entries = Object.entries(raw);
  const paths = entries.filter(([key]) => PATH.test(key));
  // Not by assignment: the name `__proto__` would be lost by it.
  const placed = Object.fromEntries(
    entries.filter(([key]) => !PATH.test(key)).map(([key, value]) => [key, structuredClone(value)]),
  );
  const twice = paths.filter(([path, value]) => !place(placed, path.match(/[A-Za-z]+|\d+/g) ?? [], value));
  return { placed, twice: twice.map(([path]) => path) };
}

/** @returns false when something else is there already, or in the way. */
function place(container: Container, [part, ...rest]: readonly string[], value: unknown): boolean {
  if (part === undefined) return false;
  const [next] = rest;
  if (next === undefined) {
    if (Object.hasOwn(container, part)) return false;
    container[part] = value;
    return true;
  }
  if (!Object.hasOwn(container, part)) container[part] = /\d/.test(next) ? [] : {};
  const inner = container[part];
  return typeof inner === "object" && inner !== null && place(inner as Container, rest, value);
}
