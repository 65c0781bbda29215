import { isMap, type PropertyMap, type PropertyValue, Secret, Unknown, unwrap } from "../../../provider/host";
import { type Field, type Fields, inOrder, isEmpty, marked } from "../fields";
import { isObject, type Json, type JsonObject } from "./json";

/** The name a property has in the API. */
export function wireName(name: string, field: Field): string {
  return field.wire ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A request body. What belongs to the URL and what the server decides stay out, unless it is sent back. */
export function toWire(fields: Fields, object: PropertyMap): JsonObject {
  const body: JsonObject = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = object[name];
    if (value === undefined || field.inPath || field.setBy === "server") continue;
    body[wireName(name, field)] = wireValue(field, value);
  }
  return body;
}

function wireValue(field: Field, value: PropertyValue): Json {
  const inner = unwrap(value);
  if (inner instanceof Unknown) throw new Error("a value is still unknown where it has to be sent");
  if (Array.isArray(inner)) {
    const { item } = field;
    return item === undefined ? [] : inner.map((each) => wireValue(item, each));
  }
  if (isMap(inner)) {
    if (field.type === "object") return toWire(field.fields ?? {}, inner);
    return Object.fromEntries(Object.entries(inner).map(([name, each]) => [name, plain(each)]));
  }
  return inner;
}

function plain(value: PropertyValue): Json {
  const inner = unwrap(value);
  if (inner instanceof Unknown) throw new Error("a value is still unknown where it has to be sent");
  if (Array.isArray(inner)) return inner.map(plain);
  if (isMap(inner))
    return Object.fromEntries(Object.entries(inner).map(([name, each]) => [name, plain(each)]));
  return inner;
}

/**
 * An object as the API shows it. What the API keeps to itself (secrets) is taken from the state, and
 * so is an empty value that the API leaves out; an empty one that nobody set is left out.
 * @param state the object as last seen; on import what its id says
 * @param options.imported also what is switched off is kept
 */
export function fromWire(
  fields: Fields,
  shown: JsonObject,
  state: PropertyMap,
  { imported = false } = {},
): PropertyMap {
  const object: PropertyMap = {};
  for (const [name, field] of Object.entries(fields)) {
    const before = state[name];
    const value = field.inPath || field.unshown ? null : (shown[wireName(name, field)] ?? null);
    if (value === null) {
      const withheld = field.inPath || field.unshown || field.secret || before instanceof Secret;
      if (before !== undefined && (withheld || isEmpty(before))) object[name] = before;
      continue;
    }
    const old = before === undefined ? {} : unwrap(before);
    const read = readValue(field, value, isMap(old) ? old : {}, imported);
    const unasked = before === undefined && field.default === undefined && (field.setBy ?? "user") === "user";
    if (unasked && isEmpty(read) && !(imported && read === false)) continue;
    object[name] = marked(field, before instanceof Secret ? new Secret(read) : read);
  }
  return object;
}

function readValue(field: Field, value: Json, state: PropertyMap, imported: boolean): PropertyValue {
  if (field.type === "object" && isObject(value))
    return fromWire(field.fields ?? {}, value, state, { imported });
  if (field.type === "list" && Array.isArray(value)) {
    const { item } = field;
    if (item === undefined) return value;
    const items = value.map((each) => readItem(item, each));
    return field.sorted ? inOrder(items) : items;
  }
  if (field.type === "json") return JSON.stringify(value);
  if (field.type === "time" && typeof value === "string") return value.replace(/\.\d+(?=Z$)/, "");
  return value;
}

/** Inside a list an empty object can be the whole point: `{everyone: {}}`. */
function readItem(field: Field, value: Json): PropertyValue {
  if (field.type !== "object" || !isObject(value)) return readValue(field, value, {}, false);
  const object: PropertyMap = {};
  for (const [name, inner] of Object.entries(field.fields ?? {})) {
    const each = value[wireName(name, inner)] ?? null;
    if (each !== null) object[name] = readItem(inner, each);
  }
  return object;
}
