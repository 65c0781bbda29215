import type { Situation, StateIdentityProvider } from "../../access/situation";

/** Two situations to compare, with one id for each login that both have. */
export interface Sides {
  before: Situation;
  after: Situation;
}

/**
 * Brings both sides to the same ids of identity providers: one that was made anew under the same name and type is
 * the same login to the people who use it. A token made anew is not: its holders need the new credentials.
 */
export function align(before: Situation, after: Situation): Sides {
  const ids = new Map<string, string>();
  const onlyIn = (own: Situation, other: Situation) =>
    own.identityProviders.filter(({ id }) => !other.identityProviders.some((each) => each.id === id));
  const gone = onlyIn(before, after);
  for (const provider of onlyIn(after, before)) {
    const same = gone.filter((each) => kindOf(each) === kindOf(provider));
    if (same.length === 1 && same[0] !== undefined) ids.set(provider.id, same[0].id);
  }
  return { before, after: renamed(after, ids) as Situation };
}

const kindOf = ({ name, type }: StateIdentityProvider): string => JSON.stringify([type ?? "", name]);

function renamed(value: unknown, ids: ReadonlyMap<string, string>): unknown {
  if (ids.size === 0) return value;
  if (typeof value === "string") return ids.get(value) ?? value;
  if (Array.isArray(value)) return value.map((each) => renamed(each, ids));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, renamed(each, ids)]));
}
