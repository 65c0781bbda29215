/** Stands for a value that a preview cannot know yet, such as the id of an object not made so far. */
export class Unknown {
  // A class of its own, so that no string a user types can pass for it.
  private readonly marker = "unknown";

  toJSON(): string {
    return `<${this.marker}>`;
  }
}

/** The one instance of `Unknown`; two unknowns are never equal as values, see `sameValue`. */
export const UNKNOWN = new Unknown();

/** A value that the engine encrypts in state and hides in output. */
export class Secret {
  constructor(readonly value: PropertyValue) {}

  // Keeps the value out of logs and of JSON that somebody prints.
  toJSON(): string {
    return "[secret]";
  }
}

/** Whatever a resource property can hold, as this host hands it to a provider. */
export type PropertyValue =
  | null
  | boolean
  | number
  | string
  | Unknown
  | Secret
  | PropertyValue[]
  | PropertyMap;

/** Properties by name. */
export interface PropertyMap {
  [name: string]: PropertyValue;
}

/** Is it an object with named properties (and neither a list nor one of the markers)? */
export function isMap(value: PropertyValue | undefined): value is PropertyMap {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Secret) &&
    !(value instanceof Unknown)
  );
}

/** The value without its outermost secret marks. */
export function unwrap(value: PropertyValue): Exclude<PropertyValue, Secret> {
  let inner = value;
  while (inner instanceof Secret) inner = inner.value;
  return inner;
}

/** The value without any secret mark, at any depth. Only for requests and comparisons, never for state. */
export function reveal(value: PropertyValue): PropertyValue {
  const inner = unwrap(value);
  if (Array.isArray(inner)) return inner.map(reveal);
  if (isMap(inner)) return mapValues(inner, reveal);
  return inner;
}

/** Does it hold an unknown, at any depth? */
export function hasUnknown(value: PropertyValue): boolean {
  const inner = unwrap(value);
  if (inner instanceof Unknown) return true;
  if (Array.isArray(inner)) return inner.some(hasUnknown);
  return isMap(inner) && Object.values(inner).some(hasUnknown);
}

/** Every non-empty string below a secret mark, for masking messages. */
export function secretStrings(value: PropertyValue, inside = false): string[] {
  if (value instanceof Secret) return secretStrings(value.value, true);
  if (typeof value === "string") return inside && value !== "" ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item) => secretStrings(item, inside));
  return isMap(value) ? Object.values(value).flatMap((item) => secretStrings(item, inside)) : [];
}

/** Equal, secret marks aside; an unknown equals nothing, since it may turn out to be anything. */
export function sameValue(a: PropertyValue | undefined, b: PropertyValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const left = unwrap(a);
  const right = unwrap(b);
  if (left instanceof Unknown || right instanceof Unknown) return false;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => sameValue(item, right[index]))
    );
  }
  if (isMap(left)) {
    if (!isMap(right)) return false;
    const names = Object.keys(left);
    return (
      names.length === Object.keys(right).length &&
      names.every((name) => Object.hasOwn(right, name) && sameValue(left[name], right[name]))
    );
  }
  return left === right;
}

/** The same names with each value passed through `change`. */
export function mapValues(
  map: PropertyMap,
  change: (value: PropertyValue, name: string) => PropertyValue,
): PropertyMap {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, change(value, name)]));
}
