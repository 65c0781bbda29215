import { setTimeout as sleep } from "node:timers/promises";
import { pause } from "../../base/patience";
import { CallError } from "./http-error";

/** How often a call is tried, and how long to wait in between. */
export interface RetryPolicy {
  /** Calls in all; default 11, as measured of the real provider. */
  attempts?: number;
  /** Milliseconds to wait after so many calls; default 1000. `COMFYUI_ACCESS_PAUSES` scales every wait. */
  delayMs?: number | ((attempts: number) => number);
  /** Longest wait that an answer may ask for, in milliseconds; beyond it `delayMs` is used. Default 60 000. */
  longestWaitMs?: number;
  /** How long an answer may take, in milliseconds; default 60 000. */
  timeoutMs?: number;
}

/** Answers after which another try can help. */
export function isTransient(status: number | undefined): boolean {
  return status === undefined || status === 408 || status === 409 || status === 429 || status >= 500;
}

/**
 * Calls until it succeeds, fails for good, or the tries are used up; then the last error is thrown.
 * A connection closed without an answer is tried again too, though the server may have acted: the
 * real provider does the same, and so can leave an object behind that no state knows.
 * @param waitMs what the answer itself asked for, if anything
 * @param helps after which answers another try can help; default `isTransient`
 */
export async function withRetries<T>(
  call: () => Promise<T>,
  waitMs: (error: CallError) => number | undefined,
  policy: RetryPolicy = {},
  helps: (status: number | undefined) => boolean = isTransient,
): Promise<T> {
  const { attempts = 11, delayMs = 1000, longestWaitMs = 60_000 } = policy;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof CallError) || !helps(error.status) || attempt >= attempts) throw error;
      const asked = waitMs(error);
      const wait = typeof delayMs === "number" ? delayMs : delayMs(attempt);
      await sleep(pause(asked !== undefined && asked <= longestWaitMs ? asked : wait));
    }
  }
}
