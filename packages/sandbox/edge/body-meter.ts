import type { IncomingMessage } from "node:http";

/**
 * Measures a request's body as it comes off the wire, without reading it in its reader's place. Must be made as
 * soon as the request is there: a small body is complete before anything has been decided.
 */
export class BodyMeter {
  #size = 0;
  #tooLong: (() => void) | undefined;

  /** @param limit in bytes; what comes after it is dropped, and the body never ends. */
  constructor(
    incoming: IncomingMessage,
    private readonly limit: number,
  ) {
    const { push } = incoming;
    incoming.push = (chunk: Buffer | null, encoding) => {
      const before = this.exceeded;
      this.#size += chunk?.length ?? 0;
      if (!this.exceeded) return push.call(incoming, chunk, encoding);
      if (!before) this.#tooLong?.();
      return true;
    };
  }

  get exceeded(): boolean {
    return this.#size > this.limit;
  }

  /** Calls back once, when the limit is passed later on. */
  whenExceeded(callback: () => void): void {
    this.#tooLong = callback;
  }
}
