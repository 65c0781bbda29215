import type { StackSettings, StackState } from "../stack/read-stack";

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
export interface OrphanSearch extends Pick<StackState, "resources" | "pendingDeletes"> {
  stack: string;
  settings: StackSettings;
}

/**
 * Why nothing is removed for a stack without a state: what matches its config may be all that is live, and then it is
 * the state that is missing, not an owner.
 */
export const EMPTY_STATE = "may be live: the stack's state is empty, so adopt it instead";
