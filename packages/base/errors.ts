/**
 * A mistake the user can mend: says what was found, where, and what to do.
 * The message must never hold a secret.
 */
export class UserError extends Error {
  override readonly name = "UserError";

  constructor(
    /** What was found and where, e.g. `applications[0].hostname: "a.example.org" is outside the zone datacrew.space`. */
    readonly found: string,
    /** What to do about it, as one imperative sentence or command. */
    readonly remedy: string,
  ) {
    super(`${found}\n  → ${remedy}`);
  }
}

/** What a failed call says of itself; none of it may hold a secret. */
export interface FailedCall {
  /** What was attempted, e.g. `read`. */
  action: string;
  /** On which object, e.g. `tunnel configuration 1f…`. */
  object: string;
  /** HTTP status, when there was an answer. */
  status?: number;
  /** The vendor's own error code, when there was one. */
  code?: number;
  /** The vendor's id of the request, by which its support finds it. */
  ray?: string;
  /** True when no answer of the API's own came: the API was not reached, or something in between answered. */
  unanswered?: true;
  /** The vendor's or the network's own words. */
  detail?: string;
}

/** A failed call in a sentence. */
export function callInWords({ action, object, status, code, ray, detail }: FailedCall): string {
  const facts = [
    status === undefined ? undefined : `HTTP ${status}`,
    code === undefined ? undefined : `code ${code}`,
    ray === undefined ? undefined : `ray ${ray}`,
  ].filter((fact) => fact !== undefined);
  const where = facts.length > 0 ? ` (${facts.join(", ")})` : "";
  return `could not ${action} ${object}${where}${detail ? `: ${detail}` : ""}`;
}

/** A call to an API that failed, with the vendor's status and code kept apart for callers. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status?: number;
  readonly code?: number;

  constructor(readonly call: FailedCall) {
    super(callInWords(call));
    this.status = call.status;
    this.code = call.code;
  }
}
