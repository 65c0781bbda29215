import { UserError } from "../errors";

/** The oldest Node.js that the libraries run in. */
const OLDEST = 22;

/**
 * @param version as `process.versions.node` says it, e.g. `24.21.0`.
 * @throws {UserError} when it is too old.
 */
export function nodeIsNewEnough(version: string): void {
  if (Number(version.split(".")[0]) >= OLDEST) return;
  throw new UserError(
    `this is Node.js ${version}, and ${OLDEST} or newer is needed`,
    "Run it through npm (npm run cli -- …): `npm ci` has brought a Node.js along, which npm uses; or install a newer one.",
  );
}
