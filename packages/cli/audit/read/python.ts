import type { Binding, Piece, Source } from "../types";
import { matching, normalName, type Token, tokenize } from "./python-tokens";
import { pieces, splitAt } from "./python-values";

/** Reads Python, tolerant of whatever else stands in the file: notebooks' magics, templates, broken code. */
export function readPython(code: string): Source {
  const source: Source = { texts: [], bindings: [], imports: [], calls: [] };
  for (const statement of statementsOf(tokenize(code))) readStatement(statement, code, source);
  return source;
}

interface Context {
  callees: string[];
  around: string;
  target?: string;
}

function statementsOf(tokens: Token[]): Token[][] {
  const statements = splitAt(tokens, (token) => token.type === "newline");
  return statements.filter(
    // A text alone is a doc comment.
    (statement) => statement.length > 0 && !statement.every(({ type }) => type === "text"),
  );
}

function written(code: string, tokens: Token[]): string {
  return code.slice(tokens[0]?.start ?? 0, tokens.at(-1)?.end ?? 0).slice(0, 4000);
}

const BLOCK = /^(if|elif|while|for|with|async|return|await|yield|raise|assert|not|in|lambda|del)$/;

function readStatement(all: Token[], code: string, source: Source): void {
  const [first] = all;
  if (!first) return;
  if (first.value === "from" || first.value === "import") {
    readImport(all, source);
    return;
  }
  if (first.value === "@") {
    // A decorator takes routes as its arguments: `@app.post("/prompt")` defines one.
    return;
  }
  const definition = all.findIndex(({ value }) => value === "def");
  if (definition >= 0 && definition <= 1) {
    readParameters(all, code, source);
    return;
  }
  let statement = all;
  while (statement[0]?.type === "name" && BLOCK.test(statement[0].value)) statement = statement.slice(1);
  const [left = [], ...values] = splitAt(statement, ({ value }) => value === "=");
  const right = values.at(-1);
  const around = written(code, statement);
  if (right === undefined || right.length === 0) {
    readItem(statement, code, source, { callees: [], around });
    return;
  }
  for (const each of [left, ...values.slice(0, -1)]) {
    const target = targetOf(each);
    if (target === undefined) continue;
    source.bindings.push(bindingOf(target, each[0]?.line ?? 0, right, code));
  }
  readItem(right, code, source, { callees: [], around, target: targetOf(left) });
}

function bindingOf(name: string, line: number, value: Token[], code: string): Binding {
  return { name, line, pieces: pieces(value), text: written(code, value) };
}

/** `x`, `x: str`, `self.x`, `config["KEY"]`. */
function targetOf(tokens: Token[]): string | undefined {
  const [plain = []] = splitAt(tokens, ({ value }) => value === ":");
  const key = plain.findLast(({ type }) => type === "text");
  if (key && plain.at(-1)?.value === "]") return key.value;
  if (plain.some(({ type, value }) => type !== "name" && value !== ".")) return undefined;
  const name = plain.map(({ value }) => value).join("");
  return name === "" ? undefined : normalName(name);
}

function readImport(tokens: Token[], source: Source): void {
  const names = tokens.map(({ value }) => value);
  const at = names.indexOf("import");
  const list = splitAt(tokens.slice(at + 1), ({ value }) => value === ",");
  const imported = list.flatMap((each) => {
    const own = each.filter(({ type }) => type === "name");
    return own.at(-1)?.value ?? [];
  });
  const line = tokens[0]?.line ?? 0;
  const dotted = names[0] === "from" ? names.slice(1, at).join("") : undefined;
  if (dotted !== undefined) {
    source.imports.push({ module: dotted, names: imported, line });
    return;
  }
  for (const each of list) {
    const end = each.findIndex(({ value }) => value === "as");
    const module = (end < 0 ? each : each.slice(0, end)).map(({ value }) => value).join("");
    source.imports.push({ module, names: [each.at(-1)?.value ?? ""], line });
  }
}

function readParameters(tokens: Token[], code: string, source: Source): void {
  const open = tokens.findIndex(({ value }) => value === "(");
  const close = matching(tokens, open);
  for (const item of splitAt(tokens.slice(open + 1, close), ({ value }) => value === ",")) {
    const [left = [], right] = splitAt(item, ({ value }) => value === "=");
    const name = left.find(({ type }) => type === "name");
    if (!name || name.value === "self") continue;
    const binding = bindingOf(name.value, name.line, right ?? [], code);
    source.bindings.push({ ...binding, parameter: true });
  }
  const colon = tokens.slice(close + 1).findIndex(({ value }) => value === ":");
  const body = tokens.slice(close + 2 + colon);
  if (colon >= 0 && body.length > 0) readStatement(body, code, source);
}

