import { isHidden } from "../../access/hidden";

/** Whether a value says nothing: nobody set it, or it is empty or off, and so is all that it holds. */
export function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && !isHidden(value) && Object.values(value).every(isUnset);
}
