import { isHidden } from "../../access/hidden";
import { isFields } from "../../base/json-values";
import { rulesOf, snakeCase } from "../wire-rules";
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
export function inApiForm({ fields }: Pick<Kind, "fields">, properties: Readonly<Record<string, unknown>>) {
  return spelled(properties, fields, false) as Record<string, unknown>;
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

/**
 * Where the API has an object.
 * @param own id and inputs of the resource, and its account
 */
export function apiPath({ path }: Pick<Kind, "path">, own: Readonly<Record<string, unknown>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(own[name])));
}

/** What the API shows of an object, or a state says of it in the API's form, without what no answer should hold. */
export function withoutWithheld(
  kind: Kind,
  wire: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return stripped(wire, apiFields(kind));
}

function stripped(wire: Readonly<Record<string, unknown>>, fields: Fields): Record<string, unknown> {
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
