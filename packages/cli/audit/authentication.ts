import { nearest } from "./resolve";
import type { Authentication, Call, Source, Text } from "./types";

const ACCESS = /cf-access-(client-(id|secret)|token)|CF_ACCESS_CLIENT_(ID|SECRET)|COMFYUI_ACCESS_TOKEN/i;
const HANDED =
  /\b\w*(headers?|auth|authorization|options|opts|init|session|client|agent|credentials?|kwargs)\b/gi;

/**
 * Says how a call identifies itself, from the call as written and the values of what it is handed.
 * @param credentials whether the address holds a user name
 */
export function authenticationOf(text: Text, source: Source, credentials: boolean): Authentication {
  const calls = callsWith(text, source);
  const written = [text.around, ...calls.map((call) => call.text)].join("\n");
  const all = [written, ...valuesOf(written, text, source)].join("\n");
  if (ACCESS.test(all)) return "access";
  // Looked for in the shells' options too: `-u user:…` and `-H "Authorization: …"`.
  if (/\bBearer(\b|_)/i.test(all)) return "bearer";
  if (credentials || /\bBasic\b|BasicAuth\(|\bauth=\(|(^|\s)(-u|--user|-Credential)\s/i.test(all))
    return "basic";
  if (
    /[?&](token|api_?key|access_token)=/i.test(
      text.pieces.filter((piece) => typeof piece === "string").join(""),
    )
  ) {
    return "token in the address";
  }
  return isHanded(all, text, source) ? "given elsewhere" : "none";
}

const REQUEST =
  /(^|\.|\s)(fetch|get|post|put|delete|request|urlopen|Request|connect|create_connection|WebSocket\w*|ws_connect|head|patch|Invoke-\w+)$/;

/** The calls that an address is kept for: up to where its name gets another value. */
function callsWith(text: Text, source: Source): Source["calls"] {
  const name = (text.target ?? "").replace(/^\./, "").replace(/\.(pathname|search|href)$/, "");
  if (name === "") return [];
  const word = new RegExp(`(?<!\\w)${literally(name)}(?!\\w)`);
  const others = source.bindings.filter((each) => each.name === name && each.line > text.line);
  const end = Math.min(...others.map(({ line }) => line));
  return source.calls.filter(
    (call) =>
      call.line >= text.line && call.line < end && REQUEST.test(call.callee) && takes(call, name, word),
  );
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

/** What the names in a call stand for: headers, sessions, the client it is called on. */
function valuesOf(written: string, text: Text, source: Source): string[] {
  const values: string[] = [];
  const seen = new Set<string>();
  let names = [...handed(written), ...receivers(text)];
  for (let depth = 0; depth < 3; depth++) {
    const next: string[] = [];
    for (const name of names) {
      if (seen.has(name)) continue;
      seen.add(name);
      const binding = nearest(name, text.line, source.bindings);
      if (!binding || binding.parameter) continue;
      values.push(binding.text);
      next.push(...handed(binding.text));
    }
    names = next;
  }
  return values;
}

function handed(written: string): string[] {
  const sent = [...written.matchAll(/authorization["']?\]?\s*[:=]\s*(?:this|self)?\.?(\w+)/gi)].map(
    ([, name]) => name ?? "",
  );
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

/** Headers or a session that the file does not show: an argument's, or another file's. */
function isHanded(written: string, text: Text, source: Source): boolean {
  const named = /\bheaders\s*[=:]\s*([\w.]+)|\bauth\s*[=:]\s*([\w.]+)/.exec(written);
  const name = named?.[1] ?? named?.[2];
  if (name !== undefined && name !== "None" && name !== "undefined") {
    const binding = nearest(name.replace(/^(self|this)(?=\.)/, ""), text.line, source.bindings);
    if (!binding || binding.parameter) return true;
  }
  return false;
}
