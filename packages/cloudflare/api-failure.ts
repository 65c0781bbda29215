import { ApiError, type FailedCall } from "../base/errors";

/**
 * Why a call of Cloudflare's API failed:
 * - `no answer`: the API was not reached, or the connection broke off before an answer began;
 * - `cut off`: only a part of the answer came;
 * - `not the API`: something in between answered, such as a log-in page;
 * - `token`: the API does not know the token, or it has expired;
 * - `out of reach`: the token has no permission on that account or zone;
 * - `permission`: the token lacks the permission for that object;
 * - `not set up`: the account has no Zero Trust;
 * - `not there`, `too many requests`, `fault of the API`; `refused`: any other refusal.
 */
export type FailureKind =
  | "no answer"
  | "cut off"
  | "not the API"
  | "token"
  | "out of reach"
  | "permission"
  | "not set up"
  | "not there"
  | "too many requests"
  | "fault of the API"
  | "refused";

const UNANSWERED: ReadonlySet<FailureKind> = new Set(["no answer", "cut off", "not the API"]);

/** What is known of a call that failed. */
interface Failed extends FailedCall {
  kind: FailureKind;
  /** The network's own code, e.g. `ECONNREFUSED`. */
  network?: string;
  /** Seconds after which the API wants to be asked again. */
  retryAfter?: number;
}

/** A call of Cloudflare's API that failed. */
export class ApiFailure extends ApiError {
  readonly kind: FailureKind;
  readonly network?: string;
  readonly retryAfter?: number;

  constructor({ kind, network, retryAfter, ...call }: Failed) {
    super(UNANSWERED.has(kind) ? { ...call, unanswered: true } : call);
    this.kind = kind;
    this.network = network;
    this.retryAfter = retryAfter;
  }
}

/** Cloudflare's codes that say more than the status they come with. */
const CODES: Readonly<Record<number, FailureKind>> = {
  // 400s for a header that no valid token would make.
  9106: "token",
  6003: "token",
  // "Unauthorized to access requested resource"
  9109: "out of reach",
  // On every call to Access until Zero Trust is set up.
  9999: "not set up",
};

/** What a refusal is about. */
export function kindOf(status: number, code: number | undefined): FailureKind {
  if (status === 401) return "token";
  const known = code === undefined ? undefined : CODES[code];
  if (known !== undefined) return known;
  if (status === 403) return "permission";
  if (status === 404) return "not there";
  if (status === 429) return "too many requests";
  return status >= 500 ? "fault of the API" : "refused";
}

/** Whether the same call may succeed a while later. */
export function isPassing({ kind, status }: ApiFailure): boolean {
  return (
    kind === "no answer" ||
    kind === "cut off" ||
    kind === "too many requests" ||
    kind === "fault of the API" ||
    status === 408 ||
    status === 409
  );
}

/** Whether it is the API token that is refused, or what it may do. */
export const isRefusedToken = (error: unknown): boolean =>
  error instanceof ApiFailure &&
  (error.kind === "token" || error.kind === "permission" || error.kind === "out of reach");

/** Seconds that an answer asks to wait, by its header Retry-After; undefined when it does not. */
export function waitAsked(said: string | undefined): number | undefined {
  if (said === undefined || said === "") return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(said) ? Number(said) : (Date.parse(said) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

/** What the network says of why there was no answer, e.g. `ECONNREFUSED`: it may stand below the error. */
export function networkCode(error: unknown): string {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const { code, errors } = cause as { code?: unknown; errors?: unknown };
    // Node stops a request that takes too long under one code for every reason.
    if (code === "ABORT_ERR" || cause.name === "TimeoutError") return "timed out";
    if (typeof code === "string") return code;
    // Every address of the name was tried.
    if (Array.isArray(errors) && typeof errors[0]?.code === "string") return errors[0].code;
  }
  return error instanceof Error ? error.name : "unknown error";
}