/** One value: a text as a whole, or whatever its brackets hold. */
function readItem(item: Token[], code: string, source: Source, context: Context): void {
  if (isTextual(item)) {
    const found = pieces(item);
    if (found.some((piece) => typeof piece === "string")) {
      source.texts.push({ line: firstText(item), pieces: found, ...contextOf(context) });
      return;
    }
  }
  for (let at = 0; at < item.length; at++) {
    const token = item[at];
    if (!token || !"([{".includes(token.value) || token.type !== "operator") {
      if (token?.type === "text") {
        source.texts.push({ line: token.line, pieces: token.pieces ?? [token.value], ...contextOf(context) });
      }
      continue;
    }
    const close = matching(item, at);
    const callee = token.value === "(" ? calleeBefore(item, at) : undefined;
    const inside = item.slice(at + 1, close);
    const around = callee
      ? written(code, [item[at - 1] ?? token, ...inside, item[close] ?? token])
      : context.around;
    const list = splitAt(inside, ({ value }) => value === ",");
    if (callee) source.calls.push({ callee, line: token.line, text: around, pieces: firstAddress(list) });
    for (const each of list) {
      const { target, value } = labelled(each, token.value === "{");
      // `headers=headers` hands a name on and gives it no value.
      const handsOn = value.length === 1 && value[0]?.value === target;
      if (target !== undefined && !handsOn)
        source.bindings.push({ ...bindingOf(target, each[0]?.line ?? 0, value, code) });
      readItem(value, code, source, {
        callees: callee ? [callee, ...context.callees] : context.callees,
        around,
        target: target ?? context.target,
      });
    }
    at = close;
  }
}

function contextOf({ callees, around, target }: Context): {
  callees: string[];
  around: string;
  target?: string;
} {
  return { callees, around, ...(target === undefined ? {} : { target }) };
}

function firstText(item: Token[]): number {
  return item.find(({ type }) => type === "text")?.line ?? item[0]?.line ?? 0;
}

/** `name=value` in a call, `"key": value` in a dictionary. */
function labelled(item: Token[], dictionary: boolean): { target?: string; value: Token[] } {
  if (item[0]?.type === "name" && item[1]?.value === "=") {
    return { target: item[0].value, value: item.slice(2) };
  }
  if (dictionary && item[0]?.type === "text" && item[1]?.value === ":") {
    return { target: item[0].value, value: item.slice(2) };
  }
  return { value: item };
}

const ADDRESS_KEY = /^(host|server|url|base_?url|api_?url|server_?address|address|uri)$/i;

function firstAddress(list: Token[][]): Piece[] {
  const labels = list.map((item) => labelled(item, false));
  const named = labels.find(({ target }) => target !== undefined && ADDRESS_KEY.test(target));
  return pieces((named ?? labels.find(({ target }) => target === undefined))?.value ?? []);
}

/** Texts, their concatenation and format; not a call that takes one. */
function isTextual(item: Token[]): boolean {
  if (item.length === 0) return false;
  const join = item.findIndex(({ value }) => value === "(");
  if (/^(urljoin|url_join)$/i.test(item[join - 1]?.value ?? ""))
    return matching(item, join) === item.length - 1;
  const terms = splitAt(item, ({ value }) => value === "+" || value === "%" || value === "or");
  return terms.some(([first]) => first?.type === "text") && !splitAt(item, ({ value }) => value === "for")[1];
}

function calleeBefore(item: Token[], open: number): string | undefined {
  let at = open - 1;
  const names: string[] = [];
  while (at >= 0) {
    const token = item[at];
    if (token?.type === "name" || token?.value === ".") names.unshift(token.value);
    else if (token?.value === ")" && names[0] === ".") return `?${names.join("")}`;
    else break;
    // Two names in a row: a keyword stands before the callee.
    if (token.type === "name" && item[at - 1]?.type === "name") break;
    at--;
  }
  return names.length === 0 ? undefined : normalName(names.join(""));
}
