import { canonical, isFields } from "../../base/json-values";
import type { Wire } from "../../cloudflare/account-api";
import { kindOfType } from "../../cloudflare/kinds";
import { inApiForm } from "../../cloudflare/kinds/api-form";
import { isUnset } from "../../cloudflare/kinds/unset";

/** Properties of a resource in the API's spelling. */
export function wireOf({ type, properties }: { type: string; properties: Wire }): Wire {
  const kind = kindOfType(type);
  return kind === undefined ? properties : inApiForm(kind, properties);
}

/** A field that is text; empty when it is anything else. */
export function text(from: Wire | undefined, field: string): string {
  const value = from?.[field];
  return typeof value === "string" ? value : "";
}

/** The objects in a field that is a list. */
export function objects(from: Wire | undefined, field: string): Wire[] {
  const value = from?.[field];
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** The texts in a field that is a list. */
export function texts(from: Wire | undefined, field: string): string[] {
  const value = from?.[field];
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
}

/** An object in a field; empty when there is none. */
export function inner(from: Wire | undefined, field: string): Wire {
  const value = from?.[field];
  return isFields(value) ? value : {};
}

/** Equal as JSON, whatever the order of the names; what nobody set equals its absence. */
export function alike(one: unknown, other: unknown): boolean {
  if (isUnset(one) || isUnset(other)) return isUnset(one) && isUnset(other);
  return canonical(one) === canonical(other);
}
