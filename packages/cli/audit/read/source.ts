import type { Language } from "../languages";
import { isTool } from "../libraries";
import type { Binding, Piece, Position, Scope, Source, Text } from "../types";
import { addressIn, baseIn, clientAddress } from "./clients";
import { isAddressLike, piecesOf } from "./pieces";
import { childrenOf, nameOf, type Of, type Tree } from "./tree";

/** How much of a call is kept as written. */
const LONGEST = 4000;

/** Reads what a program has to do with addresses out of its tree. */
export function readSource(tree: Tree, code: string, language: Language): Source {
  const reader = new Reader(code);
  reader.visit(tree, { scope: [0, code.length], callees: [] });
  if (language.environmental) nameVariables(reader.source);
  joinFallbacks(reader.source);
  return { ...reader.source, language: language.name };
}

/**
 * `url = os.Getenv("URL")`, then a value of the program's own where that is empty: one value that hangs on the variable.
 */
function joinFallbacks({ bindings }: Source): void {
  const last = new Map<string, Binding>();
  for (const binding of bindings) {
    const key = `${binding.scope[0]} ${binding.name}`;
    const earlier = last.get(key);
    last.set(key, binding);
    if (
      !earlier ||
      binding.pieces.length === 0 ||
      !binding.pieces.every((piece) => typeof piece === "string")
    )
      continue;
    const [piece] = earlier.pieces;
    const [set] = typeof piece === "object" && "ref" in piece ? onlyValue(piece.ref, bindings) : [piece];
    if (earlier.pieces.length !== 1 || typeof set !== "object" || "ref" in set || set.fallback) continue;
    earlier.pieces = [{ ...set, fallback: binding.pieces }];
    binding.pieces = earlier.pieces;
  }
}

/** What a name stands for that gets one value. */
function onlyValue(name: string, bindings: readonly Binding[]): Piece[] {
  const [binding, other] = bindings.filter((each) => each.name === name);
  return other ? [] : (binding?.pieces ?? []);
}

/** Makes variables of the environment of the names that get no value, and of those that get one from themselves. */
function nameVariables(source: Source): void {
  const own = new Set(source.bindings.map(({ name }) => name));
  const variables = (pieces: Piece[], self: string): Piece[] =>
    pieces.map((piece) => {
      if (typeof piece !== "object" || !("ref" in piece)) return piece;
      const fallback = piece.fallback ? { fallback: variables(piece.fallback, self) } : {};
      const isVariable = (!own.has(piece.ref) || piece.ref === self) && /^[A-Za-z_]\w*$/.test(piece.ref);
      return isVariable ? { env: piece.ref, ...fallback } : { ...piece, ...fallback };
    });
  for (const text of source.texts) text.pieces = variables(text.pieces, "");
  for (const binding of source.bindings) binding.pieces = variables(binding.pieces, binding.name);
}

interface Context {
  scope: Scope;
  callees: string[];
  /** The innermost call with what is chained to it, else the statement. */
  around?: Tree;
  /** The outermost of the calls that are chained to this one. */
  chain?: Tree;
  target?: string;
  word?: boolean;
  /** Name of the function around. */
  routine?: string;
  /** Names that stand beside the text in its call. */
  beside?: string[];
  /** The base address that stands beside the text in its call. */
  base?: Piece[];
  /** What stands here makes an object of a kind, e.g. a struct. */
  made?: boolean;
}

class Reader {
  readonly source: Source = { texts: [], bindings: [], imports: [], calls: [], routines: [], changes: [] };

  constructor(private readonly code: string) {}

  visit(tree: Tree, context: Context): void {
    if (this.addText(tree, context)) return;
    switch (tree.kind) {
      case "import":
        this.source.imports.push({ module: tree.module, names: tree.names, line: tree.line });
        return;
      case "call":
        this.call(tree, context);
        return;
      case "command":
        this.command(tree, context);
        return;
      case "assign":
        this.assign(tree, context);
        return;
      case "pair":
        this.bind(
          tree.key,
          tree,
          tree.value,
          context,
          context.made ? { key: true, made: true } : { key: true },
        );
        this.visitValue(tree.value, tree.key, context);
        return;
      case "parameter":
        this.parameter(tree, context);
        return;
      case "function":
        this.routine(tree, tree.name);
        return;
      case "class":
        for (const part of tree.body) this.visit(part, { scope: context.scope, callees: [] });
        return;
      case "return":
        this.returned(tree.value, context);
        this.visit(tree.value, { ...context, around: context.around ?? tree });
        return;
      default:
        for (const child of childrenOf(tree)) this.visit(child, withStatement(child, context));
    }
  }

