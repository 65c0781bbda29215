import { alphanumericId } from "../account/ids";

/** An error of Infisical's API, by its HTTP status. */
export class InfisicalError extends Error {
  override readonly name = "InfisicalError";

  constructor(
    readonly status: 400 | 401 | 403 | 404 | 422,
    /** What Infisical calls the kind of error. */
    readonly kind: string,
    /** Text, or for 422 the list of what does not fit. */
    readonly detail: string | unknown[],
  ) {
    super(typeof detail === "string" ? detail : kind);
  }

  /** Infisical's error body. */
  body() {
    return {
      reqId: `req-${alphanumericId(14)}`,
      statusCode: this.status,
      message: this.detail,
      error: this.kind,
    };
  }
}

export const unauthorized = (message: string): InfisicalError =>
  new InfisicalError(401, "UnauthorizedError", message);

export const notFound = (message: string, kind = "NotFound"): InfisicalError =>
  new InfisicalError(404, kind, message);

export const badRequest = (message: string): InfisicalError => new InfisicalError(400, "BadRequest", message);

/** What CASL's refusal becomes, e.g. `You are not allowed to create on secrets`. */
export const notAllowed = (action: string): InfisicalError =>
  new InfisicalError(403, "PermissionDenied", `You are not allowed to ${action} on secrets`);
