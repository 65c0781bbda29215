import type { ZodType, z } from "zod";

type Fitted<T> = { success: true; data: T } | { success: false; error: Pick<z.ZodError, "issues"> };

/**
 * What a schema makes of a value that came in as JSON, and never an error thrown.
 *
 * zod asks for the length of anything that has one, also of an object where a string is expected, and throws when
 * the length is an object that cannot be compared, as in `{"name":{"length":{"toString":null}}}`.
 */
export function fitted<S extends ZodType>(schema: S, value: unknown): Fitted<z.infer<S>> {
  try {
    return schema.safeParse(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const message = "a value of the wrong kind";
    return { success: false, error: { issues: [{ code: "custom", path: [], message, input: value }] } };
  }
}
