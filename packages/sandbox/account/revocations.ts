/**
 * When sessions were revoked. Kept in memory only, like the sessions themselves: a sandbox that starts again has
 * new signing keys, so no session outlives it.
 */
export class Revocations {
  readonly #times = new Map<string, number>();

  /** Ends every session of a person in an account, whatever the application. */
  revokeUser(accountId: string, email: string, now: Date): void {
    this.#times.set(userKey(accountId, email), now.getTime());
  }

  /** Ends every session at an application. */
  revokeApplication(applicationId: string, now: Date): void {
    this.#times.set(`application ${applicationId}`, now.getTime());
  }

  /** Ends what began with one login: what its owner does by logging out. */
  revokeLogin(loginId: string, now: Date): void {
    this.#times.set(`login ${loginId}`, now.getTime());
  }

  /** When a session was revoked, if it was; in milliseconds. */
  revokedAt({ login, application }: RevocableSession): number | undefined {
    const times = [
      this.#after(login.issuedAt, userKey(login.accountId, login.email)),
      this.#after(login.issuedAt, `login ${login.id}`),
      ...(application === undefined
        ? []
        : [this.#after(application.issuedAt, `application ${application.id}`)]),
    ].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Forgets everything. */
  clear(): void {
    this.#times.clear();
  }

  #after(issuedAt: number, key: string): number | undefined {
    const at = this.#times.get(key);
    return at !== undefined && at >= issuedAt ? at : undefined;
  }
}

/** What of a session revocations are about; times in milliseconds. */
export interface RevocableSession {
  login: { id: string; accountId: string; email: string; issuedAt: number };
  /** Absent for the session of the team domain. */
  application?: { id: string; issuedAt: number };
}

const userKey = (accountId: string, email: string): string => `user ${accountId} ${email.toLowerCase()}`;
