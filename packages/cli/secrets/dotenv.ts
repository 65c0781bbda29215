import { parseEnv } from "node:util";
import { UserError } from "../../base/errors";

/**
 * Parsing and merging of `.env` text, without any file access.
 *
 * There is no standard for the format, so this module writes only what Node (`util.parseEnv`), Docker Compose,
 * python-dotenv and a POSIX shell read alike, and refuses text in which they disagree about where a value ends.
 * @see https://nodejs.org/api/util.html#utilparseenvcontent
 * @see https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax
 * @see https://saurabh-kumar.com/python-dotenv/reference/
 */

/** Names that every reader and every shell accepts. */
const KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Characters without a meaning to any reader or shell, so that no quotes are needed. */
const BARE = /^[A-Za-z0-9_.:/@%+,=-]+$/;

/** Without quotes, since Node would take one in a comment for the end of a quote that was left open above. */
const HEADER = "# Written by npm run env; lines that are not its own are kept.";

/** Text that cannot be changed safely. Names lines, never their content: a broken line may show a secret. */
export class DotenvError extends UserError {
  constructor(
    /** What is wrong with the text. */
    readonly flaw: string,
    remedy: string,
    /** The file's path, where it is known. */
    where = "the .env file",
  ) {
    super(`${where} is left alone: ${flaw}`, remedy);
  }
}

/** One piece of the file: a line, or several when a quoted value spans them. */
export interface Segment {
  /** The piece as it stands in the file, with its line end. */
  raw: string;
  /** The first line's number, from 1. */
  line: number;
  /** What assigns a value in it; absent for blank lines, comments and text without `=`. */
  entry?: Entry;
}

/** An assignment of a value to a key. */
export interface Entry {
  /** Everything before the value: indentation, `export`, key, `=` and the blanks around it. */
  prefix: string;
  key: string;
  quote: "" | "'" | '"' | "`";
  /** The value as Node reads it. */
  value: string;
  /** What follows the value on its last line: blanks and a comment, or text that readers skip. */
  rest: string;
}

/** What a merge made, without any value in it. */
export interface Merged {
  text: string;
  /** Keys that the text did not have. */
  added: string[];
  /** Keys whose value was replaced. */
  updated: string[];
  /** Wanted keys that occur more than once, with their lines; readers use the last, which was updated. */
  duplicates: { key: string; lines: number[] }[];
}

/**
 * Takes `.env` text apart into pieces that, joined, are the text again.
 * @param text the whole file.
 * @param keys the keys that are about to be written; only their places have to be beyond doubt.
 * @throws {DotenvError} when readers would disagree about the text, so that a change could damage it.
 */
export function parseDotenv(text: string, keys: readonly string[] = []): Segment[] {
  refuseUnreadable(text);
  const segments: Segment[] = [];
  let start = 0;
  let line = 1;
  while (start < text.length) {
    const found = readEntry(text, start, line, keys);
    const end = lineEnd(text, found?.end ?? start);
    const raw = text.slice(start, end);
    segments.push({ raw, line, entry: found?.entry });
    line += count(raw, "\n");
    start = end;
  }
  return segments;
}

/**
 * Puts values into `.env` text. Foreign lines, comments, blank lines, line ends, order and the style of the
 * lines that change are kept; new keys join the ones that are there, or the end. Nothing changes where the
 * text holds the values already.
 * @param text the present text; empty for a new file.
 * @param values the wanted values by key.
 * @throws {DotenvError} when the text cannot be changed without damage.
 * @throws {UserError} when a value cannot be written such that all readers agree.
 */
