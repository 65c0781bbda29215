import { randomBytes } from "node:crypto";
import type { Policy } from "../../access";
import { sha256 } from "../account/ids";

/** A person who logged in at the team domain. */
export interface Login {
  id: string;
  accountId: string;
  email: string;
  identityProvider: { id: string; type: string };
  /** The person's id in the account, always the same for an address. */
  userUuid: string;
  /** Milliseconds. */
  issuedAt: number;
  /** Seconds since 1970. */
  expiresAt: number;
}

/** A login's session at one application; its JWT names it by `identity_nonce`. */
export interface AppSession {
  nonce: string;
  login: Login;
  applicationId: string;
  /** The policy that let the person in. */
  policyId: string;
  /** The application's policies as they were then. */
  policies: Policy[];
  /** Milliseconds. */
  issuedAt: number;
  /** Value of the CF_Binding cookie that must come with the token, where the application has one. */
  binding?: string;
}

/** A person on the way to the identity provider and back; known by the `state` parameter. */
export interface PendingLogin {
  visit: Visit;
  identityProviderId: string;
  /** Ties the way back to the browser that left: SHA-256 of its CF_Session cookie. */
  browserHash: string;
  nonce: string;
  codeVerifier?: string;
}

/** What a person wanted when Access asked for a login. */
export interface Visit {
  applicationId: string;
  hostname: string;
  /** Path and query, from the first slash. */
  path: string;
  /** SHA-256 of the CF_AppSession cookie that the application's hostname set. */
  appSessionHash: string;
}

/** A login that was granted, on its way to the application's hostname. */
export interface Grant {
  visit: Visit;
  login: Login;
  policyId: string;
  policies: Policy[];
}

const MINUTE = 60_000;
/** How long a login at the identity provider may take. */
const PENDING_MS = 10 * MINUTE;
/** How long the last redirect may take. */
const GRANT_MS = MINUTE;

/** The edge's sessions, in memory. */
export class Sessions {
  readonly logins = new Map<string, Login>();
  readonly applications = new Map<string, AppSession>();
  /** Service tokens' JWTs that are sent again for a moment: signing is most of such a request's cost. */
  readonly serviceJwts = new Map<string, { jwt: string; expires: Date; until: number }>();
  readonly #pending = new OneTime<PendingLogin>(PENDING_MS);
  readonly #grants = new OneTime<Grant>(GRANT_MS);

  /** Keeps a pending login and gives its `state`. */
  leave(pending: PendingLogin, now: Date): string {
    return this.#pending.put(pending, now);
  }

  /** The pending login of a `state`, once. */
  comeBack(state: string, now: Date): PendingLogin | undefined {
    return this.#pending.take(state, now);
  }

  /** Keeps a granted login and gives its nonce. */
  grant(grant: Grant, now: Date): string {
    return this.#grants.put(grant, now);
  }

  /** The granted login of a nonce, once. */
  redeem(nonce: string, now: Date): Grant | undefined {
    return this.#grants.take(nonce, now);
  }

  clear(): void {
    this.logins.clear();
    this.applications.clear();
    this.serviceJwts.clear();
    this.#pending.clear();
    this.#grants.clear();
  }
}

/** A new random value, hexadecimal. */
export const newNonce = (bytes = 16): string => randomBytes(bytes).toString("hex");

/** The id of a person in an account, as a UUID made from the address. */
export function userUuid(accountId: string, email: string): string {
  const hex = sha256(`${accountId} ${email.toLowerCase()}`);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}

/** Values that can be taken once, within a time. */
class OneTime<T> {
  readonly #values = new Map<string, { value: T; until: number }>();

  constructor(private readonly lifetimeMs: number) {}

  put(value: T, now: Date): string {
    for (const [key, { until }] of this.#values) if (until < now.getTime()) this.#values.delete(key);
    const key = newNonce(32);
    this.#values.set(key, { value, until: now.getTime() + this.lifetimeMs });
    return key;
  }

  take(key: string, now: Date): T | undefined {
    const found = this.#values.get(key);
    this.#values.delete(key);
    return found !== undefined && found.until >= now.getTime() ? found.value : undefined;
  }

  clear(): void {
    this.#values.clear();
  }
}
