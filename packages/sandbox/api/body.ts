import type { Context } from "hono";
import type { ZodType, z } from "zod";
import type { SandboxEnv } from "./context";
import { SANDBOX_INVALID, VendorError } from "./envelope";
import { fitted } from "./fitted";

/** How an endpoint group words the refusal of a body. */
export type Refusal = (detail: string) => VendorError;

/** The refusal of groups for which no source tells the vendor's code. */
export const plainRefusal: Refusal = (detail) =>
  new VendorError(400, { code: SANDBOX_INVALID, message: `Invalid request body: ${detail}` });

/**
 * The request's JSON body, checked.
 * @throws VendorError 400: 6007 for text that is not JSON, else the group's refusal, naming the field.
 */
export async function readBody<S extends ZodType>(
  c: Context<SandboxEnv>,
  schema: S,
  refusal: Refusal = plainRefusal,
): Promise<z.infer<S>> {
  return checked(await readJson(c), schema, refusal);
}

/** The request's body as JSON, unchecked; an empty body is `undefined`. */
export async function readJson(c: Context<SandboxEnv>): Promise<unknown> {
  const text = await c.req.text();
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new VendorError(400, { code: 6007, message: "Malformed JSON in request body" });
  }
}

/** The value as the schema describes it. */
export function checked<S extends ZodType>(value: unknown, schema: S, refusal: Refusal): z.infer<S> {
  if (value === undefined) throw refusal("a JSON body is required");
  const parsed = fitted(schema, value);
  if (parsed.success) return parsed.data;
  throw refusal(parsed.error.issues.map(describe).join("; "));
}

function describe(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `unknown field "${path === "" ? key : `${path}.${key}`}"`).join("; ");
  }
  return path === "" ? issue.message : `field "${path}": ${issue.message}`;
}
