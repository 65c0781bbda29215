import type { FindingOf } from "../../base/finding";
import type { StackSettings, StackState } from "../stack/read-stack";

/** By what an object is taken for the stack's, by code. */
export interface Origins {
  "token-by-name": { name: string };
  /** A retry explains it: the state knows its twin, which was made so many milliseconds after it. */
  "token-by-retry": { name: string; gapMs: number };
  "policy-by-name": object;
  "login-by-client": object;
  "application-by-hostname": { hostnames: readonly string[] };
  "tunnel-by-name": object;
  "record-by-comment": object;
  "alert-by-name": object;
}

/** What keeps an orphan from being removed, by code. */
export interface Holds {
  /**
   * Nothing is removed for a stack without a state: what matches its config may be all that is live, and then it is the
   * state that is missing, not an owner.
   */
  "state-empty": object;
  /** Other objects of the account name it. */
  named: { by: readonly string[] };
  "every-token": { by: string };
  /** More applications than the account lists have the policy. */
  "hidden-applications": { count: number };
  "every-login": { by: readonly string[] };
  "name-not-ours": { name: string };
  "other-hostnames": { hostnames: readonly string[] };
  "not-to-a-tunnel": { target: string };
  connected: object;
  "perhaps-connected": object;
  "private-networks": object;
  rules: { hostnames: readonly string[] };
}

/** What keeps one orphan. */
export type Hold = { [Code in keyof Holds]: { code: Code; data: Holds[Code] } }[keyof Holds];

/** By what one orphan was found. */
export type Origin = { [Code in keyof Origins]: { code: Code; data: Origins[Code] } }[keyof Origins];

/** An object that looks like this stack's, and that its state does not know; its code says by what. */
export type Orphan = FindingOf<Origins> & {
  kind: "service token" | "policy" | "identity provider" | "application" | "tunnel" | "DNS record" | "alert";
  id: string;
  name: string;
  /** RFC 3339; absent when the API does not say. */
  createdAt?: string;
  /** RFC 3339, or `never`; absent when the API does not say. */
  lastUsedAt?: string;
  /** What keeps it from being removed, e.g. that a policy of somebody else's names it; absent when nothing does. */
  hold?: Hold;
};

/** What is known of the stack whose left-over objects are looked for. */
export interface OrphanSearch extends Pick<StackState, "resources" | "pendingDeletes"> {
  stack: string;
  settings: StackSettings;
}
