import type { Piece } from "../types";

/** A token of Python, as far as an audit needs it. */
export interface Token {
  type: "name" | "text" | "number" | "operator" | "newline";
  /** As written; for a text without quotes and prefix. */
  value: string;
  line: number;
  /** Where it begins and ends in the file. */
  start: number;
  end: number;
  /** Of an f-string, with its placeholders. */
  pieces?: Piece[];
}

/** Groups: 1 prefix, 2 quotes. */
const TEXT = /([rRbBuUfFtT]{0,2})("""|'''|"|')/y;
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /\d[\w.]*/y;
const BLANK = /[ \t\r\f]+|\\\r?\n|#[^\n]*/y;
const OPERATOR = /->|:=|\*\*|\/\/|[=!<>+*%&|^/-]=|./sy;

/** As Python itself: its parser refuses more than 200 open brackets. */
const DEEPEST = 200;

/**
 * Cuts Python into tokens; comments and blanks are gone, line ends count only outside brackets.
 * An unclosed text ends with its line, or with the file where it is a long one.
 * @throws {RangeError} for more open brackets than Python takes
 */
export function tokenize(code: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  let depth = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(code);
  };
  const push = (type: Token["type"], value: string, end: number, pieces?: Piece[]): void => {
    tokens.push({ type, value, line, start: at, end, ...(pieces ? { pieces } : {}) });
    for (let index = at; index < end; index++) if (code[index] === "\n") line++;
    at = end;
  };
  while (at < code.length) {
    const blank = match(BLANK);
    if (blank) {
      if (blank[0].includes("\n")) line++;
      at += blank[0].length;
      continue;
    }
    if (code[at] === "\n") {
      if (depth === 0) push("newline", "\n", at + 1);
      else {
        line++;
        at++;
      }
      continue;
    }
    const quoted = match(TEXT);
    if (quoted) {
      const [opening, prefix = "", quotes = '"'] = quoted;
      const begin = at + opening.length;
      const end = endOfText(code, begin, quotes);
      const inner = code.slice(begin, end);
      push("text", inner, Math.min(code.length, end + quotes.length), formatPieces(inner, prefix));
      continue;
    }
    const name = match(NAME);
    if (name) {
      push("name", name[0], at + name[0].length);
      continue;
    }
    const number = match(NUMBER);
    if (number) {
      push("number", number[0], at + number[0].length);
      continue;
    }
    const operator = match(OPERATOR)?.[0] ?? "";
    if ("([{".includes(operator) && ++depth > DEEPEST) throw new RangeError("brackets nested too deep");
    if (")]}".includes(operator)) depth = Math.max(0, depth - 1);
    push("operator", operator, at + Math.max(1, operator.length));
  }
  return tokens;
}

function endOfText(code: string, begin: number, quotes: string): number {
  for (let at = begin; at < code.length; at++) {
    if (code[at] === "\\") at++;
    else if (code.startsWith(quotes, at)) return at;
    else if (code[at] === "\n" && quotes.length === 1) return at;
  }
  return code.length;
}

/** The parts of an f-string; of any other text, the text itself. */
function formatPieces(inner: string, prefix: string): Piece[] {
  if (!/f/i.test(prefix)) return [inner];
  const pieces: Piece[] = [];
  for (const [whole, expression, literal] of inner.matchAll(/\{\{|\}\}|\{([^{}]*)\}|([^{}]+)/g)) {
    if (literal !== undefined) pieces.push(literal);
    else if (expression === undefined) pieces.push(whole[0] ?? "");
    else pieces.push({ ref: expressionName(expression) });
  }
  return pieces;
}

/** The name that an f-string's placeholder shows: methods, conversions and formats left out. */
function expressionName(expression: string): string {
  const plain = expression.replace(/[!:][^\]]*$/, "").trim();
  const name = /^[\p{L}_][\p{L}\p{N}_.]*/u.exec(plain)?.[0] ?? "?";
  const keeps = plain[name.length] === "(" ? name.replace(/\.(rstrip|strip|lower)$/, "") : name;
  return normalName(keeps);
}

/** `.url` for `self.url`: an attribute, and not the local name. */
export function normalName(name: string): string {
  return name.replace(/^(self|cls)\./, ".");
}

/** The bracket that closes the one at `open`; the last token where none does. */
export function matching(tokens: Token[], open: number): number {
  let depth = 0;
  for (let at = Math.max(0, open); at < tokens.length; at++) {
    const { type, value } = tokens[at] as Token;
    if (type !== "operator") continue;
    if ("([{".includes(value)) depth++;
    if (")]}".includes(value) && --depth === 0) return at;
  }
  return tokens.length - 1;
}
