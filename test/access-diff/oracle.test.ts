import fc from "fast-check";
import { expect, test } from "vitest";
import { applicationFor } from "../../packages/access";
import type { Situation } from "../../packages/access/situation";
import { accessDiff } from "../../packages/cli/access-diff/access-diff";
import { narrowestRange } from "../../packages/cli/access-diff/addresses";
import { type Cell, compareCallers } from "../../packages/cli/access-diff/cells";
import { OTHER_COUNTRY } from "../../packages/cli/access-diff/circumstances";
import { OTHER_LOGIN } from "../../packages/cli/access-diff/principals";
import { align } from "../../packages/cli/access-diff/sides";
import { holds } from "../support/properties";
import { COUNTRIES, pairArbitrary, RANGES, stateArbitrary } from "./arbitraries";
import { ALL_TRUTHS, allVisits, getsIn, type Visit } from "./oracle";

const VISITS = allVisits();
const HOME_IP = "203.0.113.9";
const HOME = VISITS.filter(({ country, ip }) => country === "NL" && ip === HOME_IP);

type Pair = [Situation, Situation];

/** A cell, with the logins that are told apart where it is. */
interface Told extends Cell {
  logins: (string | undefined)[];
}

const cellsOf = ([before, after]: Pair): Told[] =>
  compareCallers(align(before, after)).flatMap(({ cells, combinations }) =>
    cells.map((cell) => ({ ...cell, logins: combinations.map(({ login }) => login) })),
  );

/** Whether a visit belongs to the class of callers, the place and the circumstances that a cell is about. */
function isAbout(
  { circumstances, logins, principal }: Told,
  visit: Visit,
  pair: Pair,
  named: string,
): boolean {
  switch (principal.kind) {
    case "nobody":
      if (visit.email !== null || visit.token !== null) return false;
      break;
    case "person":
      if (visit.email !== principal.email) return false;
      break;
    case "domain":
      if (visit.email?.split("@")[1] !== principal.domain || named.includes(`"${visit.email}"`)) return false;
      break;
    case "anyone":
      if (visit.email === null || named.includes(`"${visit.email}"`)) return false;
      if (named.includes(`{"domain":"${visit.email.split("@")[1]}"}`)) return false;
      break;
    case "token":
      if (visit.token !== principal.id) return false;
      break;
    case "any token":
      if (visit.token !== "token-9" && isTold(visit, pair, named)) return false;
      if (visit.token === null) return false;
      break;
    case "both":
      // A visit comes with one of them at most; equivalence.test.ts has both.
      return false;
  }
  const { login, country, ip } = circumstances;
  const isOther = login === OTHER_LOGIN && !logins.includes(visit.login ?? "");
  if (login !== undefined && login !== visit.login && !isOther) return false;
  if (country !== undefined && country !== visit.country) {
    const isNamed = COUNTRIES.includes(visit.country) && named.includes(`"${visit.country}"`);
    if (country !== OTHER_COUNTRY || isNamed) return false;
  }
  if (ip === undefined) return true;
  // Of nested ranges the narrowest tells which part an address is in.
  const ranges = RANGES.filter((range) => named.includes(`"${range}"`));
  return narrowestRange(ip, ranges) === narrowestRange(visit.ip, ranges);
}

/** Country and address make a difference only where a rule asks for them. */
function isTelling({ country, ip }: Visit, named: string): boolean {
  return (country === "NL" || named.includes('"geo"')) && (ip === HOME_IP || named.includes('"ip"'));
}

/** With a login that no application there offers, one is nobody there. */
function canHappen(pair: Pair, { hostname, path, login }: Visit): boolean {
  const applications = pair.flatMap(({ applications }) => applicationFor(applications, hostname, path) ?? []);
  const offers = ({ allowedIdps }: (typeof applications)[number]) =>
    allowedIdps.length === 0 || allowedIdps.includes(login ?? "");
  return login === null || applications.length === 0 || applications.some(offers);
}

const isTold = (visit: Visit, [before, after]: Pair, named: string): boolean =>
  [...before.tokens, ...after.tokens].some(({ id }) => id === visit.token) ||
  named.includes(`"${visit.token}"`);

const policiesAt = (pair: Pair, { hostname, path }: Visit): string =>
  JSON.stringify(pair.map(({ applications }) => applicationFor(applications, hostname, path)?.policies));

const isSamePlace = (path: string, visit: Visit, pair: Pair): boolean =>
  pair.every(
    ({ applications, ingress }) =>
      applicationFor(applications, visit.hostname, path)?.name ===
        applicationFor(applications, visit.hostname, visit.path)?.name &&
      ingress.every(
        ({ hostname, path: pattern = "" }) =>
          hostname !== visit.hostname ||
          new RegExp(pattern).test(path) === new RegExp(pattern).test(visit.path),
      ),
  );

/** The cells of all places that are the same as the one of a visit. */
function cellsAt(visit: Visit, pair: Pair, cells: readonly Told[]): Told[] {
  const there = cells.filter(({ place }) => place.hostname === visit.hostname);
  const paths = new Set(there.map(({ place }) => place.path));
  for (const path of paths) if (!isSamePlace(path, visit, pair)) paths.delete(path);
  return there.filter(({ place }) => paths.has(place.path));
}

