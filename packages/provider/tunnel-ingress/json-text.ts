/** One entry of a JSON object or list, as it is written. */
export interface Entry {
  /** Name as it is written, with its quotes; empty in a list. */
  key: string;
  /** Value as it is written. */
  value: string;
}

/**
 * The entries of a JSON object or list, each as the text that stands there. Parsing and writing again would change
 * what others wrote: 1.0 becomes 1, large numbers are rounded, and names that look like numbers move to the front.
 * @param text one valid JSON object or list
 */
export function entriesOf(text: string): Entry[] {
  const entries: Entry[] = [];
  let at = skipSpace(text, 0) + 1;
  for (;;) {
    at = skipSpace(text, at);
    if (at >= text.length || "]}".includes(text.charAt(at))) return entries;
    const first = endOf(text, at);
    const colon = skipSpace(text, first);
    if (text.charAt(colon) === ":") {
      const start = skipSpace(text, colon + 1);
      const end = endOf(text, start);
      entries.push({ key: text.slice(at, first), value: text.slice(start, end) });
      at = end;
    } else {
      entries.push({ key: "", value: text.slice(at, first) });
      at = first;
    }
    at = skipSpace(text, at);
    if (text.charAt(at) === ",") at += 1;
  }
}

/** The value of a name in a JSON object, as it is written; of a name that stands there twice the last, as parsers do. */
export function textAt(text: string, name: string): string | undefined {
  return entriesOf(text).findLast(({ key }) => JSON.parse(key) === name)?.value;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (" \t\r\n".includes(text.charAt(at)) && at < text.length) at += 1;
  return at;
}

/** Where the value that starts at `from` ends. */
function endOf(text: string, from: number): number {
  const start = text.charAt(from);
  if (start === '"') return endOfString(text, from);
  if (start !== "{" && start !== "[") {
    let at = from;
    while (at < text.length && !",]}: \t\r\n".includes(text.charAt(at))) at += 1;
    return at;
  }
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const sign = text.charAt(at);
    if (sign === '"') at = endOfString(text, at) - 1;
    else if (sign === "{" || sign === "[") depth += 1;
    else if (sign === "}" || sign === "]") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text.charAt(at) === "\\") at += 1;
    else if (text.charAt(at) === '"') return at + 1;
  }
  return text.length;
}
