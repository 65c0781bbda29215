import { createHash } from "node:crypto";
import type { RotationNote, StandInConfig } from "../../../config/stack-config";
import type { ProbeResult } from "../verify/probe-token";

/** What stands for the fingerprint of a secret that the stack does not know, as after an import. */
export const UNKNOWN_SECRET = "unknown";

/**
 * Tells two secrets apart without showing either. 64 bits of a digest of a value with more than 200 random bits: it
 * neither leads back to the secret nor, in practice, meets another one's.
 */
export function fingerprint(secret: string | undefined): string {
  if (secret === undefined) return UNKNOWN_SECRET;
  const digest = createHash("sha256").update(`comfyui-access service token secret\0${secret}`).digest("hex");
  return `sha256-${digest.slice(0, 16)}`;
}

/** What the stack's config says of a token. */
export interface ConfigFacts {
  version: number;
  previousExpiresAt?: string;
  rotation?: RotationNote;
}

/** What the stack's state says of a token, without its secret. */
export interface StateFacts {
  version: number;
  previousExpiresAt?: string;
  /** {@link fingerprint} of the secret in the state. */
  fingerprint: string;
  /** ISO date and time; absent for one that does not expire. */
  expiresAt?: string;
}

/** All that decides what a rotation does next; nothing in it is a secret. */
export interface Facts {
  config: ConfigFacts;
  /** Undefined: the state has no such token. */
  state?: StateFacts;
  /** The stand-in, in the config and in the state. */
  standIn: { config?: Pick<StandInConfig, "until">; state?: Pick<StateFacts, "fingerprint"> };
  /** Whether this run has brought the stack up to its config as it is now. */
  converged: boolean;
  /** What Access said of the secrets, in this run; by fingerprint. */
  probed: Readonly<Record<string, ProbeResult["verdict"] | "skipped">>;
  /** The fingerprint of the secret that every sink was seen to hold, in this run. */
  inSinks?: string;
  /** Whether this run has made the token live longer. */
  extended: boolean;
  /** Whether this run has changed anything beyond bringing the stack up to its config. */
  worked: boolean;
  /** Whether this run has begun a rotation, or brought one to its end: then it begins no other one. */
  rotated: boolean;
}

/** What the operator wants. */
export interface Wish {
  /** Milliseconds for which the secret before it stays accepted. */
  overlapMs: number;
  /** `now`: end the old secret, and a stand-in, as soon as the new one is in use. */
  end: "now" | "overlap";
  /** Begin no rotation: only bring to its end what is under way. */
  finish: boolean;
  /** Whether a rotation that is not under way is due. */
  due: boolean;
  /** Rotate although the secret before is still accepted, and so ends at once. */
  again: boolean;
  /** Make the token live longer when it ends within so many milliseconds. */
  extendWithinMs?: number;
}
