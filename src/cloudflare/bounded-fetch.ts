/** Seconds; an API that asks for a longer wait is not waited for: nobody would know why the command stands still. */
const LONGEST_WAIT_S = 15;

/**
 * `fetch` for the vendor's client, which otherwise waits for as long as the API asks (`Retry-After`), without a word:
 * after 1,200 calls in five minutes that is five minutes, and a gateway may ask for hours.
 */
export const boundedFetch: typeof fetch = async (input, init) => {
  const answer = await fetch(input, init);
  if ((waitAsked(answer.headers) ?? 0) <= LONGEST_WAIT_S) return answer;
  const headers = new Headers(answer.headers);
  // What the client takes for the API's own word on it.
  headers.set("x-should-retry", "false");
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
};

/** Seconds that an answer asks to wait; undefined when it does not. */
export function waitAsked(headers: Headers | undefined): number | undefined {
  const said = headers?.get("retry-after");
  if (said == null || said === "") return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(said) ? Number(said) : (Date.parse(said) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}
