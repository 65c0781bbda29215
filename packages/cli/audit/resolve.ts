import type { Binding, Origin, Piece, Source } from "./types";

/** A text with its names replaced by what they stand for. */
export interface Resolved {
  /** What is not known stands in braces. */
  text: string;
  /** What the text hangs on and where in it. */
  origins: { from: Origin; at: number }[];
  /** Every name that was met on the way, for the judgement whose address it is. */
  names: string[];
}

/** Environment variables as far as the audited folder sets them. */
export type Environment = ReadonlyMap<string, string>;

const DEPTH = 12;

/**
 * Follows names to their values within one file.
 * @param at where the text stands
 */
export function resolve(pieces: Piece[], at: number, source: Source, environment: Environment): Resolved {
  const resolved: Resolved = { text: "", origins: [], names: [] };
  const hangsOn = (from: Origin): void => {
    resolved.origins.push({ from, at: resolved.text.length });
  };
  const all = (each: readonly Piece[], from: number, seen: readonly Binding[]): void => {
    for (const piece of each) follow(piece, from, seen);
  };
  const unknown = (
    name: string,
    { fallback }: { fallback?: Piece[] },
    from: number,
    seen: readonly Binding[],
  ): void => {
    if (fallback?.length) all(fallback, from, seen);
    else resolved.text += `{${plain(name)}}`;
  };
  const follow = (piece: Piece, from: number, seen: readonly Binding[]): void => {
    if (typeof piece === "string") {
      resolved.text += piece;
      return;
    }
    const name = "config" in piece ? piece.config : "env" in piece ? piece.env : piece.ref;
    resolved.names.push(name);
    if ("config" in piece || "env" in piece) {
      hangsOn({ kind: "env" in piece ? "env" : "config", name });
      const set = environment.get(name);
      if (set) resolved.text += set;
      else unknown(name, piece, from, seen);
      return;
    }
    const binding = nearest(name, from, source.bindings, seen);
    if (binding?.parameter) hangsOn({ kind: "argument", name: plain(name) });
    if (!binding || seen.length > DEPTH || binding.pieces.length === 0) {
      if (!binding?.parameter && !piece.fallback) hangsOn({ kind: "name", name: plain(name) });
      unknown(name, piece, from, seen);
      return;
    }
    all(binding.pieces, binding.at, [...seen, binding]);
  };
  all(pieces, at, []);
  return resolved;
}

/**
 * What the beginning of a text hangs on, see `Finding.address.from`: what a user sets before what a program names.
 * @param end where the address's host ends
 */
export function originOf({ origins }: Resolved, end = Number.POSITIVE_INFINITY): Origin {
  const own = origins.filter(({ at }) => at < end).map(({ from }) => from);
  return (
    own.find(({ kind }) => kind === "env" || kind === "config") ??
    own.find(({ kind }) => kind === "argument") ??
    own[0] ?? { kind: "literal" }
  );
}

function plain(name: string): string {
  return name.replace(/^\./, "");
}

/**
 * The binding of a name that holds at a place: of the functions around the innermost that has one, there the last one
 * above, else the last one. An attribute holds everywhere. A key of a record counts only where there is nothing else.
 * @param except bindings that have been followed already
 */
export function nearest(
  name: string,
  at: number,
  bindings: readonly Binding[],
  except: readonly Binding[] = [],
): Binding | undefined {
  const named = byName(bindings);
  for (const { spelled, keysOnly } of spellingsOf(name)) {
    const same = (named.get(spelled) ?? []).filter(
      (each) => (isVisible(each, at) || (keysOnly && each.made)) && !except.includes(each),
    );
    const found = (keysOnly ? undefined : innermost(same, at, false)) ?? innermost(same, at, true);
    if (found) return found;
  }
  return undefined;
}

const known = new WeakMap<readonly Binding[], Map<string, Binding[]>>();

/** A file's bindings by their names: made once, since every name in a file is looked for. */
function byName(bindings: readonly Binding[]): Map<string, Binding[]> {
  let named = known.get(bindings);
  if (!named) {
    named = new Map<string, Binding[]>();
    for (const binding of bindings) {
      const same = named.get(binding.name);
      if (same) same.push(binding);
      else named.set(binding.name, [binding]);
    }
    known.set(bindings, named);
  }
  return named;
}

/**
 * `url` and `.url` are different names, as a local one and an attribute. Where a file has only one of them they are the
 * same: languages leave `this` away, or call it as they like, e.g. `c.url` in Go.
 */
function spellingsOf(name: string): { spelled: string; keysOnly?: boolean }[] {
  const [first = "", last, ...more] = name.split(".");
  if (last === undefined) return [{ spelled: name }, { spelled: `.${name}` }, { spelled: `${name}()` }];
  if (more.length > 0) return [{ spelled: name }];
  const others = first === "" ? [] : [{ spelled: `.${last}` }];
  const given = last.endsWith("()") ? [{ spelled: last }] : [{ spelled: last, keysOnly: true }];
  return [{ spelled: name }, ...others, ...given];
}

function isVisible({ name, scope }: Binding, at: number): boolean {
  return name.includes(".") || (scope[0] <= at && at <= scope[1]);
}

function innermost(same: readonly Binding[], at: number, isKey: boolean): Binding | undefined {
  const depth = ({ name, scope }: Binding): number => (name.includes(".") ? 0 : scope[0]);
  const group = same.filter(({ key = false }) => key === isKey);
  const deepest = group.reduce((deep, each) => Math.max(deep, depth(each)), 0);
  const own = group.filter((each) => depth(each) === deepest);
  return own.findLast((each) => each.at <= at) ?? own.at(-1);
}
