import type { Adapter, AdapterPayload } from "oidc-provider";

interface Item {
  payload: AdapterPayload;
  expiresAt: number;
}

/** Sessions, codes and tokens of the sandbox's Google: in memory only, forgotten when they expire. */
export class GoogleStorage {
  readonly #items = new Map<string, Item>();

  /** Forgets everything: nobody is signed in, and no code or token is good any more. */
  clear(): void {
    this.#items.clear();
  }

  /** Where oidc-provider keeps the models of one kind. */
  adapter(model: string): Adapter {
    const key = (id: string) => `${model}:${id}`;
    return {
      find: async (id) => this.#payload(key(id)),
      findByUid: async (uid) => this.#found(model, (payload) => payload.uid === uid),
      findByUserCode: async (code) => this.#found(model, (payload) => payload.userCode === code),
      upsert: async (id, payload, expiresIn = Number.POSITIVE_INFINITY) => {
        this.#forgetExpired();
        this.#items.set(key(id), { payload, expiresAt: Date.now() + expiresIn * 1000 });
      },
      consume: async (id) => {
        const payload = this.#payload(key(id));
        if (payload) payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => {
        this.#items.delete(key(id));
      },
      revokeByGrantId: async (grantId) => {
        for (const [id, { payload }] of this.#items) {
          if (payload.grantId === grantId) this.#items.delete(id);
        }
      },
    };
  }

  #payload(key: string): AdapterPayload | undefined {
    const item = this.#items.get(key);
    return item !== undefined && item.expiresAt > Date.now() ? item.payload : undefined;
  }

  #found(model: string, matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    for (const key of this.#items.keys()) {
      const payload = key.startsWith(`${model}:`) ? this.#payload(key) : undefined;
      if (payload && matches(payload)) return payload;
    }
    return undefined;
  }

  #forgetExpired(): void {
    for (const [key, { expiresAt }] of this.#items) {
      if (expiresAt <= Date.now()) this.#items.delete(key);
    }
  }
}
