import type { Language } from "../languages";
import type { Matches, SyntaxNode } from "./syntax";
import { childrenOf, literalOf, nameOf, SELF, type Tree } from "./tree";

/** What the queries say of a node. */
interface Role {
  kind: string;
  pattern: number;
  /** What the kind's capture adds, e.g. `made` of `@call.made`. */
  flags: Set<string>;
  parts: Map<string, SyntaxNode[]>;
}

const KINDS = new Set([
  ...[
    "text",
    "name",
    "member",
    "index",
    "call",
    "command",
    "join",
    "choice",
    "format",
    "pair",
    "list",
    "assign",
  ],
  ...["parameter", "function", "class", "return", "import", "through", "hole", "self", "attribute", "skip"],
]);

/** Makes the tree that is the same for every language of a language's own. */
export function buildTree(root: SyntaxNode, matches: Matches, code: string, language: Language): Tree {
  return new Builder(rolesOf(matches), code, language).of(root);
}

/** What the queries name: kinds of nodes, and places in texts with what stands in them. */
interface Roles {
  kinds: Map<number, Role>;
  holes: Map<number, SyntaxNode>;
}

function rolesOf(matches: Matches): Roles {
  const roles: Roles = { kinds: new Map(), holes: new Map() };
  for (const { patternIndex, captures } of matches) {
    const main = captures.find(({ name }) => KINDS.has(name.split(".")[0] ?? ""));
    if (!main) continue;
    const [kind = "", flag] = main.name.split(".");
    const { id } = main.node;
    if (kind === "hole") {
      roles.holes.set(id, captures.find(({ name }) => name === "value")?.node ?? main.node);
      continue;
    }
    let role = roles.kinds.get(id);
    if (!role || (role.kind !== kind && role.pattern <= patternIndex)) {
      role = { kind, pattern: patternIndex, flags: new Set(), parts: new Map() };
      roles.kinds.set(id, role);
    }
    if (role.kind !== kind) continue;
    role.pattern = Math.max(role.pattern, patternIndex);
    if (flag) role.flags.add(flag);
    for (const { name, node: part } of captures) {
      if (part.id === id || name.startsWith("_")) continue;
      const own = role.parts.get(name) ?? [];
      if (!own.some((each) => each.id === part.id)) own.push(part);
      role.parts.set(name, own);
    }
  }
  return roles;
}

class Builder {
  constructor(
    private readonly roles: Roles,
    private readonly code: string,
    private readonly language: Language,
  ) {}

  /** @throws {RangeError} where parts stand in parts too deep */
  of(node: SyntaxNode): Tree {
    const role = this.roles.kinds.get(node.id);
    const place = { start: node.startIndex, end: node.endIndex, line: node.startPosition.row + 1 };
    if (!role) return this.group(node);
    const part = (name: string): Tree | undefined => this.parts(role, name)[0];
    switch (role.kind) {
      case "text":
        return { ...place, kind: "text", parts: this.textOf(node) };
      case "name":
        return { ...place, kind: "name", name: this.nameIn(node) };
      case "attribute": {
        const object: Tree = { ...place, kind: "name", name: SELF };
        return { ...place, kind: "member", object, key: this.nameIn(node) };
      }
      case "self":
        return { ...place, kind: "name", name: SELF };
      case "through":
        return part("value") ?? this.group(node);
      case "member":
        return this.member(place, role);
      case "index":
        return {
          ...place,
          kind: "index",
          object: part("object") ?? empty(place),
          key: part("key") ?? empty(place),
        };
      case "call": {
        const callee = part("callee") ?? this.member(place, role);
        return {
          ...place,
          kind: "call",
          callee,
          arguments: this.items(role, "arguments"),
          made: role.flags.has("made"),
        };
      }
      case "command": {
        const called = role.parts.get("called")?.[0];
        const before = this.parts(role, "before");
        const args = this.items(role, "arguments");
        return {
          ...place,
          kind: "command",
          name: called ? this.written(called) : "",
          before,
          arguments: args,
        };
      }
      case "join":
        return { ...place, kind: "join", parts: this.parts(role, "part") };
      case "choice":
        return { ...place, kind: "choice", options: this.parts(role, "option") };
      case "format":
        return {
          ...place,
          kind: "format",
          text: part("template") ?? empty(place),
          values: this.items(role, "value"),
        };
      case "pair":
        return { ...place, kind: "pair", key: this.key(role, "key"), value: part("value") ?? empty(place) };
      case "list":
        return { ...place, kind: "list", items: this.children(node) };
      case "assign": {
        const targets = this.parts(role, "target").flatMap(alternatives);
        const values = this.parts(role, "value").flatMap(alternatives);
        const { flags } = role;
        return {
          ...place,
          kind: "assign",
          targets,
          values,
          field: flags.has("field"),
          undeclared: flags.has("undeclared"),
        };
      }
      case "parameter": {
        const value = part("value");
        const name = this.key(role, "called") || this.nameIn(node);
        return {
          ...place,
          kind: "parameter",
          name,
          field: role.flags.has("field"),
          ...(value ? { value } : {}),
        };
      }
      case "function": {
        const parameters = this.parts(role, "parameters").flatMap(parametersIn);
        const body = (role.parts.get("body") ?? []).flatMap((each) => this.bodyOf(each));
        return { ...place, kind: "function", name: this.key(role, "called"), parameters, body };
      }
      case "class":
        return { ...place, kind: "class", body: this.children(node) };
      case "return":
        return { ...place, kind: "return", value: part("value") ?? empty(place) };
      case "import": {
        const module = role.parts.get("module")?.[0];
        const names = (role.parts.get("called") ?? []).map((each) => this.written(each));
        return { ...place, kind: "import", module: module ? moduleName(this.written(module)) : "", names };
      }
      default:
        return { ...place, kind: "group", children: [] };
    }
  }

