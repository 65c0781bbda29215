import type { Policy } from "./types";

/** A policy, with how long a session lasts that it begins. */
export interface StatePolicy extends Policy {
  /** Go duration; absent when the application's counts. */
  sessionDuration?: string;
  /** True for a policy that the stack only refers to: what it says is not known. */
  foreign?: true;
}

/** An application of a stack, with its policies in the order of their precedence. */
export interface StateApplication {
  id: string;
  name: string;
  aud?: string;
  destinations: Readonly<Record<string, unknown>>[];
  policies: StatePolicy[];
  /** Ids of the identity providers that its login offers; empty means all of the account's. */
  allowedIdps: string[];
  /** Go duration; absent when the organization's counts. */
  sessionDuration?: string;
  serviceAuth401: boolean;
  preflightBypass: boolean;
  /** Origins of `cors_headers`; absent when the application declares none. */
  corsOrigins?: string[];
}

/** A service token of a stack, without its secret. */
export interface StateToken {
  id: string;
  name: string;
  clientId?: string;
  /** ISO date and time; absent for one that does not expire. */
  expiresAt?: string;
  /** Go duration, or `forever`. */
  duration?: string;
  /** Rotation counter; absent where it is not known. */
  version?: number;
  /** Until when the secret before this version is accepted (RFC 3339); absent where there is none, or it is not known. */
  previousExpiresAt?: string;
}

/** A public host name of the tunnel, and whether the connector checks the Access JWT for it. */
export interface StateIngressRule {
  /** The tunnel whose rule it is; absent: the situation's own. */
  tunnelId?: string;
  hostname?: string;
  /** The pattern of the paths that it takes, an expression of Go's; absent: every path. */
  path?: string;
  service: string;
  jwtRequired: boolean;
  /** The team whose JWTs it takes. */
  teamName?: string;
  /** Audience tags of the applications whose JWTs it takes; one that cannot be read is there as a hidden value. */
  audTags: string[];
  /** Options of the connector by which another server may answer, by the API's names; absent where there are none. */
  origin?: Readonly<Record<string, unknown>>;
  /** True when it cannot be read where it leads, or whether it checks. */
  unread?: true;
}

/** A login that people may be offered. */
export interface StateIdentityProvider {
  id: string;
  name: string;
  /** As the API spells it, e.g. `google` or `onetimepin`. */
  type?: string;
}

/** A DNS record; only behind a proxied one does Access stand in front. */
export interface StateRecord {
  name: string;
  /** Undefined: not known. */
  proxied?: boolean;
  /** What it points to, e.g. `<tunnel id>.cfargotunnel.com`; undefined: not known. */
  target?: string;
}

/** What of a stack's state decides who gets in. */
export interface Situation {
  applications: StateApplication[];
  tokens: StateToken[];
  identityProviders: StateIdentityProvider[];
  ingress: StateIngressRule[];
  /** Names of the DNS records. */
  hostnames: string[];
  records: StateRecord[];
  /** The tunnel of the rules that name none, and the one that the words call the stack's. */
  tunnelId?: string;
  accountId?: string;
  /** What of it the model does not judge. Whatever hangs on it is undecided. */
  notJudged: NotJudged[];
}

/**
 * What a field of an object decides: who gets in (`access`), which service a request reaches (`routes`), what counts as
 * proof of who somebody is, and for how long (`credentials`), or none of these.
 */
export type Decides = "access" | "routes" | "credentials" | "nothing";

/** Something that may decide who gets in, and of which the model does not know what it does. */
export interface NotJudged {
  /**
   * What of it is not known: the kind of the object, a field that no table has, a field or its value, a type of rule; the
   * value of a field that is `hidden`, a secret or for the update alone to tell; a `foreign policy`.
   */
  code: "kind" | "unknown field" | "field" | "rule type" | "hidden" | "foreign policy";
  /** The kind, e.g. `ZeroTrustAccessApplication`; of one that is not known, its type as the engine names it. */
  kind: string;
  /** The object's name, or its id. */
  name: string;
  /** Path of the field, or the type of the rule, e.g. `destinations[0].cidr`. */
  field?: string;
  /** What it decides; absent where that is not known: it may be anything. */
  decides?: Decides;
  /** Id of the application, policy or token that it belongs to, where it bears on what has to do with that one alone. */
  of?: string;
  /** True when it belongs to a service token. */
  token?: true;
  /** Host name, maybe with a wildcard, that it bears on alone. */
  host?: string;
  /** The same for the same value, without showing it. */
  mark: string;
}
