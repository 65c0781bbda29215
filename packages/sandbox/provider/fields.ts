import {
  type CheckFailure,
  hasUnknown,
  isMap,
  type PropertyMap,
  type PropertyValue,
  reveal,
  Secret,
  sameValue,
  UNKNOWN,
  Unknown,
  unwrap,
} from "../../provider/host";

/** One property of a resource type: what the user may write, and how it goes over the wire. */
export interface Field {
  type: "string" | "number" | "boolean" | "object" | "list" | "map" | "time" | "json";
  /** Of an object: its properties. */
  fields?: Fields;
  /** Of a list: what each item is. */
  item?: Field;
  /** Name in the API; default: the property's own name in snake_case. */
  wire?: string;
  /** The user has to give it. */
  required?: boolean;
  /** Taken when the user leaves it out. */
  default?: PropertyValue;
  /** A change makes a new object. */
  replace?: boolean;
  /** Encrypted in state, whoever set it. */
  secret?: boolean;
  /** Who decides the value; `either`: the server where the user does not. Default: the user. */
  setBy?: "user" | "either" | "server";
  /** The API takes it and never shows it again; the state is the only memory of it. */
  unshown?: boolean;
  /** Part of the URL, not of the body. */
  inPath?: boolean;
  /** Of a list: the order of its items says nothing, and they are kept sorted. */
  sorted?: boolean;
  /** Set by the server, yet part of the body of an update. */
  sentBack?: boolean;
  /** Decided by the server with every update: until it is done, a plan does not know it. */
  renewed?: boolean;
}

/** Properties by the name the user writes. */
export type Fields = Record<string, Field>;

type Options = Omit<Field, "type" | "item" | "fields">;

export const text = (options: Options = {}): Field => ({ type: "string", ...options });
export const count = (options: Options = {}): Field => ({ type: "number", ...options });
export const flag = (options: Options = {}): Field => ({ type: "boolean", ...options });
export const object = (fields: Fields, options: Options = {}): Field => ({
  type: "object",
  fields,
  ...options,
});
export const listOf = (item: Field, options: Options = {}): Field => ({ type: "list", item, ...options });
export const texts = (wire?: string, options: Options = {}): Field => listOf(text(), { wire, ...options });
/** A time that the server sets; the state keeps it to the second. */
export const time = (options: Options = {}): Field => ({ type: "time", setBy: "server", ...options });
/** Whatever the server says there, kept in the state as JSON text. */
export const json = (options: Options = {}): Field => ({ type: "json", setBy: "server", ...options });
/** Names that the user makes up, such as labels. */
export const freeMap = (options: Options = {}): Field => ({ type: "map", ...options });

/** Why the inputs are refused: unknown names, missing ones, wrong types. An unknown value passes. */
export function refusals(fields: Fields, inputs: PropertyMap, path = ""): CheckFailure[] {
  const at = (name: string) => (path === "" ? name : `${path}.${name}`);
  const settable = Object.keys(fields).filter((name) => fields[name]?.setBy !== "server");
  const strangers = Object.keys(inputs)
    .filter((name) => inputs[name] !== null && !settable.includes(name))
    .map((name) => ({
      property: at(name),
      reason: `there is no input "${name}" here; known are ${settable.sort().join(", ")}`,
    }));
  const missing = settable
    .filter((name) => fields[name]?.required && (inputs[name] ?? null) === null)
    .map((name) => ({ property: at(name), reason: "is required" }));
  const wrong = settable.flatMap((name) => {
    const field = fields[name];
    const value = inputs[name] ?? null;
    return field === undefined || value === null ? [] : wrongType(field, value, at(name));
  });
  return [...strangers, ...missing, ...wrong];
}

function wrongType(field: Field, given: PropertyValue, path: string): CheckFailure[] {
  const value = unwrap(given);
  if (value instanceof Unknown || value === null) return [];
  const expected = (what: string) => [{ property: path, reason: `must be ${what}` }];
  switch (field.type) {
    case "list":
      if (!Array.isArray(value)) return expected("a list");
      return value.flatMap((item, index) =>
        field.item === undefined ? [] : wrongType(field.item, item, `${path}[${index}]`),
      );
    case "object":
      return isMap(value) ? refusals(field.fields ?? {}, value, path) : expected("an object");
    case "map":
      return isMap(value) ? [] : expected("an object");
    default: {
      // The engine hands over provider config and some inputs as strings; the real provider converts them too.
      const convertible =
        typeof value === "string" &&
        ((field.type === "number" && value !== "" && Number.isFinite(Number(value))) ||
          (field.type === "boolean" && (value === "true" || value === "false")));
      return typeof value === field.type || convertible ? [] : expected(`a ${field.type}`);
    }
  }
}

/**
 * The object that the inputs ask for: with defaults, and with what the server decided before.
 * @param state the object as it is; empty when it does not exist yet
 */
export function planned(fields: Fields, inputs: PropertyMap, state: PropertyMap = {}): PropertyMap {
  const plan: PropertyMap = {};
  for (const [name, field] of Object.entries(fields)) {
    if (field.setBy === "server") continue;
    const given = inputs[name] ?? null;
    const before = state[name];
    if (given !== null) plan[name] = marked(field, plannedValue(field, given, before));
    else if (field.default !== undefined) plan[name] = field.default;
    else if (field.setBy === "either" && before !== undefined) plan[name] = before;
  }
  return plan;
}