  /** One child stands for its parent, so that chains of an expression's levels do not matter. */
  private group(node: SyntaxNode): Tree {
    const children = this.children(node);
    if (children.length === 1 && children[0]) return children[0];
    return {
      kind: "group",
      children,
      start: node.startIndex,
      end: node.endIndex,
      line: node.startPosition.row + 1,
    };
  }

  private children(node: SyntaxNode): Tree[] {
    const built: Tree[] = [];
    for (const child of node.namedChildren) {
      if (child && this.roles.kinds.get(child.id)?.kind !== "skip") built.push(this.of(child));
    }
    return built;
  }

  private parts(role: Role, name: string): Tree[] {
    return (role.parts.get(name) ?? []).filter((each) => !this.isSkipped(each)).map((each) => this.of(each));
  }

  private isSkipped(node: SyntaxNode): boolean {
    return this.roles.kinds.get(node.id)?.kind === "skip";
  }

  /** What stands in brackets, one by one; a part without any is one itself. */
  private items(role: Role, name: string): Tree[] {
    return (role.parts.get(name) ?? []).flatMap((node) => {
      const own = this.roles.kinds.get(node.id);
      return own && own.kind !== "list" ? [this.of(node)] : this.children(node);
    });
  }

  private bodyOf(node: SyntaxNode): Tree[] {
    const own = this.roles.kinds.get(node.id);
    return own && own.kind !== "class" ? [this.of(node)] : this.children(node);
  }

  private member(place: { start: number; end: number; line: number }, role: Role): Tree {
    const [object] = this.parts(role, "object");
    const key = this.key(role, "key");
    return object ? { ...place, kind: "member", object, key } : { ...place, kind: "name", name: key };
  }

  /** A name or a text as a key; empty where it is neither. */
  private key(role: Role, name: string): string {
    const node = role.parts.get(name)?.[0];
    if (!node) return "";
    const tree = this.of(node);
    if (tree.kind === "text") return literalOf(tree) ?? "";
    if (tree.kind === "name" || tree.kind === "member") return nameOf(tree);
    return this.nameIn(node);
  }

