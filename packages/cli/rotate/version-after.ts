import { UNKNOWN_SECRET } from "./facts";

/**
 * How far a version is raised that may be lower than the one in the account, as an imported token's: the API does not
 * tell that one. Assumed, and not known: that it makes a new secret for a higher version only, and that nobody has
 * rotated the token this often.
 */
const BEYOND_UNKNOWN = 100;

/**
 * The version that a token's next rotation declares.
 * @param version the one that is declared now.
 * @param secret fingerprint of a secret that this stack got with its versions; undefined, or of an unknown one: it may
 *   have got none, so that the account may have a higher version.
 */
export function versionAfter(version: number, secret: string | undefined): number {
  return version + (secret === undefined || secret === UNKNOWN_SECRET ? BEYOND_UNKNOWN : 1);
}