function plannedValue(field: Field, given: PropertyValue, before: PropertyValue | undefined): PropertyValue {
  if (given instanceof Secret) return new Secret(plannedValue(field, given.value, before));
  if (given instanceof Unknown) return given;
  if (field.type === "object" && isMap(given)) {
    const old = before === undefined ? undefined : unwrap(before);
    return planned(field.fields ?? {}, given, isMap(old) ? old : {});
  }
  if (field.type === "list" && Array.isArray(given)) {
    const { item } = field;
    if (item === undefined) return given;
    const items = given.map((value) => plannedValue(item, value, undefined));
    return field.sorted ? inOrder(items) : items;
  }
  if (field.type === "number" && typeof given === "string") return Number(given);
  if (field.type === "boolean" && typeof given === "string") return given === "true";
  return given;
}

/** The items sorted, as soon as all of them are known. */
export function inOrder<T extends PropertyValue>(items: T[]): T[] {
  if (hasUnknown(items)) return items;
  const key = (item: T) => JSON.stringify(reveal(item));
  return items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/**
 * The part of an object that the user decides, for comparisons. An empty value of a field without a
 * default says the same as none: the API gives `false`, `""` or `[]` for what nobody set.
 */
export function comparable(fields: Fields, object: PropertyMap): PropertyMap {
  const kept: PropertyMap = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = object[name];
    if (value === undefined || field.setBy === "server") continue;
    const inner = unwrap(value);
    const nested = field.type === "object" && isMap(inner) ? comparable(field.fields ?? {}, inner) : value;
    if (field.default === undefined && isEmpty(nested)) continue;
    kept[name] = nested;
  }
  return kept;
}

/** False, zero-length or without properties. */
export function isEmpty(value: PropertyValue): boolean {
  const inner = unwrap(value);
  if (Array.isArray(inner)) return inner.length === 0;
  if (isMap(inner)) return Object.keys(inner).length === 0;
  return inner === false || inner === "" || inner === null;
}

/** The plan with what the server decided put in, at any depth of objects. */
export function completed(fields: Fields, plan: PropertyMap, shown: PropertyMap): PropertyMap {
  const whole = { ...plan };
  for (const [name, field] of Object.entries(fields)) {
    const mine = plan[name];
    const theirs = shown[name];
    if (theirs === undefined) continue;
    if (field.setBy === "server" || (field.setBy === "either" && mine === undefined)) whole[name] = theirs;
    else if (field.type === "object" && mine !== undefined) {
      whole[name] = completedValue(field.fields ?? {}, mine, unwrap(theirs));
    }
  }
  return whole;
}

function completedValue(fields: Fields, mine: PropertyValue, theirs: PropertyValue): PropertyValue {
  if (mine instanceof Secret) return new Secret(completedValue(fields, mine.value, theirs));
  return isMap(mine) && isMap(theirs) ? completed(fields, mine, theirs) : mine;
}

/** The part of a plan that a request carries: without what the server decided, unless it is sent back. */
export function sendable(fields: Fields, plan: PropertyMap, inputs: PropertyMap): PropertyMap {
  const sent: PropertyMap = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = plan[name];
    const given = inputs[name] ?? null;
    if (value === undefined || (field.setBy === "either" && !field.sentBack && given === null)) continue;
    const inner = unwrap(value);
    const wrote = unwrap(given);
    sent[name] =
      field.type === "object" && isMap(inner) && isMap(wrote)
        ? sendable(field.fields ?? {}, inner, wrote)
        : value;
  }
  return sent;
}

/** Every value that the server is going to decide, as unknown; for previews. */
export function toBeDecided(fields: Fields, plan: PropertyMap): PropertyMap {
  const unknown = Object.entries(fields)
    .filter(([name, field]) => (field.setBy ?? "user") !== "user" && plan[name] === undefined)
    .map(([name, field]) => [name, marked(field, UNKNOWN)] as const);
  return Object.fromEntries(unknown);
}

/** The value with the secret mark that its field asks for. */
export function marked(field: Field, value: PropertyValue): PropertyValue {
  return field.secret && !(value instanceof Secret) ? new Secret(value) : value;
}

/**
 * Inputs that describe an object that was read. After an import: all that is not empty, and unless `defaults` only
 * what the user must have decided. Else: what the user wrote before, with today's values.
 */
export function inputsOf(
  fields: Fields,
  state: PropertyMap,
  before: PropertyMap,
  defaults = false,
): PropertyMap {
  if (Object.keys(before).length > 0) return overlay(before, state);
  const inputs = comparable(fields, state);
  for (const [name, field] of Object.entries(fields)) {
    const decided = field.setBy !== "either" && !sameValue(inputs[name], field.default);
    if (defaults ? isEmpty(inputs[name] ?? null) : !decided) delete inputs[name];
  }
  return inputs;
}

function overlay(before: PropertyMap, now: PropertyMap): PropertyMap {
  const kept: PropertyMap = {};
  for (const [name, old] of Object.entries(before)) {
    const value = now[name];
    if (value !== undefined) kept[name] = overlayValue(old, value);
  }
  return kept;
}

function overlayValue(before: PropertyValue, now: PropertyValue): PropertyValue {
  if (before instanceof Secret) return new Secret(overlayValue(before.value, unwrap(now)));
  const value = unwrap(now);
  if (isMap(before) && isMap(value)) return overlay(before, value);
  if (Array.isArray(before) && Array.isArray(value) && before.length === value.length) {
    return value.map((item, index) => overlayValue(before[index] ?? null, item));
  }
  return now;
}
