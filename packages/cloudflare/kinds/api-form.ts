import { isHidden } from "../../access/hidden";
import { isFields, type Fields as Json } from "../../base/json-values";
import { camelCase, providerRules, rulesOf, snakeCase } from "../wire-rules";
import type { Field, Fields, Kind } from "./field";

/** The API's name of a field. */
export const apiName = (name: string, field: Field | undefined, isCamel = false): string =>
  field?.api ?? (isCamel ? name : snakeCase(name));

/** Every field that answers of the API have of a kind, by the API's names. */
export function apiFields({ fields, onlyInApi }: Pick<Kind, "fields"> & Partial<Kind>): Fields {
  const ofProvider = Object.entries(fields).map(([name, field]) => [apiName(name, field), field]);
  return { ...Object.fromEntries(ofProvider), ...onlyInApi };
}

/** Properties of a resource in the API's spelling; what cannot be read stays as it is. */
export function inApiForm({ fields }: Pick<Kind, "fields">, properties: Json) {
  return spelled(properties, fields, false) as Json;
}

function spelled(value: unknown, fields: Fields, isCamel: boolean): unknown {
  if (isHidden(value)) return value;
  if (Array.isArray(value)) return value.map((each) => spelled(each, fields, isCamel));
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      const below = field?.fields;
      return [
        apiName(name, field, isCamel),
        below === "rules"
          ? rulesOf(inner)
          : spelled(inner, below ?? {}, isCamel || field?.camelCase === true),
      ];
    }),
  );
}

/** What the API shows of an object, as the provider would have it: the properties of a resource. */
export function inProviderForm({ fields }: Pick<Kind, "fields">, wire: Json): Json {
  return named(wire, fields, false) as Json;
}

function named(value: unknown, fields: Fields, isCamel: boolean): unknown {
  if (Array.isArray(value)) return value.map((each) => named(each, fields, isCamel));
  if (!isFields(value)) return value;
  const names = new Map(Object.entries(fields).map(([name, field]) => [apiName(name, field, isCamel), name]));
  return Object.fromEntries(
    Object.entries(value).map(([api, inner]) => {
      const name = names.get(api) ?? (isCamel ? api : camelCase(api));
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      const below = field?.fields;
      return [
        name,
        below === "rules"
          ? providerRules(inner)
          : named(inner, below ?? {}, isCamel || field?.camelCase === true),
      ];
    }),
  );
}

/**
 * Where the API has an object.
 * @param own id and inputs of the resource, and its account
 */
export function apiPath({ path }: Pick<Kind, "path">, own: Json): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(own[name])));
}

/** What the API shows of an object, or a state says of it in the API's form, without what no answer should hold. */
export function withoutWithheld(kind: Kind, wire: Json): Json {
  return stripped(wire, apiFields(kind));
}

function stripped(wire: Json, fields: Fields): Json {
  return Object.fromEntries(
    Object.entries(wire).flatMap(([name, value]) => {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (field?.withheld !== undefined) return [];
      if (field?.fields === undefined || field.fields === "rules" || !isFields(value)) return [[name, value]];
      if (isHidden(value)) return [[name, value]];
      return [[name, stripped(value, apiFields({ fields: field.fields }))]];
    }),
  );
}
