import type { Subject } from ".";
import { type Assumptions, type Reach, reachOf } from "./reach";
import type { Site } from "./site";
import { openWords } from "./steps";
import { notJudgedWords } from "./words";

/** Somebody at a place. */
export interface Visit {
  site: Site;
  subject: Subject;
}

/** How visits end under assumptions, in their order. */
export interface Ending {
  reaches: Reach[];
  assumed: Assumptions;
}

/** Every way in which visits can end. */
export interface Endings {
  /** One for each way in which the open rules can be answered; undefined when there are too many. */
  endings?: Ending[];
  /** The words of the open rules, by key. */
  words: ReadonlyMap<string, string>;
}

/** More unknown rules than this, or more ways in which they can be answered, are not gone through. */
const MOST_UNKNOWN = 8;
const CAP = 2 ** MOST_UNKNOWN;

/** How visits end, under each answer of what cannot be known that makes a difference. */
export function endingsOf(visits: readonly Visit[]): Endings {
  const words = new Map<string, string>();
  const endings = under(visits, new Map(), words, { left: CAP });
  return endings === undefined || words.size > MOST_UNKNOWN ? { words } : { endings, words };
}

function under(
  visits: readonly Visit[],
  assumed: Assumptions,
  words: Map<string, string>,
  budget: { left: number },
): Ending[] | undefined {
  const reaches: Reach[] = [];
  for (const { site, subject } of visits) {
    const reach = reachOf(site, subject, assumed);
    if ("in" in reach) {
      reaches.push(reach);
      continue;
    }
    const { open } = reach;
    words.set(open.key, open.words);
    const endings: Ending[] = [];
    for (const value of [true, false]) {
      const found = under(visits, new Map([...assumed, [open.key, value]]), words, budget);
      if (found === undefined) return undefined;
      endings.push(...found);
    }
    return endings;
  }
  budget.left -= 1;
  return budget.left < 0 ? undefined : [{ reaches, assumed }];
}

/** What is known of how one visit ends. */
export type Outcome =
  | { verdict: "in"; endings: Reach[] }
  | { verdict: "out"; endings: Reach[] }
  /** Some answers let it in and others keep it out, or what the state does not say would have to be so. */
  | { verdict: "open"; endings: Reach[]; on: string[]; notJudged: string[] };

/** How one visit ends, as far as it is known: the one answer to "does this caller get there?". */
export function outcomeOf(visit: Visit): Outcome {
  const { serviceTokenId } = visit.subject;
  const notJudged = visit.site.notJudged
    .filter(({ token, of }) => !token || serviceTokenId === undefined || of === serviceTokenId)
    .map(notJudgedWords);
  const { endings, words } = endingsOf([visit]);
  if (endings === undefined) {
    const on = [...new Set([...[...words.values()].sort(), ...notJudged])];
    return { verdict: "open", endings: [], on, notJudged };
  }
  const reaches = endings.flatMap((ending) => ending.reaches);
  const isMixed = reaches.some((reach) => reach.in) && reaches.some((reach) => !reach.in);
  const assuming = assumedIn(reaches);
  const on = [...new Set([...(isMixed ? words.values() : []), ...assuming, ...notJudged])];
  if (on.length > 0) return { verdict: "open", endings: reaches, on, notJudged };
  return { verdict: reaches.every((reach) => reach.in) ? "in" : "out", endings: reaches };
}

/** What has to be so for requests to arrive, in words, each once. */
export function assumedIn(reaches: readonly Reach[]): string[] {
  const open = reaches.flatMap((reach) => (reach.in ? (reach.assuming ?? []) : []));
  return [...new Set(open.map(openWords))];
}
