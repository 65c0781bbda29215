import { apiFields, apiName } from "./api-form";
import type { Field, Fields, Opening } from "./field";

/** A change of a field, from where it begins. */
export interface FieldChange {
  /** In the API's spelling, name by name. */
  path: readonly string[];
  before?: unknown;
  after?: unknown;
}

type When = Opening["when"];

const isOff = (value: unknown): boolean => value === undefined || value === false;

/** It was off and is on now. */
export const turnedOn: When = (before, after) => after === true && isOff(before);
/** It was on and is off now. */
export const turnedOff: When = (before, after) => before === true && isOff(after);
/** It has something that it had not. */
export const given: When = (_, after) => after !== undefined;
/** It is another, or gone. */
export const changed: When = () => true;

/** The same field, of which a change opens something. */
export const opening = (field: Field, when: When, what: string, at?: string): Field => ({
  ...field,
  opens: { when, what, ...(at === undefined ? {} : { at }) },
});

/**
 * What a change of an object opens, as the field says at which it begins, or one above.
 * @param fields of the object, by the API's names
 * @param isCamel whether the API spells the names below as the provider does
 */
export function openedBy(
  fields: Fields,
  { path, before, after }: FieldChange,
  isCamel = false,
): string | undefined {
  const [name = "", ...rest] = path;
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field === undefined) return undefined;
  const { opens, fields: below } = field;
  const isHere = opens !== undefined && (opens.at === undefined || opens.at === rest.join("."));
  if (isHere && opens.when(before, after)) return opens.what;
  if (below === undefined || below === "rules") return undefined;
  return openedBy(inApiNames(below, isCamel), { path: rest, before, after }, isCamel);
}

const inApiNames = (fields: Fields, isCamel: boolean): Fields =>
  isCamel
    ? Object.fromEntries(Object.entries(fields).map(([name, field]) => [apiName(name, field, true), field]))
    : apiFields({ fields });
