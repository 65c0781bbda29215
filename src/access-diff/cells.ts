import type { Subject } from "../access";
import { type Place, placesOf, type Site, siteOf } from "./addressing";
import { type Circumstances, circumstancesOf } from "./circumstances";
import { type Principal, principalsOf, witnessOf } from "./principals";
import { type Assumptions, type Reach, reachOf } from "./reach";
import type { Sides } from "./sides";

/** What changes for one caller at one place. */
export interface Change {
  kind: "gain" | "loss" | "longer" | "shorter" | "depends" | "not decided";
  before: Reach;
  after: Reach;
  /** What `depends` and `not decided` hang on, in words, sorted. */
  on: string[];
  /** What may come of it: for `depends`, every change that some answer brings about. */
  may: ("gain" | "loss" | "longer" | "shorter")[];
}

/** One caller at one place under certain circumstances, for whom something changes. */
export interface Cell {
  place: Place;
  principal: Principal;
  circumstances: Circumstances;
  /** The subjects that stand for the caller on each side. */
  witness: { before: Subject; after: Subject };
  change: Change;
}

/** More unknown rules than this, or more ways in which they can be answered, are not gone through. */
const MOST_UNKNOWN = 8;
const CAP = 2 ** MOST_UNKNOWN;

/** One caller at one place, with every combination of circumstances that rules there tell apart. */
export interface Caller {
  place: Place;
  principal: Principal;
  combinations: Circumstances[];
  /** Those combinations under which something changes. */
  cells: Cell[];
}

/** Everything that changes for anybody anywhere: each class of callers at each place, changed or not. */
export function compareCallers(sides: Sides): Caller[] {
  return placesOf(sides).flatMap((place) => {
    const before = siteOf(sides.before, sides.after, place);
    const after = siteOf(sides.after, sides.before, place);
    const applications = [before.application, after.application];
    const policies = applications.flatMap((application) => application?.policies ?? []);
    return principalsOf(sides, policies).map((principal) => {
      const subject = {
        before: witnessOf(principal, sides.before, sides.after, policies),
        after: witnessOf(principal, sides.after, sides.before, policies),
      };
      const combinations = circumstancesOf(sides, applications, policies, principal);
      const cells = combinations.flatMap((circumstances): Cell[] => {
        const witness = {
          before: { ...subject.before, ...stated(circumstances) },
          after: { ...subject.after, ...stated(circumstances) },
        };
        const change = changeOf(before, after, witness);
        return change === undefined ? [] : [{ place, principal, circumstances, witness, change }];
      });
      return { place, principal, combinations, cells };
    });
  });
}

/** Circumstances as `decide` takes them; no rule asks for what is left out, so it may be absent. */
function stated({ login, country, ip, certificate }: Circumstances): Subject {
  return {
    identityProviderId: login ?? null,
    country: country ?? null,
    ip: ip ?? null,
    certificateName: certificate ?? null,
  };
}

/** How it ends under assumptions. */
interface Ending {
  before: Reach;
  after: Reach;
  assumed: Assumptions;
}

const NOWHERE: Reach = { in: false };

function changeOf(before: Site, after: Site, witness: Cell["witness"]): Change | undefined {
  const words = new Map<string, string>();
  const endings = endingsOf(before, after, witness, new Map(), words, { left: CAP });
  if (endings === undefined || words.size > MOST_UNKNOWN) {
    const on = [...new Set(words.values())].sort();
    return { kind: "not decided", before: NOWHERE, after: NOWHERE, on, may: [] };
  }
  const kinds = endings.map(kindOf);
  const may = [...new Set(kinds.filter((kind) => kind !== undefined))].sort();
  // Whichever way it was found: the same for the same change.
  const [first] = endings
    .filter((ending) => kindOf(ending) !== undefined)
    .sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
  if (first === undefined || may[0] === undefined) return undefined;
  if (may.length === 1 && !kinds.includes(undefined)) {
    return { kind: may[0], before: first.before, after: first.after, on: [], may };
  }
  const on = [...words].filter(([key]) => matters(key, [...words.keys()], endings)).map(([, word]) => word);
  return { kind: "depends", before: NOWHERE, after: NOWHERE, on: [...new Set(on)].sort(), may };
}

/** The same for an ending and its reverse, whichever policy it comes from. */
const textOf = ({ before, after }: Ending): string =>
  JSON.stringify([before, after].map((reach) => (reach.in ? `${reach.by} ${reach.session}` : "")).sort());

/** How it ends under each assumption that makes a difference; undefined past the cap. */
function endingsOf(
  before: Site,
  after: Site,
  witness: Cell["witness"],
  assumed: Assumptions,
  words: Map<string, string>,
  budget: { left: number },
): Ending[] | undefined {
  const then = reachOf(before, witness.before, assumed);
  const now = reachOf(after, witness.after, assumed);
  if (!("open" in then) && !("open" in now)) {
    budget.left -= 1;
    return budget.left < 0 ? undefined : [{ before: then, after: now, assumed }];
  }
  const open = "open" in then ? then.open : "open" in now ? now.open : { key: "", words: "" };
  words.set(open.key, open.words);
  const endings: Ending[] = [];
  for (const value of [true, false]) {
    const found = endingsOf(before, after, witness, new Map([...assumed, [open.key, value]]), words, budget);
    if (found === undefined) return undefined;
    endings.push(...found);
  }
  return endings;
}

/** Whether what becomes of a caller turns with one of the unknown rules, the others being as they may. */
function matters(key: string, keys: readonly string[], endings: readonly Ending[]): boolean {
  const kindUnder = (answers: Assumptions) => {
    const ending = endings.find(({ assumed }) =>
      [...assumed].every(([each, value]) => answers.get(each) === value),
    );
    return ending && kindOf(ending);
  };
  const others = keys.filter((each) => each !== key);
  return Array.from({ length: 2 ** others.length }, (_, bits) => bits).some((bits) => {
    const answers = others.map((each, index) => [each, ((bits >> index) & 1) === 1] as const);
    return kindUnder(new Map([...answers, [key, true]])) !== kindUnder(new Map([...answers, [key, false]]));
  });
}

function kindOf({
  before,
  after,
}: Pick<Ending, "before" | "after">): "gain" | "loss" | "longer" | "shorter" | undefined {
  if (before.in !== after.in) return after.in ? "gain" : "loss";
  if (!before.in || !after.in || before.by !== "login" || after.by !== "login") return undefined;
  const [then = 0, now = 0] = [before.session, after.session];
  if (then === now) return undefined;
  return now > then ? "longer" : "shorter";
}
