import { ANY } from "../../access/path-pattern";
import type { Reach } from "../../access/reach";
import type { Place } from "../../access/site";
import { narrowestRange } from "./addresses";
import type { Caller, Cell, Change } from "./cells";
import { type Circumstances, OTHER_CERTIFICATE, OTHER_COUNTRY } from "./circumstances";
import { OTHER_LOGIN, type Principal } from "./principals";

/** One line of the diff: for whom what changes, where, and under which circumstances. */
export interface Entry {
  kind: Change["kind"];
  /** In words: an address, `anyone at datacrew.space`, `service token comfyui-api`, … */
  who: string;
  hostname: string;
  /** Folders it is about; empty: the whole host name. */
  paths: string[];
  /** Circumstances, any one of which; empty: always. */
  when: string[];
  /** What lets them in: after the change, or, for a loss, before it. */
  by?: "login" | "token" | "nothing";
  /** Seconds that a login lasts, before and after; absent where there is none. */
  session: { before?: number; after?: number };
  /** What it hangs on, for `depends` and `not decided`. */
  on: string[];
  /** Every change that may come of it. */
  may: Change["may"];
  /** What kind of caller `who` is; `nobody`: anyone, without a login and without a token. */
  whoKind: Principal["kind"];
}

/** How the words name what has an id. */
export interface Labels {
  login(id: string): string;
  /** Ranges that rules name, for the words on addresses. */
  ranges: readonly string[];
}

