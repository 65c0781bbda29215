import type { IncomingHttpHeaders } from "undici/types/header";
import { type Credential, redact, secretsOf } from "./credential";
import { isRecord, type JsonObject } from "./narrow";

/**
 * What the server said, without the credential: a page, an error or an echo may repeat it. Every text that comes from
 * the server passes here before anything else reads it; the bytes of files alone do not.
 */
export class Said {
  readonly #credential: Credential | undefined;
  readonly #secrets: string[];

  constructor(credential: Credential | undefined) {
    this.#credential = credential;
    this.#secrets = credential === undefined ? [] : secretsOf(credential);
  }

  /** A text; `part`: its end is cut off, perhaps within the credential. */
  text(text: string, part = false): string {
    const clean = redact(text, this.#credential);
    if (!part) return clean;
    const begun = Math.max(0, ...this.#secrets.map((secret) => overlap(clean, secret)));
    return clean.slice(0, clean.length - begun);
  }

  /** A JSON text's value, with the names in it; throws a SyntaxError when it is none. */
  json(text: string): unknown {
    const value: unknown = JSON.parse(text);
    return this.#credential === undefined ? value : this.#clean(value);
  }

  /** A JSON text's object; empty when it is none. */
  object(text: string): JsonObject {
    try {
      const value = this.json(text);
      return isRecord(value) ? value : {};
    } catch {
      return {};
    }
  }

  headers(headers: IncomingHttpHeaders): IncomingHttpHeaders {
    if (this.#credential === undefined) return headers;
    return this.#clean({ ...headers }) as IncomingHttpHeaders;
  }

  #clean(value: unknown): unknown {
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.#clean(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [this.text(name), this.#clean(item)]),
    );
  }
}

/** How much of the beginning of the secret the text ends with. */
function overlap(text: string, secret: string): number {
  for (let length = Math.min(secret.length - 1, text.length); length > 0; length -= 1) {
    if (text.slice(-length).toLowerCase() === secret.slice(0, length).toLowerCase()) return length;
  }
  return 0;
}
