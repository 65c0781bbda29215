import { createHash, createHmac } from "node:crypto";
import type { Situation } from "../../access/situation";
import { undecidedPlaces } from "../../access/undecided-places";
import { canonical } from "../../base/json-values";
import { compareCallers } from "./cells";
import { connectorFacts } from "./connector-facts";
import { type Entry, entriesOf } from "./entries";
import type { Fact } from "./fact";
import { factsOf } from "./facts";
import { namedIn } from "./principals";
import { type Compared, relationOf } from "./relation";
import { needsOf, type Sections, sectionsOf } from "./sections";
import { align, type Sides } from "./sides";
import { sitesOf } from "./sites";
import type { Undecided } from "./undecided";

/**
 * What it comes to. `widened` also where requests or secrets go elsewhere, or something counts for longer; `not decided`
 * also where that would widen, since what the plan does not tell could be anything.
 */
export type DiffVerdict = "no change" | "narrowed" | "widened" | "not decided";

/** Who gains and who loses what, and what else a review tells; sorted by `sectionsOf`. */
export interface AccessDiff {
  verdict: DiffVerdict;
  /** Who gets in after the change against who got in before, for every request there can be. */
  compared: Compared;
  /** Changes of who gets in. */
  entries: Entry[];
  /** Changes besides the policies. */
  facts: Fact[];
  /** What cannot be read before the update, or is not judged. */
  undecided: Undecided[];
  /**
   * The same for the same change, whenever it is computed: independent of order and of the ids and names of
   * resources. Keyed where a salt is given; absent where it would let masked addresses be guessed.
   */
  hash?: string;
}

/**
 * Compares two situations, for everybody, exactly: each principal that either side names, one witness for each
 * class of the others, and every circumstance that rules name.
 * @param undecided what the caller could not read of them
 * @param salt makes the hash a keyed one
 * @param facts what else the caller knows to change
 */
export function accessDiff(
  before: Situation,
  after: Situation,
  {
    undecided: said = [],
    salt,
    facts: more = [],
  }: { undecided?: readonly Undecided[]; salt?: string; facts?: readonly Fact[] } = {},
): AccessDiff {
  const sides = align(before, after);
  const sites = sitesOf(sides);
  const places = undecidedPlaces(sides.before, sides.after).map(
    (text): Undecided => ({ code: "places", bears: ["access", "traffic"], text }),
  );
  const undecided = [...said, ...places];
  const callers = compareCallers(sides, sites);
  const policies = [before, after].flatMap(({ applications }) =>
    applications.flatMap((each) => each.policies),
  );
  const ranges = namedIn(policies, "ip", "ip");
  const login = loginNames(sides);
  const entries = sorted(entriesOf(callers, { login: (id) => login(id).name, ranges }));
  const facts = [...factsOf(sides, login), ...connectorFacts(sides, sites), ...more];
  const plain = entriesOf(callers, { login: (id) => login(id).key, ranges });
  const hashed = canonical({
    entries: sorted(
      // The words say which caller it is.
      plain.map(({ whoKind: _, ...entry }) => ({
        ...entry,
        on: entry.on.map((words) => withoutIds(words, sides)),
      })),
    ),
    facts: sorted(facts.map(({ text: _, ...fact }) => fact)),
    undecided: sorted(undecided),
  });
  const compared = relationOf(callers);
  const isOpen = undecided.some(({ bears }) => bears.includes("access"));
  return {
    verdict: verdictOf(sectionsOf({ entries, facts, undecided })),
    compared: isOpen ? { ...compared, relation: "not decided" } : compared,
    entries,
    facts,
    undecided,
    hash: (salt === undefined ? createHash("sha256") : createHmac("sha256", salt))
      .update(hashed)
      .digest("hex"),
  };
}

/** What the sections come to together; what is not judged comes first, since it may be anything. */
function verdictOf(sections: Sections): DiffVerdict {
  const { widening, notJudged } = needsOf(sections);
  if (notJudged) return "not decided";
  if (widening) return "widened";
  return Object.values(sections).some(({ verdict }) => verdict === "narrower") ? "narrowed" : "no change";
}

/** The name of a login for people, and what stands for it whatever it is called. */
function loginNames({ before, after }: Sides): (id: string) => { name: string; key: string } {
  const known = [...after.identityProviders, ...before.identityProviders];
  return (id) => {
    const found = known.find((each) => each.id === id);
    if (found === undefined) return { name: id, key: id };
    const alike = new Set(known.filter(({ type }) => type === found.type).map((each) => each.id));
    return { name: found.name, key: alike.size === 1 && found.type ? found.type : found.name };
  };
}

/** Words on a rule without the ids of logins, which a preview does not know yet. */
function withoutIds(words: string, { before, after }: Sides): string {
  const ids = [...before.identityProviders, ...after.identityProviders].map(({ id }) => id);
  return ids.reduce((text, id) => text.replaceAll(id, "login"), words);
}

function sorted<T>(values: readonly T[]): T[] {
  return values
    .map((value) => [canonical(value), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, value]) => value);
}
