/** What a policy does with whom it matches, in the API's words; `non_identity` is the dashboard's "Service Auth". */
export type PolicyDecision = "allow" | "deny" | "non_identity" | "bypass";

/** One rule as the API has it: its one key is the type, e.g. `{ email: { email: "a@example.org" } }`. */
export type Rule = Readonly<Record<string, unknown>>;

/** A policy in the API's form; other fields of it play no part in the decision. */
export interface Policy {
  id: string;
  name: string;
  decision: PolicyDecision;
  include: readonly Rule[];
  require: readonly Rule[];
  exclude: readonly Rule[];
}

/**
 * What is known of a caller. `undefined`: not stated, so a rule on it is unknown. `null`: known to be absent,
 * e.g. the e-mail address of somebody who is not logged in.
 */
export interface Subject {
  /** Address that the login ended with; `null`: nobody is logged in, so Allow and Block match nobody. */
  email?: string | null;
  /** Id of the identity provider that was used. */
  identityProviderId?: string | null;
  /** UUID (not client id) of the service token whose credentials came with the request and are valid. */
  serviceTokenId?: string | null;
  /** ISO 3166 code of the country that the request comes from. */
  country?: string | null;
  /** Address that the request comes from. */
  ip?: string | null;
  /** Common name of a valid client certificate. */
  certificateName?: string | null;
}

/** Three-valued: `unknown` where the subject does not say enough. */
export type Match = "yes" | "no" | "unknown";

/** Bypass and Service Auth are judged first, on what every request shows; Allow and Block after a login. */
export type Phase = "before login" | "after login";

/** How one rule fared. */
export interface RuleTrace {
  list: "include" | "require" | "exclude";
  rule: Rule;
  match: Match;
  /** The rule in words, e.g. `e-mail is a@example.org`. */
  words: string;
  /** What an unknown match hangs on, e.g. `country`; or why a rule of this type cannot match here. */
  because?: string;
}

/** How one policy fared. */
export interface PolicyTrace {
  policy: { id: string; name: string; decision: PolicyDecision };
  phase: Phase;
  match: Match;
  /** False when a policy before it had already ended the decision. */
  reached: boolean;
  /** `no` when Allow and Block are left out: without a login, or by strict service-token authentication. */
  counts: Match;
  /** Why it does not count, or what an unknown hangs on. */
  countsBecause?: string;
  rules: RuleTrace[];
}

/** Who decided what, and why. */
export interface Decision {
  /** `undecided` when facts that are not stated could turn it. */
  verdict: "granted" | "refused" | "undecided";
  /** The policy that ended it; absent when none matched or it is undecided. */
  by?: { policy: PolicyTrace["policy"]; phase: Phase };
  /** One sentence without a full stop. */
  reason: string;
  /** What an undecided verdict hangs on, e.g. `["country"]`; else empty. */
  dependsOn: string[];
  /** Every policy, in the order in which they are judged. */
  trace: PolicyTrace[];
}

/** What `decide` takes besides policies and subject. */
export interface DecideOptions {
  /**
   * The organization's `strict_service_token_auth`: a request with a service token is judged by Service Auth
   * and Bypass alone. Default: false.
   */
  strictServiceTokens?: boolean;
  /** Names by id of service tokens and identity providers, for the words. */
  names?: Readonly<Record<string, string>>;
}
