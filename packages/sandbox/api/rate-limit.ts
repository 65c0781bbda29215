import type { MiddlewareHandler } from "hono";
import { sha256 } from "../account/ids";
import type { Store } from "../account/store";
import type { SandboxEnv } from "./context";
import { failure, VendorError } from "./envelope";

export interface RateLimit {
  /** Requests that one token may make per window. */
  limit: number;
  /** Length of the window, and of the block that follows exceeding it, in seconds. */
  windowSeconds: number;
}

/** Cloudflare's own limit: https://developers.cloudflare.com/fundamentals/api/reference/limits/ */
export const VENDOR_RATE_LIMIT: RateLimit = { limit: 1200, windowSeconds: 300 };

interface Window {
  count: number;
  endsAt: number;
  blockedUntil: number;
}

/** Counts requests per Authorization value; over the limit it answers 429 until the block is over. */
export function rateLimiter(
  store: Store,
  { limit, windowSeconds }: RateLimit,
): { middleware: MiddlewareHandler<SandboxEnv>; reset(): void } {
  const windows = new Map<string, Window>();
  const seconds = (milliseconds: number) => Math.max(1, Math.ceil(milliseconds / 1000));

  const middleware: MiddlewareHandler<SandboxEnv> = async (c, next) => {
    const key = sha256(c.req.header("authorization") ?? "");
    const now = store.now().getTime();
    let window = windows.get(key);
    if (window === undefined || (window.endsAt <= now && window.blockedUntil <= now)) {
      window = { count: 0, endsAt: now + windowSeconds * 1000, blockedUntil: 0 };
      windows.set(key, window);
    }
    if (window.blockedUntil <= now) {
      window.count += 1;
      if (window.count > limit) window.blockedUntil = now + windowSeconds * 1000;
    }
    const left = Math.max(0, limit - window.count);
    const wait = seconds((window.blockedUntil > now ? window.blockedUntil : window.endsAt) - now);
    c.header("Ratelimit", `"default";r=${left};t=${wait}`);
    c.header("Ratelimit-Policy", `"default";q=${limit};w=${windowSeconds}`);
    if (window.blockedUntil > now) {
      c.header("Retry-After", String(wait));
      return failure(
        c,
        new VendorError(429, {
          code: 971,
          message: "Please wait and consider throttling your request speed",
        }),
      );
    }
    return next();
  };
  return { middleware, reset: () => windows.clear() };
}
