import type { Piece, Source } from "../types";

/** What makes requests from a command line. */
const TOOL =
  /(?:^|[\s|;&(`"'])(curl|wget|http|https|xh|websocat|wscat|Invoke-RestMethod|Invoke-WebRequest|irm|iwr|Start-BitsTransfer)(?=\s)/i;
/** Groups: 1 name, 2 operator, 3 value. */
const ASSIGNMENT =
  /(?:^|[\s;(,])(?:\[\w+\]\s*)?(?:(?:\$env:|\$(?:script:|global:)?)?)([A-Za-z_]\w*)\s?(\+?=)\s?("(?:[^"\\]|\\.)*"|'[^']*'|[^\s;)]*)/g;
const WORD = /"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"'|;()<>]+)/g;

/** Reads shell scripts, and PowerShell as far as its requests look alike. */
export function readShell(code: string): Source {
  const source: Source = { texts: [], bindings: [], imports: [], calls: [] };
  for (const { line, text } of commandsOf(code)) readCommand(text, line, source);
  return source;
}

/** Lines with their continuations; here-documents and comments are not commands. */
function commandsOf(code: string): { line: number; text: string }[] {
  const commands: { line: number; text: string }[] = [];
  let end: string | undefined;
  let open: { line: number; text: string } | undefined;
  for (const [index, raw] of code.split("\n").entries()) {
    if (end !== undefined) {
      if (raw.trim() === end) end = undefined;
      continue;
    }
    if (!open && /^\s*(#|$)/.test(raw)) continue;
    open = open ? { ...open, text: `${open.text}\n${raw}` } : { line: index + 1, text: raw };
    if (/[\\`]\s*$/.test(raw)) continue;
    commands.push(open);
    end = /<<-?\s*["']?(\w+)["']?/.exec(open.text)?.[1];
    open = undefined;
  }
  if (open) commands.push(open);
  return commands;
}

function readCommand(text: string, line: number, source: Source): void {
  const lineAt = (index: number): number => line + text.slice(0, index).split("\n").length - 1;
  const tool = TOOL.exec(text);
  const assigned: { from: number; to: number }[] = [];
  for (const found of text.matchAll(ASSIGNMENT)) {
    const [whole, name = "", operator, value = ""] = found;
    if (operator !== "=" || /^"?\$\(|^[A-Z]\w+-\w+$/.test(value)) continue;
    const pieces = piecesOf(unquote(value));
    const from = found.index + whole.length - value.length;
    assigned.push({ from, to: from + value.length });
    source.bindings.push({ name, line: lineAt(from), pieces, text: value });
    source.texts.push({ line: lineAt(from), pieces, callees: [], around: text, target: name });
  }
  if (!tool) return;
  const callee = tool[1] ?? "";
  source.calls.push({ callee, line, text, pieces: [] });
  for (const found of text.matchAll(WORD)) {
    if (found.index < tool.index || assigned.some(({ from, to }) => found.index >= from && found.index < to))
      continue;
    const word = found[1] ?? found[2] ?? found[3] ?? "";
    if (!/:\/\/|^\$|^[\w.-]+:\d+/.test(word)) continue;
    const pieces = found[2] === undefined ? piecesOf(word) : [word];
    source.texts.push({ line: lineAt(found.index), pieces, callees: [callee], around: text });
  }
}

function unquote(value: string): string {
  return /^(["']).*\1$/s.test(value) ? value.slice(1, -1) : value;
}

/** `$NAME`, `${NAME}`, `${NAME:-default}`, `$(command)`. */
function piecesOf(word: string): Piece[] {
  const pieces: Piece[] = [];
  const parts =
    /\$\{env:(\w+)\}|\$\{(\w+)(?::?[-=]([^}]*))?[^}]*\}|\$env:(\w+)|\$\([^)]*\)|\$(\w+)|([^$]+|\$)/g;
  for (const [, dotted, braced, fallback, ofShell, plain, literal] of word.matchAll(parts)) {
    const environment = dotted ?? ofShell;
    if (literal !== undefined) pieces.push(literal.replaceAll("`", ""));
    else if (environment !== undefined) pieces.push({ env: environment });
    else if (braced !== undefined && fallback !== undefined)
      pieces.push({ env: braced, fallback: [fallback] });
    else pieces.push({ ref: braced ?? plain ?? "?" });
  }
  return pieces;
}
