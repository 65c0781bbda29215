import { isHidden } from "../../access/hidden";
import { canonical, type Fields, fieldsOf, isFields } from "../../base/json-values";
import type { Field } from "../../cloudflare/kinds";
import { isUnset } from "../../cloudflare/kinds/unset";

/** How one field of an object is compared: what it is when it is absent, whether it is a time, or rules. */
type FieldRule = Partial<Pick<Field, "default" | "time" | "fields">>;

/** A difference in one field, down to where the two part. */
export interface Difference {
  /** Dotted path in the API's spelling. */
  field: string;
  /** The same, name by name. */
  path: readonly string[];
  before?: unknown;
  after?: unknown;
  list?: true;
}

/** What a comparison came to. */
export interface Compared {
  differences: Difference[];
  /** Fields whose former value is encrypted in the state. */
  hidden: string[];
}

/**
 * Compares an object field by field. Lists are compared without order, since the API promises none for those
 * that are compared here; what is empty is the same as what is absent.
 * @param rules the fields to compare, by their name in the API
 */
export function compareFields(
  rules: Readonly<Record<string, FieldRule>>,
  before: Fields,
  after: Fields,
): Compared {
  const compared: Compared = { differences: [], hidden: [] };
  for (const [field, rule] of Object.entries(rules)) {
    walk([field], settled(before[field], rule), settled(after[field], rule), compared);
  }
  return compared;
}

function walk(path: readonly string[], before: unknown, after: unknown, found: Compared): void {
  const field = path.join(".");
  if (isHidden(before)) {
    found.hidden.push(field);
    return;
  }
  if (Array.isArray(before) || Array.isArray(after)) {
    found.differences.push(...listDifference(path, asList(before), asList(after)));
    return;
  }
  if (isFields(before) || isFields(after)) {
    const [then, now] = [fieldsOf(before), fieldsOf(after)];
    for (const name of new Set([...Object.keys(then), ...Object.keys(now)])) {
      walk([...path, name], then[name], now[name], found);
    }
    return;
  }
  if (before === after) return;
  found.differences.push({
    field,
    path,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  });
}

function listDifference(path: readonly string[], before: unknown[], after: unknown[]): Difference[] {
  const gone = without(before, after);
  const come = without(after, before);
  if (gone.length === 0 && come.length === 0) return [];
  return [
    {
      field: path.join("."),
      path,
      list: true,
      ...(gone.length === 0 ? {} : { before: gone }),
      ...(come.length === 0 ? {} : { after: come }),
    },
  ];
}

/** What a list has more of than the other. */
function without(list: readonly unknown[], other: readonly unknown[]): unknown[] {
  const left = other.map(canonical);
  return list.filter((each) => {
    const at = left.indexOf(canonical(each));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function settled(value: unknown, rule: FieldRule): unknown {
  const given = value === undefined || value === null ? rule.default : value;
  if (rule.time && typeof given === "string") {
    const time = Date.parse(given);
    return Number.isNaN(time) ? given : new Date(time).toISOString().replace(".000Z", "Z");
  }
  // What is off in place of a default that is on has to be told from what is absent.
  if (rule.default !== undefined && given === false) return false;
  // Of rules an empty object is one.
  return rule.fields === "rules" ? filled(given) : meant(given);
}

/** A value without what says nothing: absent, null, false, empty. */
function meant(value: unknown): unknown {
  if (isUnset(value)) return undefined;
  if (isHidden(value)) return value;
  if (Array.isArray(value)) return value.map((each) => meant(each) ?? each);
  if (!isFields(value)) return value;
  const kept = Object.entries(value).flatMap(([name, inner]) => {
    const left = meant(inner);
    return left === undefined ? [] : [[name, left] as const];
  });
  return Object.fromEntries(kept);
}

/** Rules without the kinds that a provider spells out as null. */
function filled(value: unknown): unknown {
  if (isHidden(value)) return value;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(filled);
  if (!isFields(value)) return value ?? undefined;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null && inner !== undefined)
      .map(([name, inner]) => [name, filled(inner)]),
  );
}

const asList = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];
