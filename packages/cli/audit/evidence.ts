import { nearest } from "./resolve";
import type { Call, Position, Source, Text } from "./types";

/** Names of what carries headers or credentials. */
const HANDED =
  /\b\w*(headers?|auth|authorization|options|opts|init|session|client|agent|credentials?|kwargs|params|request|req)\b/gi;
/** What is handed over under such a name. */
const SENT =
  /(?:authorization|headers?|auth|credentials?|httpheader)["']?\]?\s*(?:=>|[:=,(]|\s-?)\s*[$&@*]*(?:this|self)?(?:->|\.)?(\w+)/gi;
/** What sets headers or credentials, by its name or by what it sets. */
const SETS =
  /header|auth|cookie|setopt|credential|userpwd|bearer|token|interceptors|metadata|CF-Access|use\(/i;
const REQUEST =
  /(^|\.|\s)(fetch|get|post|put|delete|request|urlopen|Request|connect|create_connection|WebSocket\w*|ws_connect|head|patch|Invoke-\w+|Do|exchange|send\w*|\w+Async|Dial\w*|newCall|execute)$/;

/** Everything in a file that says how a call identifies itself. */
export interface Evidence {
  /** The call as written, and the calls that its address is kept for. */
  written: string;
  /** What the names in it stand for, what is set in them, and what the functions do that they are handed to. */
  behind: string[];
}

/** How far names are followed. */
const DEPTH = 4;

/** Collects what a call sends besides its address. */
export function evidenceOf(text: Text, source: Source): Evidence {
  const written = [text.around, ...callsWith(text, source).map((call) => call.text)].join("\n");
  const behind: string[] = [];
  const seen = new Set<string>();
  const target = text.callees.length > 0 && text.target ? [text.target] : [];
  let names = [...handed(written), ...receivers(text), ...target, ...(text.beside ?? [])];
  // `guard(request)` is around it, or `self._call("GET", path)`.
  behind.push(...text.callees.flatMap((callee) => routinesOf(callee, source)));
  for (let depth = 0; depth < DEPTH && names.length > 0; depth++) {
    const found = names.flatMap((name) => {
      if (seen.has(name)) return [];
      seen.add(name);
      return [...valuesOf(name, text, source), ...changesOf(name, text, source), ...routinesOf(name, source)];
    });
    behind.push(...found);
    names = found.flatMap(handed);
  }
  return { written, behind };
}

/** The calls that an address is kept for: up to where its name gets another value. */
function callsWith(text: Text, source: Source): Call[] {
  const name = (text.target ?? "").replace(/^\./, "").replace(/\.(pathname|search|href|Path)$/, "");
  if (name === "") return [];
  const word = new RegExp(`(?<!\\w)${literally(name)}(?!\\w)`);
  const end = nextOf(name, text, source);
  return source.calls.filter(
    (call) => call.at >= text.at && call.at < end && REQUEST.test(call.callee) && takes(call, name, word),
  );
}

/** Where a name gets its next value. */
function nextOf(name: string, text: Text, source: Source): number {
  const own = nearest(name, text.at, source.bindings);
  const others = source.bindings.filter(
    (each) => each.name === name && !each.key && each.at > text.at && each !== own && each.line > text.line,
  );
  return others.reduce((next, { at }) => Math.min(next, at), Number.POSITIVE_INFINITY);
}

/** Whether a call's address is the name; where its address is not known, whether it is handed over at all. */
function takes({ pieces, text }: Call, name: string, word: RegExp): boolean {
  if (pieces.length === 0) return word.test(text) && !/=>|\bfunction\b/.test(text);
  return pieces.some(
    (piece) => typeof piece === "object" && "ref" in piece && piece.ref.replace(/^\./, "") === name,
  );
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function handed(written: string): string[] {
  const sent = [...written.matchAll(SENT)].map(([, name]) => name ?? "");
  return [...[...written.matchAll(HANDED)].map(([name]) => name), ...sent].flatMap((name) => [
    name,
    `.${name}`,
  ]);
}

function receivers({ callees }: Text): string[] {
  return callees.flatMap((callee) =>
    callee.includes(".") ? [callee.slice(0, callee.lastIndexOf("."))] : [],
  );
}

function valuesOf(name: string, text: Text, source: Source): string[] {
  const binding = nearest(name, text.at, source.bindings);
  if (!binding || binding.parameter || binding.key) return [];
  const [, made] = /^(?:new\s+|await\s+|&)?[\w.:$>-]*?(\w+)\(/.exec(binding.text) ?? [];
  return [binding.text, ...(made === undefined ? [] : routinesOf(made, source))];
}

/** What is set in an object: `req.Header.Set(…)`, `session.headers["X"] = …`, `addToken(req)`. */
function changesOf(name: string, text: Text, source: Source): string[] {
  const isNear = nearness(name, text, source);
  const changes = source.changes.filter(
    (each) => isOf(name, each.name) && SETS.test(each.text) && isNear(each),
  );
  const calls = source.calls.filter((call) => {
    if (!isNear(call)) return false;
    return isOf(name, call.callee)
      ? SETS.test(call.text)
      : call.handed.includes(name) && isSetter(call, source);
  });
  return [
    ...[...changes, ...calls].map((each) => each.text),
    ...calls.flatMap(({ callee }) => routinesOf(callee, source)),
  ];
}

function isOf(name: string, changed: string): boolean {
  return changed === name || changed.startsWith(`${name}.`);
}

function isSetter({ callee, text }: Call, source: Source): boolean {
  return /setopt|header|auth/i.test(callee) ? SETS.test(text) : routinesOf(callee, source).length > 0;
}

/** An attribute is changed anywhere; a local name where it is visible, from its value to its next one. */
function nearness(name: string, text: Text, source: Source): (each: Position) => boolean {
  const binding = nearest(name, text.at, source.bindings);
  if (name.startsWith(".") || binding?.name.startsWith(".")) return () => true;
  const from = binding && binding.name === name ? binding.scope : text.scope;
  const start = binding && binding.at <= text.at ? binding.at - binding.text.length : 0;
  const end = nextOf(name, text, source);
  return ({ at }) => from[0] <= at && at <= from[1] && at >= start && at < end;
}

/** A function of the file. */
function routinesOf(name: string, source: Source): string[] {
  const last = name.replace(/\(\)$/, "").split(".").at(-1) ?? "";
  return source.routines.filter((routine) => routine.name === last).map(({ text }) => text);
}

/** Headers or a session that the file does not show: an argument's, or another file's. */
export function isHandedIn({ written, behind }: Evidence, text: Text, source: Source): boolean {
  const all = [written, ...behind].join("\n");
  const named =
    /\bheaders\s*(?:[=:(]|=>)\s*[&$]?([\w.>-]+)|\bauth\s*[=:]\s*([\w.]+)|-Headers\s+[$@](\w+)/i.exec(all);
  const name = (named?.[1] ?? named?.[2] ?? named?.[3])?.replaceAll("->", ".");
  if (name !== undefined && !/^(None|undefined|null|nil)$/.test(name)) {
    const binding = nearest(name.replace(/^(self|this)(?=\.)/, ""), text.at, source.bindings);
    if (!binding || binding.parameter) return true;
  }
  // `req.Header.Set(name, value)`: which one is not written here.
  return behind.some((each) => /^[\w.]*header[\w.]*\(\s*\w+\s*,\s*[\w.[\]]+\s*\)/i.test(each));
}
