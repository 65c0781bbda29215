import {
  type Change,
  type CheckFailure,
  isMap,
  type PropertyMap,
  secretStrings,
  topLevel,
  unwrap,
} from "../../../provider/host";
import { completed, type Fields, sendable } from "../fields";
import { unlessGone } from "../http-error";
import type { Kind, Transition } from "../kind";
import type { CloudflareApi } from "./api";
import { isObject, type Json, type JsonObject } from "./json";
import { fromWire, toWire, wireName } from "./wire";

/** An object kind of the v4 API, as a table; `apiKind` makes a resource type of it. */
export interface ApiKindTable {
  type: string;
  fields: Fields;
  /**
   * Path of the collection below the base URL. `{accountId}` and the like are taken from the
   * properties; `{scope}` is `accounts/<accountId>` or `zones/<zoneId>`, whichever is given.
   */
  collection: string;
  /** Path of one object; default: the collection's and the id. */
  item?: string;
  /** `post` on the collection, or `put` on the item where the object exists from the start. */
  create?: "post" | "put";
  /** `put` sends the whole object, `patch` what changed. */
  update: "put" | "patch";
  /** False: the API has no call to remove it. */
  deletable?: boolean;
  /** The form of the id that an import takes. */
  importId: string;
  check?(inputs: PropertyMap): CheckFailure[];
  complete?(plan: PropertyMap): PropertyMap;
  renewedBy?(changes: Change[], inputs: PropertyMap): string[];
  /** True: of a new object the whole answer is needed; else the part that came is taken for it. */
  wholeAnswer?: boolean;
  /** Says what a new object's owner has to know. */
  warning?: string;
  /** Puts what the API shows into the form in which it is sent. */
  shown?(result: JsonObject, state: PropertyMap): JsonObject | undefined;
  /** Outputs for which the API may have no value. */
  outputDefaults?: PropertyMap;
  /** The same, for an object that is read and not written. */
  readDefaults?: PropertyMap;
}

/** Of the state, as the real provider's releases name it; without it they take a state for that of an old release. */
const SCHEMA_VERSION = "500";

/** A resource type that speaks to the API as the table says: one write per object, none to read back. */
export function apiKind(api: CloudflareApi, table: ApiKindTable): Kind {
  const { fields } = table;
  const item = table.item ?? `${table.collection}/{id}`;

  /** The plan and, from the API's answer, what the server decided. */
  const outcome = (result: Json, plan: PropertyMap): PropertyMap => {
    const answer = isObject(result) ? result : {};
    const shown = fromWire(fields, table.shown?.(answer, plan) ?? answer, {});
    return completed(fields, plan, withDefaults(table.outputDefaults, shown));
  };

  return {
    type: table.type,
    fields,
    schemaVersion: SCHEMA_VERSION,
    importsDefaults: true,
    complete: table.complete,
    renewedBy: table.renewedBy,

    check(inputs) {
      const scope = table.collection.includes("{scope}") ? scopeFailures(inputs) : [];
      return [...scope, ...(table.check?.(inputs) ?? [])];
    },

    async create(plan, context) {
      const verb = table.create ?? "post";
      const path = fill(verb === "post" ? table.collection : item, plan, "");
      const body = toWire(fields, plan);
      const part = verb === "post" && table.wholeAnswer !== true;
      const result = await api.call(verb, path, body, { secrets: secretStrings(plan), part });
      const id = isObject(result) && verb === "post" ? result.id : lastOf(plan, item);
      if (typeof id !== "string") throw new Error(`the API made a ${table.type} without saying its id`);
      if (table.warning !== undefined) await context.warn(table.warning);
      return { id, outputs: outcome(result, plan) };
    },

    async read(given, state) {
      const imported = Object.keys(state).length === 0 ? parseImportId(table, given) : undefined;
      const known = imported?.properties ?? state;
      const id = imported?.id ?? given;
      const result = await unlessGone(api.call("get", fill(item, known, id)));
      if (!isObject(result)) return undefined;
      const shown = table.shown === undefined ? result : table.shown(result, state);
      if (shown === undefined) return undefined;
      const preset = { ...table.outputDefaults, ...table.readDefaults };
      const read = fromWire(fields, shown, known, { imported: imported !== undefined });
      return { id, state: withDefaults(preset, read) };
    },

    async update({ id, state, inputs, plan, changes }: Transition) {
      const secrets = [...secretStrings(plan), ...secretStrings(state)];
      const body = withRemovals(fields, toWire(fields, sendable(fields, plan, inputs)), state, plan);
      const sent = table.update === "put" ? body : onlyChanged(fields, body, changes);
      return outcome(await api.call(table.update, fill(item, plan, id), sent, { secrets }), plan);
    },

    async delete(id, state) {
      if (table.deletable === false) return;
      await unlessGone(api.call("delete", fill(item, state, id)));
    },
  };
}

