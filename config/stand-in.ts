/** What every stand-in's name ends with; the guardrails know it by that. */
const SUFFIX = "-stand-in";

/** Longest name that a token may have. */
const LONGEST = 48;

/** The name of the token that stands in for another one. */
export function standInName(token: string): string {
  return `${token.slice(0, LONGEST - SUFFIX.length)}${SUFFIX}`;
}

/** Whether a token of this name stands in for another one, and so lives for days only. */
export function isStandInName(name: string): boolean {
  return name.endsWith(SUFFIX);
}

/** A token, as far as it matters who stands in for whom. */
interface Token {
  name: string;
  standIn?: { for: string; until?: string };
}

/** The token whose credentials are handed out for each token, by its name: itself, or the one that stands in for it. */
export function handedOut<T extends Token>(tokens: readonly T[]): Record<string, T> {
  const own = tokens.filter(({ standIn }) => standIn === undefined);
  return Object.fromEntries(
    own.map((token) => {
      const standIn = tokens.find(
        ({ standIn }) => standIn?.for === token.name && standIn.until === undefined,
      );
      return [token.name, standIn ?? token];
    }),
  );
}

/** What is handed out for each token, by its name. */
export function credentialsOf<R extends Record<"clientId" | "clientSecret" | "expiresAt", unknown>>(
  tokens: readonly (Token & { resource: R })[],
): Record<string, Pick<R, "clientId" | "clientSecret" | "expiresAt">> {
  return Object.fromEntries(
    Object.entries(handedOut(tokens)).map(([name, { resource }]) => {
      const { clientId, clientSecret, expiresAt } = resource;
      return [name, { clientId, clientSecret, expiresAt }];
    }),
  );
}

/** Those of the tokens that an application takes: the ones that it names, and who stands in for them. */
export function acceptedTokens<T extends Token>(
  { serviceTokens }: { serviceTokens: readonly string[] },
  tokens: readonly T[],
): T[] {
  return tokens.filter(
    ({ name, standIn }) =>
      serviceTokens.includes(name) || (standIn !== undefined && serviceTokens.includes(standIn.for)),
  );
}