export function mergeDotenv(text: string, values: Readonly<Record<string, string>>): Merged {
  const keys = Object.keys(values);
  const segments = parseDotenv(text, keys);
  const eol = /\r\n/.test(text) ? "\r\n" : "\n";
  const merged: Merged = { text, added: [], updated: [], duplicates: [] };
  let lastOwn = -1;
  for (const [index, segment] of segments.entries()) {
    if (segment.entry !== undefined && keys.includes(segment.entry.key)) lastOwn = index;
  }

  const insert: string[] = [];
  for (const [key, value] of Object.entries(values)) {
    const own = segments.filter((segment) => segment.entry?.key === key);
    if (own.length > 1) merged.duplicates.push({ key, lines: own.map((segment) => segment.line) });
    const last = own.at(-1);
    if (last?.entry === undefined) {
      insert.push(`${key}=${formatValue(key, value)}${eol}`);
      merged.added.push(key);
    } else if (!isPortable(last.entry, value)) {
      last.raw = rewrite(last.raw, last.entry, value);
      merged.updated.push(key);
    }
  }
  if (merged.added.length + merged.updated.length === 0) {
    refuseMisread(text, text, values, segments);
    return merged;
  }

  const pieces = segments.map((segment) => segment.raw);
  if (lastOwn >= 0) {
    const before = pieces[lastOwn] ?? "";
    if (insert.length > 0 && !before.endsWith("\n")) pieces[lastOwn] = before + eol;
    pieces.splice(lastOwn + 1, 0, ...insert);
  } else {
    const last = pieces.at(-1);
    if (last !== undefined && !last.endsWith("\n")) pieces.push(eol);
    if (last !== undefined && last.trim() !== "") pieces.push(eol);
    pieces.push(`${HEADER}${eol}`, ...insert);
  }
  merged.text = pieces.join("");
  refuseMisread(text, merged.text, values, segments);
  return merged;
}

/**
 * Writes one value such that every reader takes it for the same text.
 * @param key its key, for the message.
 * @param value any text.
 * @param wish the quotes to use where they do, so that a line keeps its style.
 * @throws {UserError} when no way of writing it is read alike everywhere.
 */
export function formatValue(key: string, value: string, wish: Entry["quote"] = ""): string {
  if (!KEY.test(key)) {
    throw new UserError(
      "a key for the .env file is not a plain variable name",
      "Use letters, digits and _ only, and no digit first.",
    );
  }
  const fits = { "": fitsBare(value), "'": fitsSingle(value), '"': fitsDouble(value), "`": false };
  for (const quote of [wish, "", "'", '"'] as const) {
    if (fits[quote]) return quote + value + quote;
  }
  throw new UserError(
    `the value of ${key} holds characters that .env readers do not read alike (quotes, backslashes, \${…} or control characters)`,
    "Use a value of letters, digits and punctuation, or keep it out of the .env file.",
  );
}

function fitsBare(value: string): boolean {
  return BARE.test(value);
}

/** Python-dotenv decodes `\\` and `\'` even here, and fills in `${…}`; nobody else does. */
function fitsSingle(value: string): boolean {
  return isPlainText(value) && !/'|\\\\|\\$|\$\{/.test(value);
}

