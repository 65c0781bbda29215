import {
  Document,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type ToStringOptions,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";

export type YamlPath = readonly (string | number)[];

/** How a new value is laid out. */
export interface Layout {
  /** A list or a mapping too stands on the line of its key. */
  flow?: boolean;
}

/** Where a text changes: from, to, and what stands there then. */
type Splice = readonly [from: number, to: number, text: string];

/**
 * Sets one value in a YAML text, or takes it away (undefined); every other line stays byte for byte.
 *
 * The library reads the text and says where each node stands; the text is spliced here. Its documents keep comments, but
 * write every line anew: quotes, blanks, folded lines and line ends change. Its tokens keep every byte, but replace
 * scalars only: with a list or a mapping, and with a member that comes or goes, the blanks, comments and line ends
 * around them would have to be moved from token to token, which takes more than this.
 * @returns undefined where the text is laid out in a way that this does not know; the caller has to judge the result.
 */
export function setInText(
  text: string,
  path: YamlPath,
  value: unknown,
  { flow = false }: Layout = {},
): string | undefined {
  const root = parseDocument(text).contents;
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const given = flow ? new Document().createNode(value, { flow }) : value;
  if (root === null) return value === undefined ? text : appended(text, lines(nested(path, given)), eol);
  const splice = value === undefined ? removal(text, root, path) : setting(text, root, path, given);
  if (splice === undefined) return undefined;
  const [from, to, put] = splice;
  return text.slice(0, from) + put.replaceAll("\n", eol) + text.slice(to);
}

const TIME = /^\d{4}-\d\d-\d\d([Tt ]\S|$)/;

/**
 * Puts every time in quotes: one without is a time of YAML's own to the engine, which writes it in another form
 * whenever it writes the file.
 */
function quoteTimes(node: Document): void {
  visit(node, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === "string" && TIME.test(scalar.value)) scalar.type = "QUOTE_DOUBLE";
    },
  });
}

function appended(text: string, put: string[], eol: string): string {
  const start = text === "" || text.endsWith("\n") ? text : `${text}${eol}`;
  return `${start}${put.join(eol)}${eol}`;
}

function setting(text: string, root: Node, path: YamlPath, value: unknown): Splice | undefined {
  let parent: Node | undefined;
  let node: unknown = root;
  for (const [depth, key] of path.entries()) {
    const rest = path.slice(depth);
    if (!isMap(node) && !isSeq(node)) return replacing(text, parent, path[depth - 1], nested(rest, value));
    const child = childOf(node, key);
    if (child === undefined) return adding(text, node, key, nested(rest.slice(1), value));
    parent = node;
    node = child.value;
  }
  return replacing(text, parent, path.at(-1), value);
}

/** Puts a new value in the place of a member's. */
function replacing(
  text: string,
  parent: Node | undefined,
  key: string | number | undefined,
  value: unknown,
): Splice | undefined {
  if (key === undefined || !(isMap(parent) || isSeq(parent))) return undefined;
  const child = childOf(parent, key);
  if (child === undefined) return undefined;
  const old = isNode(child.value) ? child.value : undefined;
  if (!isMap(parent) || parent.flow) {
    if (!old?.range) return undefined;
    return [
      old.range[0],
      endOf(text, old),
      parent.flow ? inFlow(value) : under(value, columnOf(text, old.range[0])),
    ];
  }
  const at = startOf(child.pair);
  const colon = at === undefined ? -1 : text.indexOf(":", keyEnd(child.pair) ?? at);
  if (at === undefined || colon === -1) return undefined;
  const end = old?.range && old.range[0] > colon ? Math.max(colon + 1, endOf(text, old)) : colon + 1;
  if (isInline(value)) {
    // The white space before the old value stays where both are on the key's line.
    const start = end > colon + 1 ? (old?.range?.[0] ?? colon + 1) : colon + 1;
    const sameLine = start > colon + 1 && !text.slice(colon, start).includes("\n");
    return sameLine ? [start, end, inFlow(value)] : [colon + 1, end, ` ${inFlow(value)}`];
  }
  // Comments on the key's line, and behind the old value, stay on the key's line.
  const keyLine = endOfLine(text, colon);
  const head = end > keyLine ? text.slice(colon + 1, keyLine).trimEnd() : "";
  const lineEnd = endOfLine(text, end);
  return [colon + 1, lineEnd, `${head}${text.slice(end, lineEnd)}${block(value, columnOf(text, at) + 2)}`];
}

function adding(text: string, node: Node, key: string | number, value: unknown): Splice | undefined {
  if (!(isMap(node) || isSeq(node)) || !node.range) return undefined;
  const last = node.items.at(-1);
  if (isSeq(node) && key !== node.items.length) return undefined;
  const member = isMap(node) ? `${inFlow(key)}: ` : "";
  if (node.flow || last === undefined) {
    const close = node.range[1] - 1;
    const end = last === undefined ? close : memberEnd(text, last);
    if (end === undefined || !/[}\]]/.test(text[close] ?? "")) return undefined;
    if (last === undefined) return [node.range[0] + 1, close, ` ${member}${inFlow(value)} `];
    return [end, end, `, ${member}${inFlow(value)}`];
  }
  const end = memberEnd(text, last);
  const first = isMap(node) ? startOf(node.items[0] as Pair) : node.range[0];
  if (end === undefined || first === undefined) return undefined;
  const column = columnOf(text, first);
  const indent = " ".repeat(column);
  const at = endOfLine(text, end);
  if (isSeq(node)) return [at, at, `\n${indent}- ${under(value, column + 2)}`];
  const put = isInline(value) ? ` ${inFlow(value)}` : block(value, column + 2);
  return [at, at, `\n${indent}${inFlow(key)}:${put}`];
}

