import type { Context } from "hono";
import type { ZodType, z } from "zod";
import type { SandboxEnv } from "../api/context";
import { fitted } from "../api/fitted";
import { badRequest, InfisicalError } from "./errors";

/**
 * What a request carries, checked; like Infisical, without the fields that nobody asked for.
 * @throws InfisicalError 422 with the list of what does not fit.
 */
export function checkedInput<S extends ZodType>(value: unknown, schema: S): z.infer<S> {
  const parsed = fitted(schema, value);
  if (parsed.success) return parsed.data;
  throw new InfisicalError(422, "ValidationFailure", parsed.error.issues);
}

/** The JSON body of a request, checked as in {@link checkedInput}. */
export async function readInfisicalBody<S extends ZodType>(
  c: Context<SandboxEnv>,
  schema: S,
): Promise<z.infer<S>> {
  let value: unknown;
  try {
    value = JSON.parse(await c.req.text());
  } catch {
    throw badRequest("Body is not valid JSON but content-type is set to 'application/json'");
  }
  return checkedInput(value, schema);
}
