import type { AccessDiff } from "../access-diff/access-diff";
import type { Orphan } from "../orphans/orphan";

/** What kind of thing is spoken of, in Cloudflare's and Google's words. */
export type Subject =
  | "application"
  | "policy"
  | "identity provider"
  | "service token"
  | "tunnel"
  | "tunnel configuration"
  | "DNS record"
  | "notification policy"
  | "organization"
  | "Google Cloud";

/** Something in the account that is not as the last `up` left it. */
export interface Change {
  subject: Subject;
  /** The object's name. */
  name: string;
  /** The vendor's id. */
  id: string;
  /** `deleted` and `added` are about the whole object; `changed` about one field. */
  what: "changed" | "deleted" | "added";
  /** Path of the field in the API's spelling, e.g. `config.client_id`; absent for a whole object. */
  field?: string;
  /** What the state says; absent where there was nothing. For a list without order: what was taken out. */
  before?: unknown;
  /** What the account says; absent where there is nothing. For a list without order: what was put in. */
  after?: unknown;
  /** True for a list without order: `before` and `after` are then what went and what came. */
  list?: true;
  /** More about a whole object, e.g. what stands in its place. */
  detail?: string;
  /** What it opens, or which guard it takes away, in one clause; absent when nobody gains by it alone. */
  opens?: string;
}

/** Something that no reading of the account can tell. */
export interface Unseen {
  /** What, e.g. `secret of service token comfyui-api`. */
  what: string;
  /** Why it cannot be seen. */
  why: string;
  /** How it was checked instead; absent when there was no way. */
  checked?: string;
  /**
   * - `as expected` and `not as expected`: the other check decided it;
   * - `open`: it cannot tell, or there is none.
   */
  result: "as expected" | "not as expected" | "open";
  /** What came of it, in a few words. */
  detail?: string;
}

/** A check that could not be made. */
export interface Failure {
  /** What is not known now, e.g. `the DNS records`. */
  what: string;
  /** The failed call, without any secret. */
  why: string;
}

/** Something that was found, and that the stack's config accepts for a while: it is shown, and does not count. */
export interface Accepted {
  /** What changed; this or `orphan`. */
  change?: Change;
  /** What the state does not know. */
  orphan?: Orphan;
  reason: string;
  /** Last day on which it is accepted, `YYYY-MM-DD` in UTC. */
  expires: string;
}

/** An acceptance of the config that accepts nothing now. */
export interface IdleAcceptance {
  resource: string;
  finding: string;
  reason: string;
  expires: string;
  /** `fits several`: objects of one name have that finding, and none of them is accepted. */
  why: "expired" | "matches nothing" | "fits several";
}

/** A service token that has expired, or will soon. */
export interface Expiring {
  name: string;
  /** RFC 3339. */
  expiresAt: string;
}

/** What a comparison of an account with a stack's state came to. */
export interface DriftReport {
  /** What the stack is called, e.g. `sandbox, stack dev`. */
  environment: string;
  /** When the state was last written (RFC 3339); absent when it does not say. */
  since?: string;
  /** Objects and fields that were compared. */
  compared: { objects: number; fields: number };
  verdict: Verdict;
  changes: Change[];
  /** Who gains and who loses. */
  access: AccessDiff;
  orphans: Orphan[];
  /** What does not count, since the config accepts it: `changes`, `access` and `orphans` are without it. */
  accepted: Accepted[];
  /** Who gains and who loses by what is accepted. */
  acceptedAccess: AccessDiff;
  /** Acceptances that accept nothing. */
  idle: IdleAcceptance[];
  expiring: Expiring[];
  unseen: Unseen[];
  failures: Failure[];
  /** Names by id, of what values of changes refer to. */
  names: Readonly<Record<string, string>>;
}

/**
 * - `none`: as the last `up` left it;
 * - `changed`: something is not, though nobody gains access by it;
 * - `widened`: somebody can get in who could not before, a guard is gone, or it cannot be told whether.
 */
export type Verdict = "none" | "changed" | "widened";