/** The cells that are about a visit; what is the same for a whole place is worked out once. */
function finder(pair: Pair, cells: readonly Told[]): (visit: Visit) => Told[] {
  const places = new Map<string, { named: string; there: Told[] }>();
  return (visit) => {
    const key = visit.hostname + visit.path;
    const known = places.get(key) ?? { named: policiesAt(pair, visit), there: cellsAt(visit, pair, cells) };
    places.set(key, known);
    return known.there.filter((cell) => isAbout(cell, visit, pair, known.named));
  };
}

function visitsOf(pair: Pair): Visit[] {
  const named = new Map(HOME.map((visit) => [visit.hostname + visit.path, policiesAt(pair, visit)]));
  return VISITS.filter(
    (visit) => isTelling(visit, named.get(visit.hostname + visit.path) ?? "") && canHappen(pair, visit),
  );
}

function change(pair: Pair, visit: Visit, truths: readonly string[] = []): "gain" | "loss" | undefined {
  const [before, after] = pair;
  const [then, now] = [getsIn(before, after, visit, truths), getsIn(after, before, visit, truths)];
  if (then === now) return undefined;
  return now ? "gain" : "loss";
}

test("500 random pairs: the diff is the difference of all decisions, both ways", () => {
  let changes = 0;
  holds(
    fc.property(pairArbitrary(), (pair) => {
      const cells = cellsOf(pair).filter(({ change: { kind } }) => kind === "gain" || kind === "loss");
      const find = finder(pair, cells);
      for (const visit of visitsOf(pair)) {
        const expected = change(pair, visit);
        const about = find(visit);
        const told = [...new Set(about.map((cell) => cell.change.kind))];
        if (told.join() !== (expected ?? "")) {
          throw new Error(
            `${JSON.stringify(visit)}: ${expected ?? "no change"}, but the diff says ${told.join() || "nothing"}`,
          );
        }
      }
      changes += cells.length;
    }),
    { runs: 500 },
  );
  // Pairs without any change would prove nothing.
  expect(changes).toBeGreaterThan(1000);
}, 300_000);

test("what hangs on groups and devices: every answer that they can bring about is told, and no other", () => {
  let open = 0;
  holds(
    fc.property(pairArbitrary({ open: true, circumstances: false }), (pair) => {
      const cells = cellsOf(pair).filter(
        ({ change: { may } }) => may.includes("gain") || may.includes("loss"),
      );
      const find = finder(pair, cells);
      for (const visit of HOME.filter((each) => canHappen(pair, each))) {
        const expected = new Set(ALL_TRUTHS.map((truths) => change(pair, visit, truths)));
        const [cell] = find(visit);
        const may = new Set(cell?.change.may.filter((kind) => kind === "gain" || kind === "loss"));
        for (const kind of ["gain", "loss"] as const) {
          if (may.has(kind) !== expected.has(kind)) throw new Error(`${JSON.stringify(visit)}: ${kind}`);
        }
        if (expected.size === 1 && cell !== undefined) {
          if (cell.change.kind === "depends" && cell.change.may.length === 1)
            throw new Error(JSON.stringify(cell));
        } else if (expected.size > 1) {
          open += 1;
          if (cell?.change.kind !== "depends") throw new Error(`${JSON.stringify(visit)} is told as certain`);
        }
      }
    }),
    { runs: 100 },
  );
  expect(open).toBeGreaterThan(100);
}, 300_000);

test("a configuration compared with itself has no difference", () => {
  holds(
    fc.property(stateArbitrary({ open: true }), (state) => {
      const { verdict, entries, facts } = accessDiff(state, structuredClone(state));
      expect({ verdict, entries, facts }).toEqual({ verdict: "no change", entries: [], facts: [] });
    }),
    { runs: 200 },
  );
});

const REVERSE: Record<string, string> = { gain: "loss", loss: "gain", longer: "shorter", shorter: "longer" };

test("the reverse change is the reverse diff", () => {
  holds(
    fc.property(pairArbitrary({ open: true }), ([before, after]) => {
      const told = (diff: ReturnType<typeof accessDiff>, turn: (kind: string) => string) =>
        diff.entries
          .map(({ kind, who, hostname, paths, when, on, may }) =>
            JSON.stringify([turn(kind), who, hostname, paths, when, on, may.map(turn).sort()]),
          )
          .sort();
      const there = accessDiff(before, after);
      const back = accessDiff(after, before);
      expect(told(back, (kind) => REVERSE[kind] ?? kind)).toEqual(told(there, (kind) => kind));
      const widens = (diff: typeof there, effect: string) =>
        diff.facts.filter((fact) => fact.effect === effect && fact.kind !== "origin").length;
      const created = there.facts.filter(({ detail }) => detail.startsWith("created")).length;
      expect(widens(back, "widens")).toBeLessThanOrEqual(widens(there, "narrows"));
      expect(widens(back, "narrows")).toBeGreaterThanOrEqual(widens(there, "widens") + created);
    }),
    { runs: 200 },
  );
}, 300_000);
