import { z } from "zod";

/** A change of one field of an object, as one request of the API makes it, or as an answer would show it. */
export interface Mutation {
  /** Path of the field, e.g. `config.client_id`; a list is one field. */
  path: string;
  /** What it becomes; undefined takes it away. */
  value: unknown;
}

type Json = Readonly<Record<string, unknown>>;

/** Another value for a field of which only the type is known. */
function another(value: unknown): unknown {
  if (value === null || value === undefined) return "set-by-hand";
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") return value + 1;
  if (typeof value !== "string") return undefined;
  const time = Date.parse(value);
  if (/^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(time)) {
    return new Date(time + 86_400_000).toISOString().replace(".000Z", "Z");
  }
  return `${value}-by-hand`;
}

/** Every leaf of what an answer shows, changed; of a list also one more and none. */
export function shownMutations(value: unknown, path: string[] = []): Mutation[] {
  const here = path.join(".");
  if (Array.isArray(value)) {
    return [
      { path: here, value: [...value, typeof value[0] === "object" ? { by: "hand" } : "by-hand"] },
      ...(value.length === 0 ? [] : [{ path: here, value: [] }]),
      ...value.flatMap((each, index) => shownMutations(each, [...path, String(index)])),
    ];
  }
  if (typeof value === "object" && value !== null) {
    const inner = Object.entries(value).flatMap(([name, each]) => shownMutations(each, [...path, name]));
    return inner.length > 0 ? inner : [{ path: `${here}.by-hand`, value: "set-by-hand" }];
  }
  return [{ path: here, value: another(value) }];
}

/** Every field that a body of the API may hold, set to another value than it has now. */
export function bodyMutations(schema: z.ZodType, now: Json): Mutation[] {
  const json = z.toJSONSchema(schema, { unrepresentable: "any", io: "input" }) as Schema;
  return fieldsIn(json, now, []);
}

interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  anyOf?: Schema[];
  enum?: unknown[];
  items?: Schema;
  additionalProperties?: unknown;
}

function fieldsIn(schema: Schema, now: unknown, path: string[]): Mutation[] {
  const own = solid(schema);
  const here = path.join(".");
  if (own.properties !== undefined) {
    const fields = typeof now === "object" && now !== null ? (now as Json) : {};
    return Object.entries(own.properties).flatMap(([name, inner]) =>
      fieldsIn(inner, fields[name], [...path, name]),
    );
  }
  if (own.enum !== undefined) {
    return own.enum
      .filter((each) => each !== now && each !== "" && each !== null)
      .map((value) => ({ path: here, value }));
  }
  switch (typeOf(own)) {
    case "boolean":
      return [{ path: here, value: !now }];
    case "number":
    case "integer":
      return [{ path: here, value: Number(now ?? 1) + 1 }];
    case "string":
      return [{ path: here, value: another(now) }];
    case "array":
      return [{ path: here, value: [...(Array.isArray(now) ? now : []), "by-hand"] }];
    default:
      return [{ path: here, value: { "by-hand": "set" } }];
  }
}

const typeOf = ({ type }: Schema): string | undefined =>
  Array.isArray(type) ? type.find((each) => each !== "null") : type;

/** A schema without the `or null` around it. */
function solid(schema: Schema): Schema {
  const [first] = (schema.anyOf ?? []).filter(({ type }) => type !== "null");
  return first === undefined ? schema : solid(first);
}

/** A copy with one field changed. */
export function changed<T>(object: T, { path, value }: Mutation): T {
  return set(object, path.split("."), value) as T;
}

function set(object: unknown, [name, ...rest]: string[], value: unknown): unknown {
  if (name === undefined) return value;
  if (Array.isArray(object))
    return object.map((each, index) => (String(index) === name ? set(each, rest, value) : each));
  const fields = { ...(object as Json | null | undefined) };
  const inner = set(fields[name], rest, value);
  if (inner === undefined) {
    delete fields[name];
    return fields;
  }
  return { ...fields, [name]: inner };
}
