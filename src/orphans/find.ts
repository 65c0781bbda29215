import type { AccountApi } from "../cloudflare/account-api";
import type { StackResource, StackSettings } from "../stack/read-stack";

/** An object that looks like this stack's, and that its state does not know. */
export interface Orphan {
  kind: "service token" | "policy" | "identity provider" | "application" | "tunnel" | "DNS record" | "alert";
  id: string;
  name: string;
  /** RFC 3339; absent when the API does not say. */
  createdAt?: string;
  /** RFC 3339, or `never`; absent when the API does not say. */
  lastUsedAt?: string;
  /** Why it is taken for ours, in a few words. */
  why: string;
  /** What keeps it from being removed, e.g. that a policy of somebody else's names it; absent when nothing does. */
  usedBy?: string;
}

/** What is known of the stack whose left-over objects are looked for. */
export interface OrphanSearch {
  stack: string;
  settings: StackSettings;
  resources: readonly StackResource[];
}

/**
 * Objects that a lost answer, or a state that was lost, left behind in the account.
 * @throws {ApiError} when the account cannot be read.
 */
export async function findOrphans(_account: AccountApi, _search: OrphanSearch): Promise<Orphan[]> {
  return [];
}
