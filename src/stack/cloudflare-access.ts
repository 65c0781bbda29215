import { UserError } from "../errors";
import { apiAddress } from "../provider-addresses";
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

/** @throws {UserError} when there is no API token. */
export function requiredAccess(configured: StackSettings["cloudflare"]): CloudflareAccess {
  const { token, baseUrl } = cloudflareAccess(configured);
  if (token !== undefined) return { token, baseUrl };
  throw new UserError(
    "no API token for Cloudflare",
    "Set CLOUDFLARE_API_TOKEN, or: pulumi config set --secret cloudflare:apiToken",
  );
}