/** Folds what was compared into as few lines as say the same: by circumstances, by class of callers, by path. */
export function entriesOf(callers: readonly Caller[], labels: Labels): Entry[] {
  const byHost = groupBy(callers, ({ place }) => place.hostname);
  return [...byHost.values()].flatMap((atHost) => {
    const paths = [...groupBy(atHost, ({ place }) => pathLabel(place)).entries()].map(([label, atPlace]) => ({
      label,
      // In an order of their own, so that places with the same lines are found whatever the order of the rules.
      entries: atPlace
        .flatMap((caller) => (isFolded(caller, atPlace) ? [] : linesOf(caller, atPlace, labels)))
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    }));
    return [...groupBy(paths, ({ entries }) => JSON.stringify(entries)).values()].flatMap((alike) => {
      const named = alike.length === paths.length ? [] : alike.map(({ label }) => label);
      return (alike[0]?.entries ?? []).map((entry) => ({ ...entry, paths: named }));
    });
  });
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function pathLabel({ path, pattern }: Place): string {
  const below = `${path.replaceAll(ANY, "*")} and below`;
  if (pattern === undefined) return path === "/" ? "everything else" : below;
  return path === "/" ? `paths like ${pattern}` : `paths like ${pattern} in ${below}`;
}

/** Whether a caller fares exactly as the larger class that it belongs to. */
function isFolded(caller: Caller, atPlace: readonly Caller[]): boolean {
  const larger = classesOf(caller.principal)
    .map((key) => atPlace.find(({ principal }) => keyOf(principal) === key))
    .find((each) => each !== undefined);
  return caller.cells.length > 0 && larger !== undefined && isAlike(caller, larger);
}

function isAlike(one: Caller, other: Caller): boolean {
  const told = ({ cells, combinations }: Caller) => {
    const all = new Set(
      combinations.map((each) => signature(cells.find((cell) => cell.circumstances === each))),
    );
    const lines = cells.map((cell) => `${JSON.stringify(cell.circumstances)} ${signature(cell)}`).sort();
    // Without circumstances that matter, a class with more of them is still the same.
    return all.size === 1 ? [...all].join() : lines.join("\n");
  };
  return told(one) === told(other);
}

/** The larger classes of a principal, nearest first. */
function classesOf(principal: Principal): string[] {
  switch (principal.kind) {
    case "person":
      return [keyOf({ kind: "domain", domain: principal.email.split("@").at(-1) ?? "" }), "anyone", "nobody"];
    case "domain":
      return ["anyone", "nobody"];
    case "token":
      return ["any token", "nobody"];
    case "both":
      return [keyOf(principal.person)];
    case "anyone":
    case "any token":
      return ["nobody"];
    case "nobody":
      return [];
  }
}

const keyOf = (principal: Principal): string =>
  principal.kind === "domain"
    ? `domain ${principal.domain}`
    : principal.kind === "person"
      ? `person ${principal.email}`
      : principal.kind;

function signature(cell: Cell | undefined): string {
  if (cell === undefined) return "";
  const { kind, before, after, on, may } = cell.change;
  const how = [before, after].map((reach) => (reach.in ? [reach.by, reach.session] : []));
  return JSON.stringify([kind, how, on, may]);
}

const length = (reach: Reach): number | undefined => (reach.in ? reach.session : undefined);

function by({ after, before }: Change): "login" | "token" | "nothing" | undefined {
  if (after.in) return after.by;
  return before.in ? before.by : undefined;
}

function linesOf(caller: Caller, atPlace: readonly Caller[], labels: Labels): Entry[] {
  const dims = mattering(caller);
  return [...groupBy(caller.cells, signature).values()].flatMap((cells) => {
    const [cell] = cells;
    if (cell === undefined) return [];
    const { kind, before, after, on, may } = cell.change;
    const when = cells.map(({ circumstances }) =>
      dims.map((dim) => circumstanceLabel(dim, circumstances, labels)).join(", "),
    );
    return {
      kind,
      who: whoLabel(caller.principal, atPlace),
      hostname: cell.place.hostname,
      paths: [],
      when: [...new Set(when)].filter((words) => words !== "").sort(),
      by: by(cell.change),
      session: { before: length(before), after: length(after) },
      on,
      may,
      whoKind: caller.principal.kind,
    };
  });
}

/** The circumstances without which a caller's changes could not be told. */
function mattering({ combinations, cells }: Caller): (keyof Circumstances)[] {
  const names = Object.keys(combinations[0] ?? {}) as (keyof Circumstances)[];
  return names.filter((name) => {
    const others = groupBy(combinations, (each) => JSON.stringify({ ...each, [name]: 0 }));
    return [...others.values()].some((alike) => {
      const seen = alike.map((each) => signature(cells.find(({ circumstances }) => circumstances === each)));
      return new Set(seen).size > 1;
    });
  });
}

function circumstanceLabel(name: keyof Circumstances, circumstances: Circumstances, labels: Labels): string {
  const value = circumstances[name];
  switch (name) {
    case "login":
      return value === OTHER_LOGIN
        ? "logged in some other way"
        : `logged in with ${labels.login(String(value))}`;
    case "country":
      return value === OTHER_COUNTRY ? "from any other country" : `from ${value}`;
    case "ip":
      return `from ${narrowestRange(String(value), labels.ranges) ?? "any other address"}`;
    case "certificate":
      if (value === null) return "without a client certificate";
      return value === OTHER_CERTIFICATE
        ? "with another client certificate"
        : `with the certificate ${value}`;
  }
}

function whoLabel(principal: Principal, atPlace: readonly Caller[]): string {
  const apart = (covers: (email: string) => boolean) =>
    atPlace.some(
      (caller) =>
        caller.principal.kind === "person" && covers(caller.principal.email) && !isFolded(caller, atPlace),
    )
      ? "anyone else"
      : "anyone";
  switch (principal.kind) {
    case "nobody":
      return "anyone, without logging in";
    case "person":
      return principal.email;
    case "domain":
      return `${apart((email) => email.endsWith(`@${principal.domain}`))} at ${principal.domain}`;
    case "anyone":
      return `${apart(() => true)} who can log in`;
    case "token":
      return `service token ${principal.name}`;
    case "any token":
      return "any other valid service token";
    case "both":
      return `${whoLabel(principal.person, atPlace)} with ${whoLabel(principal.machine, atPlace)}`;
  }
}
