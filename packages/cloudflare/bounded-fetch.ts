import { isJson } from "../base/json-values";

/** Seconds; an API that asks for a longer wait is not waited for: nobody would know why the command stands still. */
const LONGEST_WAIT_S = 15;

/** Why an answer is none. The words of the parser quote what came, which may be a secret. */
export const ONLY_A_PART = "only a part of it came";

/**
 * `fetch` for the vendor's client, which otherwise waits for as long as the API asks (`Retry-After`), without a word:
 * after 1,200 calls in five minutes that is five minutes, and a gateway may ask for hours.
 */
export const boundedFetch: typeof fetch = async (input, init) => {
  const answer = await fetch(input, init);
  if (answer.status === 200 && init?.method?.toUpperCase() === "GET") return whole(answer);
  if ((waitAsked(answer.headers) ?? 0) <= LONGEST_WAIT_S) return answer;
  const headers = new Headers(answer.headers);
  // What the client takes for the API's own word on it.
  headers.set("x-should-retry", "false");
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
};

/**
 * The answer to a read with all of its body, which the client takes in only after it has decided not to try again.
 * @throws {TypeError} when only a part came, which the client takes for a connection that was broken.
 */
async function whole(answer: Response): Promise<Response> {
  const text = await answer.text();
  if (/\bjson\b/.test(answer.headers.get("content-type") ?? "") && !isJson(text))
    throw new TypeError(ONLY_A_PART);
  return new Response(text, answer);
}

/** Seconds that an answer asks to wait; undefined when it does not. */
export function waitAsked(headers: Headers | undefined): number | undefined {
  const said = headers?.get("retry-after");
  if (said == null || said === "") return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(said) ? Number(said) : (Date.parse(said) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}
