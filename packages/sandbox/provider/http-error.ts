/** A call that failed, in the words of the real provider: method, URL, status and body. */
export class CallError extends Error {
  override readonly name = "CallError";

  constructor(
    readonly method: string,
    readonly url: string,
    /** HTTP status; undefined when no answer came. */
    readonly status: number | undefined,
    /** The answer's body, or what the network said; any secret has to be masked already. */
    body: string,
  ) {
    super(`${method} "${url}": ${status === undefined ? "no answer" : status} ${body}`.trimEnd());
  }
}

/** The text with each of the secrets replaced. */
export function masked(text: string, secrets: string[]): string {
  // Longest first, so that a secret which holds another one leaves nothing behind.
  const ordered = [...secrets].filter((secret) => secret !== "").sort((a, b) => b.length - a.length);
  return ordered.reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text);
}

/** What the call answers; undefined when the object is not there (any more). */
export async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof CallError && error.status === 404) return undefined;
    throw error;
  }
}
