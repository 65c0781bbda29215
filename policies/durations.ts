import { lifetime } from "../config/limits";
import { parseDuration } from "../packages/base/duration";
import { isUnknown, type Resource, type Value } from "./resource";
import { type Fault, undecided } from "./rule";

/**
 * Judges a length of time against a limit.
 * @param value a Go duration, as the API takes it
 * @param limit the longest to accept, as a Go duration, or `forever`
 */
export function judgeDuration(resource: Resource, property: string, value: Value, limit: string): Fault[] {
  if (isUnknown(value)) return [undecided(resource, property)];
  const remedy = `Set it to a duration of at most ${limit}.`;
  const finding = (found: string) => [{ resource, property, found, remedy }];
  if (value === undefined) return finding("is absent, so that a default decides which can change");
  const longest = lifetime(limit);
  const length = typeof value === "string" ? parseDuration(value) : undefined;
  if (length === undefined && value === limit) return [];
  if (length === undefined) return finding(`is ${JSON.stringify(value)}, which has no end`);
  return length > longest ? finding(`is ${value}, longer than ${limit}`) : [];
}
