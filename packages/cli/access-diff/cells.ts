import type { Subject } from "../../access";
import { type Ending, endingsOf } from "../../access/endings";
import type { Assumptions, Reach } from "../../access/reach";
import type { Place, Site } from "../../access/site";
import { type Circumstances, circumstancesOf } from "./circumstances";
import { type Principal, principalsOf, witnessOf } from "./principals";
import type { Sides } from "./sides";
import { type SitePair, sitesOf } from "./sites";

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

/** One caller at one place, with every combination of circumstances that rules there tell apart. */
export interface Caller {
  place: Place;
  principal: Principal;
  combinations: Circumstances[];
  /** Those combinations under which something changes. */
  cells: Cell[];
}

/** Everything that changes for anybody anywhere: each class of callers at each place, changed or not. */
export function compareCallers(sides: Sides, sites: readonly SitePair[] = sitesOf(sides)): Caller[] {
  const known = new Map<string, Caller[]>();
  return sites.flatMap(({ place, before, after }) => {
    // Most paths of a host name fare alike.
    const key = JSON.stringify([place.hostname, before, after]);
    const callers = known.get(key) ?? callersAt(sides, { place, before, after });
    known.set(key, callers);
    return callers.map((caller) => ({
      ...caller,
      place,
      cells: caller.cells.map((cell) => ({ ...cell, place })),
    }));
  });
}

function callersAt(sides: Sides, { place, before, after }: SitePair): Caller[] {
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

/** How it ends on both sides, under assumptions. */
interface BothEnd {
  before: Reach;
  after: Reach;
  assumed: Assumptions;
}

const NOWHERE: Reach = { in: false, stop: { at: "access", code: "refused", about: "", login: false } };

function changeOf(before: Site, after: Site, witness: Cell["witness"]): Change | undefined {
  const { endings: found, words } = endingsOf([
    { site: before, subject: witness.before },
    { site: after, subject: witness.after },
  ]);
  if (found === undefined) {
    const on = [...new Set(words.values())].sort();
    return { kind: "not decided", before: NOWHERE, after: NOWHERE, on, may: [] };
  }
  const endings = found.map(bothOf);
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

function bothOf({ reaches: [before = NOWHERE, after = NOWHERE], assumed }: Ending): BothEnd {
  return { before, after, assumed };
}

/** The same for an ending and its reverse, whichever policy it comes from. */
const textOf = ({ before, after }: BothEnd): string =>
  JSON.stringify([before, after].map((reach) => (reach.in ? `${reach.by} ${reach.session}` : "")).sort());

/** Whether what becomes of a caller turns with one of the unknown rules, the others being as they may. */
function matters(key: string, keys: readonly string[], endings: readonly BothEnd[]): boolean {
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
}: Pick<BothEnd, "before" | "after">): "gain" | "loss" | "longer" | "shorter" | undefined {
  if (before.in !== after.in) return after.in ? "gain" : "loss";
  if (!before.in || !after.in || before.by !== "login" || after.by !== "login") return undefined;
  const [then = 0, now = 0] = [before.session, after.session];
  if (then === now) return undefined;
  return now > then ? "longer" : "shorter";
}