function removal(text: string, root: Node, path: YamlPath): Splice | undefined {
  let parent: unknown = root;
  for (const key of path.slice(0, -1)) {
    parent = isMap(parent) || isSeq(parent) ? childOf(parent, key)?.value : undefined;
  }
  // What is not there need not go.
  if (!isMap(parent) && !isSeq(parent)) return [0, 0, ""];
  const items: readonly unknown[] = parent.items;
  const at = isMap(parent)
    ? parent.items.findIndex((pair) => keyOf(pair) === path.at(-1))
    : Number(path.at(-1));
  const member = items[at];
  if (member === undefined) return [0, 0, ""];
  if (items.length === 1) {
    if (!parent.flow) return setting(text, root, path.slice(0, -1), isMap(parent) ? {} : []);
    return parent.range ? [parent.range[0], parent.range[1], isMap(parent) ? "{}" : "[]"] : undefined;
  }
  const [from, to, next] = [memberStart(text, parent, member), memberEnd(text, member), items[at + 1]];
  if (from === undefined || to === undefined) return undefined;
  const follower = next === undefined ? undefined : memberStart(text, parent, next);
  if (parent.flow) {
    if (follower !== undefined) return [from, follower, ""];
    const end = memberEnd(text, items[at - 1]);
    return end === undefined ? undefined : [end, to, ""];
  }
  const lineStart = text.lastIndexOf("\n", from - 1) + 1;
  // Behind the dash of a list, the next one takes its place.
  if (text.slice(lineStart, from).trim() !== "")
    return follower === undefined ? undefined : [from, follower, ""];
  const newline = text.indexOf("\n", to);
  return [lineStart, newline === -1 ? text.length : newline + 1, ""];
}

function childOf(node: Node, key: string | number): { pair?: Pair; value: unknown } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((each) => keyOf(each) === key);
    return pair && { pair, value: pair.value };
  }
  if (!isSeq(node) || typeof key !== "number" || key >= node.items.length) return undefined;
  return { value: node.items[key] };
}

const keyOf = (pair: Pair): unknown => (isScalar(pair.key) ? pair.key.value : undefined);
const startOf = (pair: Pair | undefined) => (isNode(pair?.key) ? pair.key.range?.[0] : undefined);
const keyEnd = (pair: Pair | undefined) => (isNode(pair?.key) ? pair.key.range?.[1] : undefined);

/** Where a member begins: at its key, or at its dash. */
function memberStart(text: string, parent: YAMLMap | YAMLSeq, member: unknown): number | undefined {
  if (isPair(member)) return startOf(member);
  const start = isNode(member) ? member.range?.[0] : undefined;
  if (start === undefined || parent.flow) return start;
  // What stands between the dash and the value may hold dashes too: then it is not known which one it is.
  return /-\s+$/.exec(text.slice(0, start))?.index;
}

/** Where a member's own text ends, without the white space and the comments behind it. */
function memberEnd(text: string, member: unknown): number | undefined {
  if (isNode(member)) return endOf(text, member);
  const { key, value } = member as YAMLMap["items"][number];
  const end = isNode(key) ? key.range?.[1] : undefined;
  if (end === undefined) return undefined;
  return isNode(value) && value.range && value.range[1] > end ? Math.max(endOf(text, value), end) : end;
}

function endOf(text: string, node: Node): number {
  // A collection's last member says it better: its own end takes comments in that stand behind it.
  if ((isMap(node) || isSeq(node)) && !node.flow) {
    const end = node.items.length > 0 ? memberEnd(text, node.items.at(-1)) : undefined;
    if (end !== undefined) return end;
  }
  const [start, end] = node.range ?? [0, 0];
  return start + text.slice(start, end).trimEnd().length;
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf("\n", from);
  if (newline === -1) return text.length;
  return text[newline - 1] === "\r" ? newline - 1 : newline;
}

const columnOf = (text: string, at: number): number => at - (text.lastIndexOf("\n", at - 1) + 1);

function nested([key, ...rest]: YamlPath, value: unknown): unknown {
  if (key === undefined) return value;
  return typeof key === "number" ? [nested(rest, value)] : { [key]: nested(rest, value) };
}

function isInline(value: unknown): boolean {
  if (isCollection(value)) return value.flow === true;
  return value === null || typeof value !== "object" || Object.keys(value).length === 0;
}

const lines = (value: unknown): string[] => written(value, {}).split("\n");

const inFlow = (value: unknown): string =>
  written(value, { collectionStyle: "flow", defaultStringType: "PLAIN" });

function written(value: unknown, layout: ToStringOptions): string {
  const document = new Document(value);
  quoteTimes(document);
  return document.toString({ lineWidth: 0, ...layout }).trimEnd();
}

/** Below its key. */
const block = (value: unknown, indent: number): string =>
  lines(value)
    .map((line) => `\n${line === "" ? "" : " ".repeat(indent)}${line}`)
    .join("");

/** Behind a dash, at a column. */
const under = (value: unknown, column: number): string => lines(value).join(`\n${" ".repeat(column)}`);
