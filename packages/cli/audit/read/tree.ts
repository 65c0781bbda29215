/** Where a part of a program stands. */
interface Place {
  /** Offsets in the code. */
  start: number;
  end: number;
  /** 1-based. */
  line: number;
}

/**
 * A program in the few kinds of parts that an audit tells apart, the same for every language. Whatever a language's
 * queries do not name is a group of its children.
 */
export type Tree = Place &
  (
    | { kind: "text"; parts: (string | Tree)[] }
    | { kind: "name"; name: string }
    /** `object.key`; of the object a method belongs to, `this`, the name is empty. */
    | { kind: "member"; object: Tree; key: string }
    | { kind: "index"; object: Tree; key: Tree }
    | { kind: "call"; callee: Tree; arguments: Tree[]; made: boolean }
    /** A command of a shell, with what is set for it alone. */
    | { kind: "command"; name: string; before: Tree[]; arguments: Tree[] }
    /** Parts put one after the other. */
    | { kind: "join"; parts: Tree[] }
    /** The first that is set, or the one that a condition picks. */
    | { kind: "choice"; options: Tree[] }
    /** A text with places for values. */
    | { kind: "format"; text: Tree; values: Tree[] }
    | { kind: "pair"; key: string; value: Tree }
    | { kind: "list"; items: Tree[] }
    /** `undeclared`: the name is an attribute's where the function has none of its own. */
    | { kind: "assign"; targets: Tree[]; values: Tree[]; field: boolean; undeclared: boolean }
    | { kind: "parameter"; name: string; value?: Tree; field: boolean }
    | { kind: "function"; name: string; parameters: Tree[]; body: Tree[] }
    | { kind: "class"; body: Tree[] }
    | { kind: "return"; value: Tree }
    | { kind: "import"; module: string; names: string[] }
    | { kind: "group"; children: Tree[] }
  );

type Kind = Tree["kind"];
export type Of<K extends Kind> = Extract<Tree, { kind: K }>;

/** `axios.get`, `.url` for `this.url`, `f()` for a call, `?` where there is no name. */
export function nameOf(tree: Tree): string {
  if (tree.kind === "name") return tree.name;
  if (tree.kind === "member")
    return tree.object.kind === "name"
      ? dotted(tree.object.name, tree.key)
      : `${nameOf(tree.object)}.${tree.key}`;
  if (tree.kind === "call") return `${nameOf(tree.callee)}()`;
  // `session` in `session["headers"]`: what is changed there is the session.
  if (tree.kind === "index") return nameOf(tree.object);
  return "?";
}

function dotted(object: string, key: string): string {
  return object === SELF ? `.${key}` : `${object}.${key}`;
}

/** The name of the object that a method belongs to. */
export const SELF = "";

/** Every part directly below a part. */
export function childrenOf(tree: Tree): Tree[] {
  switch (tree.kind) {
    case "text":
      return tree.parts.filter((part) => typeof part !== "string");
    case "name":
    case "import":
      return [];
    case "member":
      return [tree.object];
    case "index":
      return [tree.object, tree.key];
    case "call":
      return [tree.callee, ...tree.arguments];
    case "command":
      return [...tree.before, ...tree.arguments];
    case "join":
      return tree.parts;
    case "choice":
      return tree.options;
    case "format":
      return [tree.text, ...tree.values];
    case "pair":
    case "return":
      return [tree.value];
    case "list":
      return tree.items;
    case "assign":
      return [...tree.targets, ...tree.values];
    case "parameter":
      return tree.value ? [tree.value] : [];
    case "function":
      return [...tree.parameters, ...tree.body];
    case "class":
      return tree.body;
    case "group":
      return tree.children;
  }
}

/** A text without places; undefined with some. */
export function literalOf(tree: Of<"text">): string | undefined {
  return tree.parts.every((part) => typeof part === "string") ? tree.parts.join("") : undefined;
}

/** The pairs among what stands in brackets. */
export function pairsIn(all: Tree[]): Of<"pair">[] {
  return all.flatMap((each) =>
    each.kind === "pair" ? [each] : each.kind === "list" ? pairsIn(each.items) : [],
  );
}
