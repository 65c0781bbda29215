import { join } from "node:path";
import { keptPackages } from "../../../base/process/kept";
import type { Language } from "../languages";
import { buildTree } from "./build";
import type { SyntaxNode, SyntaxTree, TreeSitter } from "./syntax";
import type { Tree } from "./tree";

/** Parses one language. */
export interface Grammar {
  /** @throws {RangeError} where the code is nested too deep */
  parse(code: string): Parsed;
}

interface Parsed {
  tree: Tree;
  /** Lines, from and to, that the grammar does not know; 1-based. */
  unknown: [from: number, to: number][];
}

/**
 * Parts in one another, more than the reader gets through. tree-sitter's queries take, for each part, as many steps as
 * parts are around it: a sum of 30,000 numbers, each in the one before, would take them most of a minute.
 */
const MOST_LEVELS = 3000;

let started: Promise<{ sitter: TreeSitter; folder: string }> | undefined;
const loaded = new Map<string, Promise<Grammar>>();

/**
 * @throws {UserError} when the grammars cannot be fetched
 */
export function grammarOf(language: Language): Promise<Grammar> {
  const known = loaded.get(language.name);
  if (known) return known;
  const grammar = load(language);
  loaded.set(language.name, grammar);
  return grammar;
}

async function load(language: Language): Promise<Grammar> {
  started ??= start();
  const { sitter, folder } = await started;
  const grammar = await sitter.Language.load(join(folder, `tree-sitter-${language.grammar}.wasm`));
  const parser = new sitter.Parser();
  parser.setLanguage(grammar);
  const query = new sitter.Query(grammar, language.queries);
  return {
    parse(code) {
      const syntax = parser.parse(language.prepare?.(code) ?? code);
      if (!syntax) throw new RangeError("the parser gave up");
      try {
        if (isTooDeep(syntax)) throw new RangeError("parts stand in parts too deep");
        const tree = buildTree(syntax.rootNode, query.matches(syntax.rootNode), code, language);
        return { tree, unknown: unknownIn(syntax.rootNode) };
      } finally {
        syntax.delete();
      }
    },
  };
}

/**
 * tree-sitter and its grammars, as the npm package @vscode/tree-sitter-wasm brings them. Nothing but the audit needs its
 * 22 MB, so it is no dependency: npm fetches it, by the lock file in `grammars/`, when code is first read.
 */
async function start(): Promise<{ sitter: TreeSitter; folder: string }> {
  const packages = await keptPackages("grammars", join(__dirname, "..", "grammars"));
  const folder = join(packages, "node_modules", "@vscode", "tree-sitter-wasm", "wasm");
  const sitter: TreeSitter = require(join(folder, "tree-sitter.js"));
  await sitter.Parser.init();
  return { sitter, folder };
}

/** Looks at each part once, and at none below the limit. */
function isTooDeep(syntax: SyntaxTree): boolean {
  const cursor = syntax.walk();
  let levels = 0;
  try {
    for (;;) {
      if (cursor.gotoFirstChild()) {
        levels += 1;
        if (levels > MOST_LEVELS) return true;
        continue;
      }
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent()) return false;
        levels -= 1;
      }
    }
  } finally {
    cursor.delete();
  }
}

function unknownIn(node: SyntaxNode): [number, number][] {
  if (!node.hasError && !node.isMissing) return [];
  if (node.isError || node.isMissing) return [[node.startPosition.row + 1, node.endPosition.row + 1]];
  return node.children.flatMap((child) => (child ? unknownIn(child) : []));
}
