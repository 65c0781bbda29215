import type { Store } from "../account/store";
import { parseDuration } from "./duration";
import { accessInvalid } from "./envelope";

/**
 * Checks a session duration: Go notation, at most the account's maximum.
 * @throws VendorError 400/12130
 */
export function sessionDuration(store: Store, text: string | null | undefined): void {
  if (text === undefined || text === null) return;
  const length = parseDuration(text);
  if (length === undefined) throw accessInvalid(`invalid session_duration "${text}"`);
  const { maxSessionDuration } = store.settings;
  const longest = parseDuration(maxSessionDuration);
  if (longest !== undefined && length > longest) {
    throw accessInvalid(`session_duration "${text}" is longer than the maximum of ${maxSessionDuration}`);
  }
}
