import type { Binding, Piece, Source } from "./types";

/** A text with its names replaced by what they stand for. */
export interface Resolved {
  /** What is not known stands in braces. */
  text: string;
  /** What the text hangs on and where in it: `env NAME`, `config KEY`, `argument NAME` or a name of the program. */
  origins: { from: string; at: number }[];
  /** Every name that was met on the way, for the judgement whose address it is. */
  names: string[];
}

/** Environment variables as far as the audited folder sets them. */
export type Environment = ReadonlyMap<string, string>;

const DEPTH = 8;

/**
 * Follows names to their values within one file: the nearest binding above, else the last one.
 * @param line where the text stands
 */
export function resolve(pieces: Piece[], line: number, source: Source, environment: Environment): Resolved {
  const resolved: Resolved = { text: "", origins: [], names: [] };
  const hangsOn = (from: string): void => {
    resolved.origins.push({ from, at: resolved.text.length });
  };
  const follow = (piece: Piece, at: number, depth: number): void => {
    if (typeof piece === "string") {
      resolved.text += piece;
      return;
    }
    const name = "config" in piece ? piece.config : "env" in piece ? piece.env : piece.ref;
    resolved.names.push(name);
    if ("config" in piece) hangsOn(`config ${name}`);
    else if ("env" in piece) {
      hangsOn(`env ${name}`);
      const set = environment.get(name);
      if (set) resolved.text += set;
      else if (piece.fallback?.length) for (const each of piece.fallback) follow(each, at, depth + 1);
      else resolved.text += `{${name}}`;
      return;
    } else {
      const binding = depth < DEPTH ? nearest(name, at, source.bindings) : undefined;
      const known = binding?.pieces ?? [];
      if (binding?.parameter) hangsOn(`argument ${plain(name)}`);
      if (binding && known.length > 0 && !(known.length === 1 && isSelf(known[0], name))) {
        for (const each of known) follow(each, Math.min(binding.line, at), depth + 1);
        return;
      }
      if (!binding?.parameter) hangsOn(plain(name));
    }
    resolved.text += `{${plain(name)}}`;
  };
  for (const piece of pieces) follow(piece, line, 0);
  return resolved;
}

/**
 * What the beginning of a text hangs on, see `Finding.address.from`: what a user sets before what a program names.
 * @param end where the address's host ends
 */
export function originOf({ origins }: Resolved, end = Number.POSITIVE_INFINITY): string {
  const own = origins.filter(({ at }) => at < end).map(({ from }) => from);
  return (
    own.find((from) => /^(env|config) /.test(from)) ??
    own.find((from) => /^argument /.test(from)) ??
    own[0] ??
    "literal"
  );
}

function isSelf(piece: Piece | undefined, name: string): boolean {
  return typeof piece === "object" && "ref" in piece && piece.ref === name;
}

function plain(name: string): string {
  return name.replace(/^\./, "");
}

/** Parameters without a value do not hide an attribute of another name: `.url` and `url` are different names. */
export function nearest(name: string, line: number, bindings: readonly Binding[]): Binding | undefined {
  const same = bindings.filter((binding) => binding.name === name);
  return same.findLast((binding) => binding.line <= line) ?? same.at(-1);
}