/** The object with a value for each output that has one where the API has none. */
function withDefaults(presets: PropertyMap = {}, shown: PropertyMap): PropertyMap {
  const whole = { ...shown };
  for (const [name, preset] of Object.entries(presets)) {
    const value = shown[name];
    whole[name] =
      isMap(preset) && value !== undefined && isMap(value) ? { ...preset, ...value } : (value ?? preset);
  }
  return whole;
}

function scopeFailures(inputs: PropertyMap): CheckFailure[] {
  const given = ["accountId", "zoneId"].filter((name) => (inputs[name] ?? null) !== null);
  if (given.length === 1) return [];
  return [{ property: "accountId", reason: "give either accountId or zoneId, exactly one of them" }];
}

/** Replaces `{name}` in a path by the property of that name. */
function fill(path: string, properties: PropertyMap, id: string): string {
  const value = (name: string): string => {
    const found = name === "id" ? id : unwrap(properties[name] ?? null);
    if (typeof found !== "string" || found === "")
      throw new Error(`${name} is not known, so ${path} cannot be called`);
    return encodeURIComponent(found);
  };
  return path
    .replace("{scope}", () =>
      (properties.accountId ?? null) === null ? `zones/${value("zoneId")}` : `accounts/${value("accountId")}`,
    )
    .replace(/\{(\w+)\}/g, (_, name: string) => value(name));
}

/** The id of an object that has no id of its own: the one that its path ends with, before the fixed part. */
function lastOf(plan: PropertyMap, item: string): string | undefined {
  const name = [...item.matchAll(/\{(\w+)\}/g)].at(-1)?.[1];
  const value = name === undefined ? undefined : unwrap(plan[name] ?? null);
  return typeof value === "string" ? value : undefined;
}

function parseImportId(table: ApiKindTable, given: string): { id: string; properties: PropertyMap } {
  const parts = given.split("/");
  const form = table.importId.split("/");
  const fits =
    parts.length === form.length &&
    parts.every((part, index) => part !== "" && (form[index]?.startsWith("{") || matches(form[index], part)));
  if (!fits) {
    throw new Error(`"${given}" does not import a ${table.type}\n  → give the id as ${table.importId}`);
  }
  const properties: PropertyMap = {};
  let id = given;
  form.forEach((name, index) => {
    const part = parts[index] ?? "";
    if (name === "{id}") id = part;
    else if (name === "{scopeId}") properties[parts[index - 1] === "zones" ? "zoneId" : "accountId"] = part;
    else if (name.startsWith("{")) properties[name.slice(1, -1)] = part;
  });
  // A kind without an id of its own is known by the property that ends its import id.
  if (!form.includes("{id}")) id = parts.at(-1) ?? given;
  return { id, properties };
}

function matches(alternatives: string | undefined, part: string): boolean {
  return alternatives?.split("|").includes(part) ?? false;
}

/** Adds a null for each property that was set and no longer is: leaving it out would say the same as before. */
function withRemovals(fields: Fields, body: JsonObject, state: PropertyMap, plan: PropertyMap): JsonObject {
  const whole = { ...body };
  for (const [name, field] of Object.entries(fields)) {
    const removable = !field.inPath && (field.setBy ?? "user") === "user";
    if (removable && state[name] !== undefined && plan[name] === undefined)
      whole[wireName(name, field)] = null;
  }
  return whole;
}

function onlyChanged(fields: Fields, body: JsonObject, changes: Change[]): JsonObject {
  const names = new Set(changes.map(({ path }) => topLevel(path)));
  const sent: JsonObject = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = body[wireName(name, field)];
    if (names.has(name) && value !== undefined) sent[wireName(name, field)] = value;
  }
  return sent;
}
