import type { Piece } from "../types";
import { matching, normalName, type Token } from "./python-tokens";

/** Splits at the tokens that are told, outside brackets. */
export function splitAt(tokens: Token[], isSeparator: (token: Token) => boolean): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.type === "operator" && "([{".includes(token.value)) depth++;
    if (token.type === "operator" && ")]}".includes(token.value)) depth--;
    if (depth === 0 && token.type !== "text" && isSeparator(token)) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts.filter((part, index) => part.length > 0 || index === 0);
}

/** What a value says of a text; empty when it is none. */
export function pieces(tokens: Token[]): Piece[] {
  const [value = []] = splitAt(tokens, ({ value: word }) => word === "if");
  const [first = [], second] = splitAt(value, ({ value: word }) => word === "or");
  if (second) return alternative(pieces(first), pieces(second));
  const terms = splitAt(value, ({ value: word }) => word === "+");
  if (terms.length > 1) return terms.flatMap(placeholder);
  const [format = [], args] = splitAt(value, ({ value: word }) => word === "%");
  if (args && format[0]?.type === "text") return fill(join(format), items(unwrap(args)), /%[sdri]/g);
  return primary(unwrap(value));
}

function alternative(first: Piece[], second: Piece[]): Piece[] {
  const [lead] = first;
  if (typeof lead === "object" && "env" in lead && !lead.fallback) return [{ ...lead, fallback: second }];
  // `base_url or os.environ[…]`: where nothing is handed over, the environment decides.
  const set = second.some((piece) => typeof piece === "object" && !("ref" in piece));
  return first.length > 0 && !set ? first : second;
}

function placeholder(tokens: Token[]): Piece[] {
  const found = pieces(tokens);
  return found.length > 0 ? found : [{ ref: "?" }];
}

function unwrap(tokens: Token[]): Token[] {
  if (tokens[0]?.value === "await") return unwrap(tokens.slice(1));
  if (tokens[0]?.type !== "operator" || tokens[0].value !== "(" || tokens.at(-1)?.value !== ")")
    return tokens;
  return matching(tokens, 0) === tokens.length - 1 ? tokens.slice(1, -1) : tokens;
}

function items(tokens: Token[]): Token[][] {
  return splitAt(tokens, ({ value }) => value === ",").filter((item) => item.length > 0);
}

function join(texts: Token[]): Piece[] {
  return texts.flatMap(({ pieces: own, value }) => own ?? [value]);
}

/** Puts values into the places of a format. */
function fill(format: Piece[], values: Token[][], places: RegExp): Piece[] {
  let next = 0;
  return format.flatMap((piece) => {
    if (typeof piece !== "string") return [piece];
    const literals = piece.split(places);
    return literals.flatMap((literal, index): Piece[] => {
      const own: Piece[] = literal === "" ? [] : [literal];
      const value = values[next];
      if (index === literals.length - 1) return own;
      next++;
      return [...own, ...(value ? placeholder(value) : [{ ref: "?" }])];
    });
  });
}

const KEEPS = new Set(["rstrip", "strip", "lstrip", "lower", "replace", "removesuffix", "split", "decode"]);

/** A text, a name, a call, and what is chained to it. */
function primary(tokens: Token[]): Piece[] {
  const texts = tokens.findIndex(({ type }) => type !== "text");
  if (texts !== 0 && tokens.length > 0) {
    return method(join(texts < 0 ? tokens : tokens.slice(0, texts)), texts < 0 ? [] : tokens.slice(texts));
  }
  const end = tokens.findIndex(({ type, value }) => type !== "name" && value !== ".");
  const names = (end < 0 ? tokens : tokens.slice(0, end)).map(({ value }) => value);
  if (names.length === 0 || /^(None|True|False)$/.test(names[0] ?? "")) return [];
  return named(names.join(""), end < 0 ? [] : tokens.slice(end));
}

/** What follows a text: `.format(…)`, or a method that keeps it. */
function method(own: Piece[], rest: Token[]): Piece[] {
  if (rest[0]?.value !== "." || rest[2]?.value !== "(") return own;
  const values = items(rest.slice(3, matching(rest, 2)));
  return rest[1]?.value === "format" ? fill(own, values, /\{[^{}]*\}/g) : own;
}

function named(name: string, rest: Token[]): Piece[] {
  const [open] = rest;
  if (open === undefined) return [{ ref: normalName(name) }];
  const inside = rest.slice(1, matching(rest, 0));
  const list = items(inside);
  if (open.value === "[") return subscript(name, rest);
  if (open.value !== "(") return [];
  const last = name.split(".").at(-1) ?? "";
  const base = name.slice(0, -last.length - 1);
  if (/(^|\.)(getenv|environ\.get|environ\.setdefault|env|env\.str|config)$/.test(name)) {
    return environment(list);
  }
  if (/^(urljoin|url_join)$/i.test(last)) return list.slice(0, 2).flatMap(placeholder);
  if (/^(str|URL|quote)$/.test(last) && list[0]) return pieces(list[0]);
  if (KEEPS.has(last) && base !== "") return [{ ref: normalName(base) }];
  if (last === "get" && list.length > 0 && list.every(([first]) => first?.type === "text")) {
    return [{ config: list.map(([first]) => first?.value).join(".") }];
  }
  return [{ ref: normalName(`${name}()`) }];
}

function environment(list: Token[][]): Piece[] {
  const [name, fallback] = list;
  if (name?.[0]?.type !== "text") return [];
  const value = fallback?.[1]?.value === "=" ? fallback.slice(2) : fallback;
  return [{ env: name[0].value, ...(value ? { fallback: pieces(value) } : {}) }];
}

/** `os.environ["X"]` and `config["A"]["B"]`. */
function subscript(name: string, tokens: Token[]): Piece[] {
  const keys: string[] = [];
  for (let at = 0; tokens[at]?.value === "[" && tokens[at + 1]?.type === "text"; at += 3) {
    keys.push(tokens[at + 1]?.value ?? "");
  }
  if (keys.length === 0) return [{ ref: normalName(name) }];
  return /(^|\.)environ$/.test(name) ? [{ env: keys[0] ?? "" }] : [{ config: keys.join(".") }];
}