  private nameIn(node: SyntaxNode): string {
    const written = this.written(node);
    return this.language.sigils ? plainName(written) : written.replace(/^#/, "");
  }

  private written(node: SyntaxNode): string {
    return this.code.slice(node.startIndex, node.endIndex);
  }

  /** What is written between a text's places, and what stands in them. */
  private textOf(node: SyntaxNode): (string | Tree)[] {
    const holes = this.holesIn(node);
    const [from, to, raw] = contentOf(this.code, node);
    const parts: (string | Tree)[] = [];
    let at = from;
    const literal = (end: number): void => {
      const text = this.unescape(this.code.slice(at, Math.max(at, end)), raw);
      if (text !== "") parts.push(text);
    };
    for (const hole of holes) {
      literal(hole.startIndex);
      parts.push(this.of(this.roles.holes.get(hole.id) ?? hole));
      at = hole.endIndex;
    }
    literal(to);
    return withoutBraces(parts);
  }

  private holesIn(node: SyntaxNode): SyntaxNode[] {
    return node.namedChildren.flatMap((child) => {
      if (!child) return [];
      return this.roles.holes.has(child.id) ? [child] : this.holesIn(child);
    });
  }

  private unescape(text: string, raw: boolean): string {
    const escaping = this.language.escape ?? "\\";
    if (raw || !text.includes(escaping)) return text;
    if (escaping !== "\\") return text.replaceAll(escaping, "");
    return text.replace(/\\(?:u\{?([0-9a-f]{4})\}?|(\r?\n)|(.))/gis, (_, code, line, plain) => {
      if (code) return String.fromCharCode(Number.parseInt(code, 16));
      return line ? "" : plain === "n" ? "\n" : plain === "t" ? "\t" : plain;
    });
  }
}

function empty(place: { start: number; end: number; line: number }): Tree {
  return { ...place, kind: "group", children: [] };
}

/** What an assignment has on one of its sides: `a, b = c, d`. */
function alternatives(tree: Tree): Tree[] {
  return tree.kind === "group" ? tree.children : [tree];
}

/** The parameters among what stands in a function's brackets, whatever they stand in; its own functions aside. */
function parametersIn(tree: Tree): Tree[] {
  if (tree.kind === "parameter") return [tree];
  if (tree.kind === "function") return [];
  return childrenOf(tree).flatMap(parametersIn);
}

/** `$name`, `${name}`, `$script:name`, `:name`, `"name"`: the name. `$env:NAME` stays one of the environment. */
function plainName(written: string): string {
  return written
    .replace(/^(?:\$\{?(?:script|global|local|private|using):|[$@:]*\{?)/i, "")
    .replace(/[}:]$/, "");
}

/** Of `use reqwest::{Client}` or `import "net/http"`: `reqwest.Client`, `net/http`. */
function moduleName(written: string): string {
  return written
    .replace(/^["'`]|["'`]$/g, "")
    .replace(/::\{?|\\/g, ".")
    .replace(/\s+as\s+\w+$/, "");
}

const OPENING = /^([A-Za-z@$]{0,3}#*)("""+|'''+|["'`])/;

/** Where a text's content begins and ends, and whether it takes escapes. */
function contentOf(
  code: string,
  { startIndex, endIndex }: SyntaxNode,
): [from: number, to: number, raw: boolean] {
  const opening = OPENING.exec(code.slice(startIndex, Math.min(endIndex, startIndex + 40)));
  if (!opening) return [startIndex, endIndex, false];
  const [whole, prefix = "", quotes = ""] = opening;
  const closing = `${quotes}${"#".repeat(prefix.split("#").length - 1)}${prefix === "@" && code[endIndex - 1] === "@" ? "@" : ""}`;
  const from = Math.min(endIndex, startIndex + whole.length);
  const to = code.startsWith(closing, endIndex - closing.length) ? endIndex - closing.length : endIndex;
  return [from, Math.max(from, to), /[rR@]/.test(prefix)];
}

/** PHP's `{$name}`: its braces are around the place, in every other language they belong to it. */
function withoutBraces(parts: (string | Tree)[]): (string | Tree)[] {
  return parts
    .map((part, index) => {
      if (typeof part !== "string") return part;
      const [before, after] = [parts[index - 1], parts[index + 1]];
      const opened = typeof parts[index - 2] === "string" ? parts[index - 2] : "";
      let text = part;
      if (before !== undefined && `${opened}`.endsWith("{")) text = text.replace(/^\}/, "");
      if (after !== undefined && `${parts[index + 2] ?? ""}`.startsWith("}")) text = text.replace(/\{$/, "");
      return text;
    })
    .filter((part) => part !== "");
}
