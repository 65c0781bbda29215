import { type ApiAccess, ApiClient } from "./api-client";

export type { Wire } from "./api-client";

/** Where the API is, which account, and who calls. */
export interface AccountAccess extends ApiAccess {
  /** Account id. */
  accountId: string;
}

/** The API as calls below one account. What the account holds, an {@link AccountSnapshot} reads. */
export class AccountApi extends ApiClient {
  readonly accountId: string;

  constructor(access: AccountAccess) {
    super(access);
    this.accountId = access.accountId;
  }

  /** Path of something below the account. */
  below(path: string): string {
    return `/accounts/${encodeURIComponent(this.accountId)}/${path}`;
  }
}
