// Values that cannot be read where they stand, as Pulumi's engine writes them.

/** What the engine writes in a preview for a value that only the update will tell. */
export const UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** What the engine writes instead of a secret in a preview. */
export const MASKED_VALUE = "[secret]";
/** Marks a secret in an exported state. */
export const SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Whether a value cannot be read: only the update tells it, or it is a secret. */
export function isHidden(value: unknown): boolean {
  if (typeof value === "string") return value === UNKNOWN_VALUE || value.startsWith(MASKED_VALUE);
  return typeof value === "object" && value !== null && SECRET_SIGNATURE in value;
}
