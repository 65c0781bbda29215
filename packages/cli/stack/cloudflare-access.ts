import { apiAddress } from "../../../config/provider-addresses";
import { UserError } from "../../base/errors";
import { COPY_AGAIN, flawOf } from "../../client/typescript/credential-form";
import type { StackSettings } from "./read-stack";

/** Where the API is, and who calls. */
export interface CloudflareAccess {
  /** API token. Secret. */
  token: string;
  /** Base URL of the API. Default: the vendor's. */
  baseUrl?: string;
}

/**
 * The API as the Cloudflare provider reaches it: what the stack's config says, or else the environment.
 * @throws {UserError} when an API token must not be sent to its address.
 */
export function cloudflareAccess({
  apiToken,
  baseUrl,
}: StackSettings["cloudflare"]): Partial<CloudflareAccess> {
  return {
    token: apiToken ?? (process.env["CLOUDFLARE_API_TOKEN"] || undefined),
    baseUrl: apiAddress(baseUrl),
  };
}

/** @throws {UserError} when there is no API token, or what was set cannot be one. */
export function requiredAccess(configured: StackSettings["cloudflare"]): CloudflareAccess {
  const { token, baseUrl } = cloudflareAccess(configured);
  const flaw = token === undefined ? undefined : flawOf(token);
  if (flaw !== undefined)
    throw new UserError(`${nameOf(configured)} ${flaw}, so it is no API token`, COPY_AGAIN);
  if (token !== undefined) return { token, baseUrl };
  throw new UserError(
    "no API token for Cloudflare",
    "Set CLOUDFLARE_API_TOKEN, or: pulumi config set --secret cloudflare:apiToken",
  );
}

/** Where the API token stands. */
function nameOf({ apiToken }: StackSettings["cloudflare"]): string {
  return apiToken === undefined ? "CLOUDFLARE_API_TOKEN" : "cloudflare:apiToken of the stack's config";
}