  /** Keeps a text as a whole; its parts are looked at one by one where it is none. */
  private addText(tree: Tree, context: Context): boolean {
    if (!isAddressLike(tree)) return false;
    const pieces = piecesOf(tree);
    if (pieces.length < 2 && typeof pieces[0] !== "string") return false;
    this.source.texts.push(this.textOf(tree, pieces, context));
    for (const call of childrenOf(tree).filter((child) => child.kind === "call" && !isAddressLike(child))) {
      this.visit(call, { scope: context.scope, callees: [], routine: context.routine });
    }
    return true;
  }

  private textOf(tree: Tree, pieces: Piece[], context: Context): Text {
    return {
      ...position(tree, context),
      pieces,
      callees: context.callees,
      around: this.written(context.around ?? tree),
      ...(context.target === undefined ? {} : { target: context.target }),
      ...(context.word ? { word: true } : {}),
      ...(context.beside?.length ? { beside: context.beside } : {}),
      ...(context.base?.length ? { base: context.base } : {}),
    };
  }

  private call(tree: Of<"call">, context: Context): void {
    const name = nameOf(tree.callee);
    const chain = context.chain ?? tree;
    const beside = tree.arguments.flatMap(handed);
    this.source.calls.push({
      ...position(tree, context),
      callee: tree.made ? `new ${name}` : name,
      text: this.written(tree),
      pieces: addressIn(tree.arguments),
      handed: beside,
    });
    const module = tree.arguments[0]?.kind === "text" ? tree.arguments[0].parts[0] : undefined;
    if (/^(require|require_relative|import|__import__)$/.test(name) && typeof module === "string") {
      this.source.imports.push({ module, names: [], line: tree.line });
    }
    const [first, second] = tree.arguments;
    if (name === "define" && first?.kind === "text" && second)
      this.bind(String(first.parts[0]), tree, second, context);
    this.visit(tree.callee, { ...context, chain, callees: [] });
    const inside = {
      ...context,
      callees: [name, ...context.callees],
      around: chain,
      chain: undefined,
      beside,
      base: baseIn(tree.arguments),
      made: tree.made,
    };
    for (const argument of tree.arguments) this.visit(argument, inside);
  }

  private command(tree: Of<"command">, context: Context): void {
    const tool = tree.arguments.map((each) => this.written(each)).find(isTool);
    const name = isTool(tree.name) ? tree.name : (tool ?? tree.name);
    const words = tree.arguments.flatMap((each) => (each.kind === "group" ? each.children : [each]));
    const text = this.written(tree);
    const handedOver = tree.arguments.flatMap(handed);
    this.source.calls.push({
      ...position(tree, context),
      callee: name,
      text,
      pieces: [],
      handed: handedOver,
    });
    const inside = {
      ...context,
      callees: [name],
      around: tree,
      chain: undefined,
      target: undefined,
      word: true,
    };
    for (const setting of tree.before) this.visit(setting, { ...context, around: tree });
    for (const word of words) {
      if (word.kind !== "name" && word.kind !== "member") this.visit(word, inside);
      else this.source.texts.push(this.textOf(word, piecesOf(word), inside));
    }
  }

  private assign(tree: Of<"assign">, context: Context): void {
    const { targets, values } = tree;
    for (const [index, target] of targets.entries()) {
      const value = values[index] ?? values[0];
      if (!value) continue;
      const { name, key } = targetOf(target);
      if (name === "") continue;
      const isField =
        tree.field || (tree.undeclared && target.kind === "name" && !this.isLocal(name, context));
      this.bind(`${isField ? "." : ""}${name}`, tree, value, context, key ? { key } : {});
      if (target.kind === "index" || target.kind === "member") this.change(nameOf(target), tree, context);
    }
    const [first] = targets;
    const target = first ? targetOf(first).name : undefined;
    for (const value of values)
      this.visitValue(value, target, { ...context, around: context.around ?? tree });
    // A client whose address is set after it was made.
    for (const target of targets) for (const child of childrenOf(target)) this.visit(child, context);
  }

  private visitValue(value: Tree, target: string | undefined, context: Context): void {
    if (value.kind === "function") this.routine(value, value.name || (target ?? ""));
    else this.visit(value, { ...context, target });
  }

