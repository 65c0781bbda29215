import { parseDuration } from "../packages/base/duration";

/**
 * How long a session and a service token may last unless the stack's config says otherwise, by that key of it: one
 * limit for config and guardrails, so that neither takes what the other refuses.
 */
export const DEFAULT_LIMITS = {
  /** An address is looked at when somebody logs in: who is taken off the list stays in until the session ends. */
  maxSessionDuration: "24h",
  /** Cloudflare's own default. */
  maxTokenDuration: "8760h",
} as const;

/** A limit that the stack's config can set. */
export type StackLimit = keyof typeof DEFAULT_LIMITS;

/** Seconds that a service token lives; `forever`, and what cannot be read, never ends. */
export const lifetime = (duration: string): number => parseDuration(duration) ?? Number.POSITIVE_INFINITY;

/**
 * How far ahead the last day of an exception may lie, in the guardrails' config and of an accepted finding of drift: a
 * year, so that somebody looks at each of them again.
 */
export const LONGEST_EXCEPTION_DAYS = 366;

/**
 * The longest that Cloudflare still takes the secret before, after a rotation.
 * @see https://developers.cloudflare.com/cloudflare-one/access-controls/service-credentials/service-tokens/
 */
export const LONGEST_OVERLAP_DAYS = 30;

/** The same in milliseconds. */
export const LONGEST_OVERLAP_MS = LONGEST_OVERLAP_DAYS * 24 * 60 * 60 * 1000;

/**
 * Whether a secret that was replaced would be taken for longer than Cloudflare's own limit.
 * @param until when it ends (RFC 3339); what is no time never ends
 */
export function outlastsOverlap(until: string, now: Date): boolean {
  return !(Date.parse(until) - now.getTime() <= LONGEST_OVERLAP_MS);
}
