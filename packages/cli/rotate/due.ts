import type { RotationNote } from "../../../config/stack-config";

/** What tells how old a secret is, and when its token ends. */
interface Age {
  rotation?: RotationNote;
  previousExpiresAt?: string;
  /** When the token was made, ISO date and time, where that is known. */
  createdAt?: string;
  /** When the token ends, ISO date and time, where that is known and it does. */
  expiresAt?: string;
}

/** When a rotation is due. Without any of them: always. */
export interface DueWhen {
  now: Date;
  /** The secret is at least so old, in milliseconds. One whose age is not known is due. */
  olderThanMs?: number;
  /** The token ends within so many milliseconds. */
  expiringWithinMs?: number;
}

/** Whether a token is due for a new secret. */
export function isDue(age: Age, { now, olderThanMs, expiringWithinMs }: DueWhen): boolean {
  if (olderThanMs === undefined && expiringWithinMs === undefined) return true;
  // The end of the secret before is the latest time at which this one can have come into use.
  const since = age.rotation?.at ?? age.previousExpiresAt ?? age.createdAt;
  const old = since === undefined || Date.parse(since) + (olderThanMs ?? 0) <= now.getTime();
  const ends = age.expiresAt;
  const ending = ends !== undefined && Date.parse(ends) - (expiringWithinMs ?? 0) <= now.getTime();
  return (olderThanMs !== undefined && old) || (expiringWithinMs !== undefined && ending);
}