  private change(name: string, tree: Tree, context: Context): void {
    this.source.changes.push({ ...position(tree, context), name, text: this.written(tree) });
  }

  /** Whether a function has a name of its own: else it is one of its object's. */
  private isLocal(name: string, { scope }: Context): boolean {
    return this.source.bindings.some((each) => each.name === name && each.scope[0] === scope[0]);
  }

  private bind(
    name: string,
    at: Tree,
    value: Tree,
    context: Context,
    more: { key?: boolean; made?: boolean } = {},
  ): void {
    if (name === "") return;
    // `headers: headers` hands a name on and gives it no value.
    if (more.key && !more.made && nameOf(value) === name) return;
    const client = clientAddress(value);
    this.source.bindings.push({
      ...bound(at, context),
      name,
      pieces: piecesOf(value),
      text: this.written(value),
      ...more,
      ...(client.length > 0 ? { client } : {}),
    });
  }

  private parameter(tree: Of<"parameter">, context: Context): void {
    const binding = {
      ...bound(tree, context),
      pieces: tree.value ? piecesOf(tree.value) : [],
      text: tree.value ? this.written(tree.value) : "",
      parameter: true,
    };
    this.source.bindings.push({ ...binding, name: tree.name });
    // A parameter that is an attribute of its object at once.
    if (tree.field) this.source.bindings.push({ ...binding, name: `.${tree.name}` });
    if (tree.value) this.visit(tree.value, { ...context, target: tree.name });
  }

  private routine(tree: Of<"function">, name: string): void {
    const scope: Scope = [tree.start, tree.end];
    // What happens inside a function is not part of the call that the function is handed to.
    const inside: Context = { scope, callees: [], routine: name };
    const parameters = [...tree.parameters, ...tree.body].flatMap(parametersIn);
    if (name !== "") {
      const names = parameters.map((each) => each.name);
      this.source.routines.push({ name, parameters: names, scope, text: this.written(tree, 20_000) });
    }
    for (const part of tree.parameters) this.visit(part, inside);
    for (const part of tree.body) this.visit(part, withStatement(part, inside));
    const last = lastOf(tree.body);
    if (last && last.kind !== "return") this.returned(last, inside);
  }

  /** What a function gives back is the value of its call. */
  private returned(value: Tree, context: Context): void {
    if (!context.routine || value.kind === "function") return;
    const pieces = piecesOf(value);
    if (pieces.length === 0) return;
    const whole: Scope = [0, this.code.length];
    const text = this.written(value);
    this.source.bindings.push({
      ...bound(value, context),
      scope: whole,
      name: `${context.routine}()`,
      pieces,
      text,
    });
  }

  private written({ start, end }: { start: number; end: number }, longest = LONGEST): string {
    return this.code.slice(start, Math.min(end, start + longest));
  }
}

function position({ line, start }: Tree, { scope }: Context): Position {
  return { line, at: start, scope };
}

/** A name has its value from the end of where it gets it. */
function bound(tree: Tree, context: Context): Position {
  return { ...position(tree, context), at: tree.end };
}

/** Outside of any call, what surrounds a text is its statement. */
function withStatement(tree: Tree, context: Context): Context {
  return context.callees.length > 0 || tree.kind === "group" ? context : { ...context, around: tree };
}

/** `x`, `.x`, `a.x`; for `config["KEY"]` the key. */
function targetOf(tree: Tree): { name: string; key?: boolean } {
  if (tree.kind === "parameter") return { name: "" };
  if (tree.kind === "index" && tree.key.kind === "text") {
    const [key] = tree.key.parts;
    return { name: typeof key === "string" ? key : "", key: true };
  }
  const name = tree.kind === "index" ? "" : nameOf(tree);
  return { name: name.startsWith("?") ? "" : name };
}

function lastOf(body: Tree[]): Tree | undefined {
  const last = body.at(-1);
  return last?.kind === "group" ? (lastOf(last.children) ?? last) : last;
}

/** The names that a call hands over as they are. */
function handed(tree: Tree): string[] {
  if (tree.kind === "name" || tree.kind === "member") return [nameOf(tree)];
  if (tree.kind === "pair") return handed(tree.value);
  return tree.kind === "group" ? tree.children.flatMap(handed) : [];
}

/** The parameters that a function names in its brackets, or at its head as PowerShell's do. */
function parametersIn(tree: Tree): Of<"parameter">[] {
  if (tree.kind === "parameter") return [tree];
  return tree.kind === "group" ? tree.children.flatMap(parametersIn) : [];
}
