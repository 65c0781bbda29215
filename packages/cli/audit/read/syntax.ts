/** What the audit uses of tree-sitter, whose package is fetched and not installed: see grammars.ts. */

/** A node of a syntax tree. */
export interface SyntaxNode {
  readonly id: number;
  readonly type: string;
  readonly startIndex: number;
  readonly endIndex: number;
  readonly startPosition: { row: number };
  readonly endPosition: { row: number };
  readonly namedChildren: (SyntaxNode | null)[];
  readonly children: (SyntaxNode | null)[];
  readonly parent: SyntaxNode | null;
  readonly hasError: boolean;
  readonly isError: boolean;
  readonly isMissing: boolean;
}

/** What a parser makes of code. */
export interface SyntaxTree {
  readonly rootNode: SyntaxNode;
  walk(): Cursor;
  delete(): void;
}

/** Goes from node to node; each step says whether there was one. */
interface Cursor {
  gotoFirstChild(): boolean;
  gotoNextSibling(): boolean;
  gotoParent(): boolean;
  delete(): void;
}

/** One place where a pattern holds. */
interface Match {
  patternIndex: number;
  captures: { name: string; node: SyntaxNode }[];
}

/** The module of the package. */
export interface TreeSitter {
  Parser: {
    init(): Promise<void>;
    new (): {
      setLanguage(grammar: unknown): void;
      parse(code: string): SyntaxTree | null;
    };
  };
  Language: { load(path: string): Promise<unknown> };
  Query: new (grammar: unknown, queries: string) => { matches(root: SyntaxNode): Match[] };
}

export type Matches = readonly Match[];
