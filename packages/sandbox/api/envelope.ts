import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { SandboxEnv } from "./context";

/** One entry of the vendor's `errors`. */
export interface VendorErrorEntry {
  code: number;
  message: string;
  error_chain?: { code?: number; message: string }[];
  documentation_url?: string;
}

/** A refusal in the vendor's words; the app turns it into the vendor's envelope. */
export class VendorError extends Error {
  override readonly name = "VendorError";
  readonly errors: VendorErrorEntry[];

  constructor(
    readonly status: ContentfulStatusCode,
    errors: VendorErrorEntry | VendorErrorEntry[],
  ) {
    const list = Array.isArray(errors) ? errors : [errors];
    super(list.map((error) => `${error.code} ${error.message}`).join("; "));
    this.errors = list;
  }
}

/** Code the sandbox uses for a refused body where no source tells the vendor's. */
export const SANDBOX_INVALID = 10001;

/** 400/12130, which Access answers to anything invalid. */
export function accessInvalid(detail: string, chain?: string): VendorError {
  return new VendorError(400, {
    code: 12130,
    message: `access.api.error.invalid_request: ${detail}`,
    ...(chain === undefined ? {} : { error_chain: [{ message: chain }] }),
  });
}

/** 404/12135, which Access answers for an object it does not have. */
export function accessNotFound(what: string): VendorError {
  return new VendorError(404, { code: 12135, message: `access.api.error.not_found: ${what} not found` });
}

/** 409/12132, which Access answers when another object stands in the way. */
export function accessConflict(detail: string): VendorError {
  return new VendorError(409, { code: 12132, message: `access.api.error.conflict: ${detail}` });
}

/** What the vendor answers for a path, or an id in it, that leads nowhere. */
export function noRoute(path: string): VendorError {
  return new VendorError(404, [
    { code: 7003, message: `Could not route to ${path}, perhaps your object identifier is invalid?` },
    { code: 7000, message: "No route for that URI" },
  ]);
}

/** A successful answer. */
export function ok(
  c: Context<SandboxEnv>,
  result: unknown,
  options: { status?: ContentfulStatusCode; messages?: unknown[]; resultInfo?: unknown } = {},
): Response {
  return c.json(
    {
      errors: [],
      messages: options.messages ?? [],
      success: true,
      result,
      ...(options.resultInfo === undefined ? {} : { result_info: options.resultInfo }),
    },
    options.status ?? 200,
  );
}

/** A refusal. */
export function failure(c: Context<SandboxEnv>, error: VendorError): Response {
  return c.json({ result: null, success: false, errors: error.errors, messages: [] }, error.status);
}

/**
 * One page of a list, by the query parameters `page` (from 1) and `per_page`.
 * @param defaultPerPage what the vendor answers when `per_page` is not asked for.
 * @throws VendorError 400 for a page or size that is not a positive whole number.
 */
export function page(c: Context<SandboxEnv>, items: readonly unknown[], defaultPerPage: number): Response {
  const number = positive(c, "page", 1);
  const perPage = positive(c, "per_page", defaultPerPage);
  const slice = items.slice((number - 1) * perPage, number * perPage);
  return ok(c, slice, {
    resultInfo: {
      count: slice.length,
      page: number,
      per_page: perPage,
      total_count: items.length,
      total_pages: Math.ceil(items.length / perPage),
    },
  });
}

function positive(c: Context<SandboxEnv>, name: string, fallback: number): number {
  const text = c.req.query(name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new VendorError(400, {
      code: SANDBOX_INVALID,
      message: `query parameter "${name}" must be a whole number from 1`,
    });
  }
  return value;
}
