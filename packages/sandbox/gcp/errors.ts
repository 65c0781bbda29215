/** An error of a Google API, by its canonical status. */
export class GoogleError extends Error {
  override readonly name = "GoogleError";

  constructor(
    readonly code: 400 | 401 | 403 | 404 | 409,
    readonly status:
      | "INVALID_ARGUMENT"
      | "FAILED_PRECONDITION"
      | "UNAUTHENTICATED"
      | "PERMISSION_DENIED"
      | "NOT_FOUND"
      | "ALREADY_EXISTS"
      | "ABORTED",
    message: string,
    readonly details?: unknown[],
  ) {
    super(message);
  }

  /** Google's error envelope. */
  envelope() {
    const { code, message, status, details } = this;
    return { error: { code, message, status, ...(details === undefined ? {} : { details }) } };
  }
}

export const invalidArgument = (message: string): GoogleError =>
  new GoogleError(400, "INVALID_ARGUMENT", message);

export const notFound = (what: string): GoogleError =>
  new GoogleError(404, "NOT_FOUND", `${what} not found.`);
