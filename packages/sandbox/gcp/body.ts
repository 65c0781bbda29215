import type { Context } from "hono";
import type { ZodType, z } from "zod";
import type { SandboxEnv } from "../api/context";
import { fitted } from "../api/fitted";
import { invalidArgument } from "./errors";

/**
 * The JSON body of a Google request, checked.
 * @throws GoogleError INVALID_ARGUMENT, naming the field.
 */
export async function readGoogleBody<S extends ZodType>(
  c: Context<SandboxEnv>,
  schema: S,
): Promise<z.infer<S>> {
  const text = await c.req.text();
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw invalidArgument("Invalid JSON payload received.");
  }
  const parsed = fitted(schema, value);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys
          .map((key) => `Unknown name "${[...issue.path, key].join(".")}": Cannot find field.`)
          .join(" ")
      : `Invalid value at '${issue.path.join(".")}': ${issue.message}`,
  );
  throw invalidArgument(`Invalid JSON payload received. ${reasons.join(" ")}`);
}
