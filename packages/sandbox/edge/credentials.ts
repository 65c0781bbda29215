import type { ServiceToken } from "../account/entities";
import type { Store } from "../account/store";
import { acceptsSecret } from "../api/service-tokens";

/** What a request shows of a service token. */
export type Credentials =
  | { kind: "none" }
  /** Headers that cannot be read as one pair, or are not right; `why` holds nothing of them. */
  | { kind: "invalid"; why: string }
  | { kind: "valid"; token: ServiceToken };

interface Pair {
  id: string;
  secret: string;
}

/**
 * Recognises the service token of a request, by the pair of headers, or by the one header that the application
 * reads ("single-header mode").
 * @see https://developers.cloudflare.com/cloudflare-one/access-controls/service-credentials/service-tokens/
 * @param rawHeaders as Node gives them, so that a repeated header is seen
 * @param options.strict refuses repeated and half pairs, and both styles at once
 */
export function recognise(
  store: Store,
  rawHeaders: readonly string[],
  options: { accountId: string; singleHeader: string | undefined; strict: boolean },
): Credentials {
  const ids = headerValues(rawHeaders, "cf-access-client-id");
  const secrets = headerValues(rawHeaders, "cf-access-client-secret");
  const single = singleHeaderPairs(rawHeaders, options.singleHeader);
  const hasPair = ids.length + secrets.length > 0;
  if (!hasPair && single.length === 0) return { kind: "none" };

  if (options.strict) {
    if (hasPair && single.length > 0) return { kind: "invalid", why: "both styles of token headers" };
    if (ids.length > 1 || secrets.length > 1 || single.length > 1) {
      return { kind: "invalid", why: "a token header is repeated" };
    }
  }
  const pairs = [{ id: ids.join(", "), secret: secrets.join(", ") }, ...single];
  const complete = pairs.filter(({ id, secret }) => id !== "" && secret !== "");
  if (complete.length === 0) return { kind: "invalid", why: "half of a service token" };
  const outcomes = complete.map((pair) => authenticate(store, options.accountId, pair));
  return outcomes.find(({ kind }) => kind === "valid") ?? outcomes[0] ?? { kind: "none" };
}

/** Every value of a header, in order. */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

/** The pairs in the one header that the application reads; anything else in it is not meant for Access. */
export function singleHeaderPairs(rawHeaders: readonly string[], header: string | undefined): Pair[] {
  if (header === undefined || header === "") return [];
  return headerValues(rawHeaders, header.toLowerCase()).flatMap((text) => pairIn(text) ?? []);
}

/** Whether a token may be used at all, whatever the secret. */
export function isUsable(token: ServiceToken, now: Date): boolean {
  return token.enabled && (token.expiresAt === null || Date.parse(token.expiresAt) > now.getTime());
}

function authenticate(store: Store, accountId: string, { id, secret }: Pair): Credentials {
  const token = store.serviceTokens.where((one) => one.accountId === accountId && one.clientId === id)[0];
  if (token === undefined) return { kind: "invalid", why: "an unknown client id" };
  const now = store.now();
  if (acceptsSecret(token, secret, now)) return { kind: "valid", token };
  if (!token.enabled) return { kind: "invalid", why: `the service token ${token.name} is disabled` };
  if (!isUsable(token, now)) return { kind: "invalid", why: `the service token ${token.name} has expired` };
  return { kind: "invalid", why: `a wrong secret for the service token ${token.name}` };
}

function pairIn(text: string): Pair | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const fields = new Map(Object.entries(value).map(([key, field]) => [key.toLowerCase(), field]));
  const read = (key: string) => (typeof fields.get(key) === "string" ? String(fields.get(key)) : "");
  if (!fields.has("cf-access-client-id") && !fields.has("cf-access-client-secret")) return undefined;
  return { id: read("cf-access-client-id"), secret: read("cf-access-client-secret") };
}
