/** Values that `$name` stands for in a case. Looked up when a string is filled in, since some only come to be then. */
export type Variables = () => Readonly<Record<string, string>>;

const pattern = /\$([A-Za-z][A-Za-z0-9]*)/g;

/** The value with every `$name` in its strings, and in the keys of its objects, filled in. Unknown names stay. */
export function fill<T>(value: T, variables: Variables): T {
  const known = variables();
  const inString = (text: string) => text.replace(pattern, (whole, name: string) => known[name] ?? whole);
  const inAny = (part: unknown): unknown => {
    if (typeof part === "string") return inString(part);
    if (Array.isArray(part)) return part.map(inAny);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [inString(key), inAny(inner)]));
  };
  return inAny(value) as T;
}

/**
 * What is wrong with `actual`, of which `expected` is a part: objects may hold more, lists may not. An object with the
 * one key `matches` stands for a string that matches this regular expression.
 */
export function differences(expected: unknown, actual: unknown, where = "value"): string[] {
  const pattern = patternOf(expected);
  if (pattern !== undefined) {
    return typeof actual === "string" && pattern.test(actual) ? [] : [mismatch(where, expected, actual)];
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length)
      return [mismatch(where, expected, actual)];
    return expected.flatMap((item, index) => differences(item, actual[index], `${where}[${index}]`));
  }
  if (typeof expected === "object" && expected !== null) {
    if (typeof actual !== "object" || actual === null) return [mismatch(where, expected, actual)];
    return Object.entries(expected).flatMap(([key, item]) =>
      differences(item, (actual as Record<string, unknown>)[key], `${where}.${key}`),
    );
  }
  return expected === actual ? [] : [mismatch(where, expected, actual)];
}

function mismatch(where: string, expected: unknown, actual: unknown): string {
  return `${where}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;
}

function patternOf(expected: unknown): RegExp | undefined {
  const { matches } = (typeof expected === "object" && expected !== null ? expected : {}) as {
    matches?: unknown;
  };
  return typeof matches === "string" ? new RegExp(matches) : undefined;
}
