/** A value of a request's JSON as text. `String` throws at an object that brings a `toString` of its own. */
export const textOf = (value: unknown): string =>
  typeof value === "object" ? JSON.stringify(value) : String(value);

/** A value of a request's JSON as a number; NaN for what Python's `int` and `float` refuse. */
export function numberOf(value: unknown): number {
  const isNone = typeof value === "object" || (typeof value === "string" && value.trim() === "");
  return isNone ? Number.NaN : Number(value);
}
