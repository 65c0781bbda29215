/** Any object in JSON. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object's fields; none of anything else. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** A list's items; none of anything else. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** All texts in a value, whatever its form; the names of its fields are none. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Whether a value is this text, or holds it anywhere inside. */
export function mentions(value: unknown, wanted: string): boolean {
  return textsIn(value).includes(wanted);
}

/** The names of all fields in a value, at any depth. */
export function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  return isFields(value) ? Object.entries(value).flatMap(([name, each]) => [name, ...namesIn(each)]) : [];
}

/** The same text for the same value, whatever the order of its names; a number without end keeps its word. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (name, given: unknown) => {
    const each = endlessAsText(name, given);
    return isFields(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each;
  });
}

/** For `JSON.stringify`, which has no word for a number without end and writes null. */
export function endlessAsText(_: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? "endless" : value;
}

/** Whether a text is JSON; what was cut off is none. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
