import type { Context } from "hono";
import type { SandboxEnv } from "./context";
import { SANDBOX_INVALID, VendorError } from "./envelope";

/**
 * Refuses query parameters that the route does not know. The vendor ignores them, which turns a
 * misspelt filter into a full list; the sandbox says so instead.
 */
export function knownQuery(c: Context<SandboxEnv>, names: readonly string[]): void {
  for (const name of Object.keys(c.req.query())) {
    if (name === "page" || name === "per_page" || names.includes(name)) continue;
    throw new VendorError(400, {
      code: SANDBOX_INVALID,
      message: `sandbox: unknown query parameter "${name}"`,
    });
  }
}

/** The names of a field's text filters: `name`, `name.exact`, `name.contains` … */
export const textFilterNames = (field: string): string[] => [
  field,
  ...["exact", "contains", "startswith", "endswith", "present", "absent"].map((test) => `${field}.${test}`),
];

/** The text filters of a field that the query has, as predicates; comparison ignores case. */
export function textFilters(c: Context<SandboxEnv>, field: string): ((value: string | null) => boolean)[] {
  const tests: Record<string, (value: string, wanted: string) => boolean> = {
    exact: (value, wanted) => value === wanted,
    contains: (value, wanted) => value.includes(wanted),
    startswith: (value, wanted) => value.startsWith(wanted),
    endswith: (value, wanted) => value.endsWith(wanted),
    present: (value) => value !== "",
    absent: (value) => value === "",
  };
  return textFilterNames(field).flatMap((name) => {
    const wanted = c.req.query(name)?.toLowerCase();
    const test = tests[name === field ? "exact" : name.slice(field.length + 1)];
    if (wanted === undefined || test === undefined) return [];
    return [(value: string | null) => test((value ?? "").toLowerCase(), wanted)];
  });
}

/** A boolean query parameter, if given. */
export function booleanQuery(c: Context<SandboxEnv>, name: string): boolean | undefined {
  const text = c.req.query(name);
  if (text === undefined) return undefined;
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0") return false;
  throw new VendorError(400, {
    code: SANDBOX_INVALID,
    message: `query parameter "${name}" must be true or false`,
  });
}
