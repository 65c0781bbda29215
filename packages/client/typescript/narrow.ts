import { ComfyUIError } from "./errors";

export type JsonObject = Record<string, unknown>;

/** Whether the value is an object, and neither null nor a list. */
export function isRecord(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as an object, else a `protocol` error that names what it should have been. */
export function mustBeRecord(value: unknown, what: string): JsonObject {
  if (isRecord(value)) return value;
  throw shapeError(what, "an object", value);
}

/** The value as a list, else a `protocol` error. */
export function mustBeArray(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw shapeError(what, "a list", value);
}

/** The value as a string, else a `protocol` error. */
export function mustBeString(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw shapeError(what, "a string", value);
}

/** The value as a number, else a `protocol` error. */
export function mustBeNumber(value: unknown, what: string): number {
  if (typeof value === "number") return value;
  throw shapeError(what, "a number", value);
}

function shapeError(what: string, expected: string, value: unknown): ComfyUIError {
  const got = value === null ? "null" : Array.isArray(value) ? "a list" : `${typeof value}`;
  return new ComfyUIError("protocol", "shape", `${what}: expected ${expected}, got ${got}; is this ComfyUI?`);
}
