import { isFields } from "../../base/json-values";

/** A value as people read it. @param names of objects, by id */
export function inWords(value: unknown, names: ReadonlyMap<string, string>): string {
  if (typeof value === "string") {
    const name = names.get(value);
    if (name !== undefined) return name;
    return value === "" ? '""' : value;
  }
  if (Array.isArray(value)) return `[${value.map((each) => inWords(each, names)).join(", ")}]`;
  if (isFields(value)) {
    return `{${Object.entries(value)
      .map(([key, each]) => `${key}: ${inWords(each, names)}`)
      .join(", ")}}`;
  }
  return String(value);
}
