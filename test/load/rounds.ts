import { randomFrom } from "../support/random";
import type { Tally } from "./tally";

/** One request of a kind; answers what is wrong with its answer. */
export type Visit = () => Promise<string | undefined>;

/** How often each kind of request comes, by its name; kinds that are not named do not come. */
export type Mix = Readonly<Record<string, number>>;

/**
 * Sends so many requests, so many at a time, in an order that follows from the seed; each kind comes exactly as often
 * as the mix says, so that rounds are equal.
 */
export async function round(
  visits: Readonly<Record<string, Visit>>,
  options: { mix: Mix; requests: number; atOnce: number; seed: number; tally: Tally },
): Promise<void> {
  const { mix, requests, atOnce, seed, tally } = options;
  const parts = Object.entries(mix).reduce((sum, [, part]) => sum + part, 0);
  const kinds = Object.entries(mix).flatMap(([kind, part]) =>
    new Array<string>(Math.max(1, Math.round((requests * part) / parts))).fill(kind),
  );
  const random = randomFrom(seed);
  for (let index = kinds.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [kinds[index], kinds[other]] = [kinds[other] as string, kinds[index] as string];
  }
  const sender = async () => {
    for (let kind = kinds.pop(); kind !== undefined; kind = kinds.pop()) {
      const visit = visits[kind];
      if (visit === undefined) throw new Error(`there is no request of the kind "${kind}"`);
      await tally.count(kind, visit);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, sender));
}