/** Compose fills in `$…` here, the readers decode different escapes, and a shell runs what is in backticks. */
function fitsDouble(value: string): boolean {
  return isPlainText(value) && !/["\\$`]/.test(value);
}

/** Carriage returns are dropped by Node; no environment can hold a NUL; lone surrogates are no UTF-8. */
function isPlainText(value: string): boolean {
  return (
    !/\p{Surrogate}/u.test(value) &&
    ![...value].some((char) => (char < " " && char !== "\n" && char !== "\t") || char === "\u007f")
  );
}

/** Whether the entry holds the value, written such that not only Node reads it so. */
function isPortable(entry: Entry, value: string): boolean {
  if (entry.value !== value || !isPortablePrefix(entry.prefix)) return false;
  if (entry.quote === "`") return false;
  if (!/^[ \t]*(#|$)/.test(entry.rest)) return false;
  if (entry.quote === "'") return fitsSingle(value);
  if (entry.quote === '"') return fitsDouble(value);
  // Without a blank before it only Node takes a `#` for a comment, and Compose only after a space.
  return fitsBare(value) && /^[ \t]*( #|$)/.test(entry.rest);
}

/** Node knows `export` only with a space behind it. */
function isPortablePrefix(prefix: string): boolean {
  return !/^[ \t]*export\t/.test(prefix);
}

/** The piece with another value; indentation, `export`, quotes, a comment and the line end stay. */
function rewrite(raw: string, entry: Entry, value: string): string {
  const end = /\r?\n$/.exec(raw)?.[0] ?? "";
  const prefix = entry.prefix.replace(/^([ \t]*)export[ \t]+/, "$1export ");
  const comment = /^[ \t]+#/.test(entry.rest) ? entry.rest.replace(/\t#/, " #") : "";
  return prefix + formatValue(entry.key, value, entry.quote) + comment + end;
}

/**
 * Reads the assignment at a line's start by Node's rules, and refuses where another reader's rules would end
 * it on another line.
 */
function readEntry(text: string, start: number, line: number, keys: readonly string[]): Found | undefined {
  const firstLine = text.slice(start, lineEnd(text, start)).replace(/\r?\n$/, "");
  if (/^[ \t]*(?:export[ \t]+)?'[^']*$/.test(firstLine)) {
    // Python-dotenv knows quoted keys, and would look for the end of this one on the next lines.
    throw new DotenvError(`line ${line} starts with a quote that it does not close`, "Remove the quote.");
  }
  const match = /^[ \t]*(?:export[ \t]+)?([^=#\s](?:[^=]*[^=\s])?)[ \t]*=[ \t]*/.exec(firstLine);
  if (match === null) return undefined;
  const prefix = match[0];
  const key = match[1] ?? "";
  const valueStart = start + prefix.length;
  const quote = text[valueStart];
  if (quote === "'" || quote === '"') return readQuoted(text, { prefix, key, quote, valueStart, line });
  if (quote === "`") {
    const ticked = readTicked(text, { prefix, key, quote, valueStart, line }, keys);
    if (ticked !== undefined) return ticked;
  }
  return { entry: { prefix, key, quote: "", ...splitBare(firstLine.slice(prefix.length)) }, end: start };
}

/** An assignment and a position in its last line. */
interface Found {
  entry: Entry;
  end: number;
}

interface Opening {
  prefix: string;
  key: string;
  quote: "'" | '"' | "`";
  valueStart: number;
  line: number;
}

function readQuoted(text: string, { prefix, key, quote, valueStart, line }: Opening): Found {
  const close = text.indexOf(quote, valueStart + 1);
  if (close < 0) {
    throw new DotenvError(
      `the quote that opens on line ${line} is never closed`,
      "Close the quote, or remove it.",
    );
  }
  const end = contentEnd(text, close);
  const others = [composeClose(text, quote, valueStart + 1), pythonClose(text, quote, valueStart + 1)];
  if (others.some((other) => other < 0 || contentEnd(text, other) !== end)) {
    throw new DotenvError(
      `readers disagree where the value on line ${line} ends: some take \\${quote} for a quote inside it`,
      "Use the other kind of quotes for that value.",
    );
  }
  const rest = text.slice(close + 1, end);
  if (text.slice(valueStart, close).includes("\n") && !/^[ \t]*(#|$)/.test(rest)) {
    throw new DotenvError(
      `the quote that opens on line ${line} is closed on another line, in the middle of text`,
      "Close the quote where its value ends.",
    );
  }
  const written = text.slice(valueStart + 1, close).replaceAll("\r", "");
  const value = quote === '"' ? written.replaceAll("\\n", "\n") : written;
  return { entry: { prefix, key, quote, value, rest }, end: close };
}

/** Only Node takes backticks for quotes: harmless on one line, and over several unless one of our keys is in it. */
function readTicked(text: string, opening: Opening, keys: readonly string[]): Found | undefined {
  const { prefix, key, quote, valueStart, line } = opening;
  const close = text.indexOf(quote, valueStart + 1);
  if (close < 0) return undefined;
  const written = text.slice(valueStart + 1, close);
  const named = [key, ...written.split("\n").slice(1).map(keyOf)];
  if (written.includes("\n") && named.some((name) => keys.includes(name))) {
    throw new DotenvError(
      `the backtick that opens on line ${line} is closed on another line, which only some readers follow`,
      "Use single or double quotes for that value.",
    );
  }
  const rest = text.slice(close + 1, contentEnd(text, close));
  return { entry: { prefix, key, quote, value: written.replaceAll("\r", ""), rest }, end: close };
}

function keyOf(line: string): string {
  return /^\s*(?:export\s+)?([^\s=]+)\s*=/.exec(line)?.[1] ?? "";
}

function splitBare(text: string): { value: string; rest: string } {
  const hash = text.indexOf("#");
  const value = (hash < 0 ? text : text.slice(0, hash)).replace(/[ \t]+$/, "");
  return { value, rest: text.slice(value.length) };
}

/** Compose looks for a quote that is not escaped, where a backslash may itself be. */
function composeClose(text: string, quote: string, from: number): number {
  for (let index = from; index < text.length; index++) {
    if (text[index] === "\\") index++;
    else if (text[index] === quote) return index;
  }
  return -1;
}

/** Python-dotenv looks for a quote without a backslash before it. */
function pythonClose(text: string, quote: string, from: number): number {
  let close = text.indexOf(quote, from);
  while (close > from && text[close - 1] === "\\") close = text.indexOf(quote, close + 1);
  return close;
}

/** The position after the line that holds `from`, its line end included. */
function lineEnd(text: string, from: number): number {
  const newline = text.indexOf("\n", from);
  return newline < 0 ? text.length : newline + 1;
}

/** The position after the content of the line that holds `from`, without its line end. */
function contentEnd(text: string, from: number): number {
  const newline = text.indexOf("\n", from);
  if (newline < 0) return text.length;
  return text[newline - 1] === "\r" ? newline - 1 : newline;
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

function refuseUnreadable(text: string): void {
  const nul = text.indexOf("\0");
  if (nul >= 0) {
    throw new DotenvError(
      `line ${lineAt(text, nul)} holds a NUL character`,
      "Save the file as UTF-8 text; some shells write UTF-16.",
    );
  }
  const lone = /\r(?!\n)/.exec(text);
  if (lone !== null) {
    throw new DotenvError(
      `line ${lineAt(text, lone.index)} holds a carriage return that ends no line, which readers take differently`,
      "Use LF or CRLF line ends throughout.",
    );
  }
}

/**
 * The last guard: Node itself must read the wanted values, and everything else as before. It catches what the
 * rules above leave to chance, such as Node's reading on to the next line after `KEY=` and a blank.
 */
function refuseMisread(
  before: string,
  after: string,
  values: Readonly<Record<string, string>>,
  segments: readonly Segment[],
): void {
  const old = parseEnv(before);
  const now = parseEnv(after);
  const own = (key: string) => Object.hasOwn(values, key.replace(/^export\t[ \t]*/, ""));
  const kept =
    Object.keys(values).every((key) => now[key] === values[key]) &&
    Object.keys({ ...old, ...now }).every((key) => own(key) || now[key] === old[key]);
  if (kept) return;
  const swallowing = segments.find(
    ({ entry }) => entry?.quote === "" && entry.value + entry.rest === "" && /[ \t]$/.test(entry.prefix),
  );
  if (swallowing !== undefined) {
    throw new DotenvError(
      `line ${swallowing.line} has an empty value followed by blanks, for which Node takes the next line`,
      "Remove the blanks at the end of that line.",
    );
  }
  throw new DotenvError(
    "Node would read some of its lines differently after the change",
    "Move comments to the start of their lines, and close each quote on its own line.",
  );
}

function lineAt(text: string, position: number): number {
  return count(text.slice(0, position), "\n") + 1;
}
