/** What the audit has to know of a programming language; the rest is the same for all. */
export interface Language {
  name: string;
  /** Its grammar, as the package of grammars calls it. */
  grammar: string;
  /** Lower case, without a dot. */
  extensions: string[];
  /** Programs that a script's first line names. */
  interpreters?: string[];
  /** How code blocks of Markdown and kernels of notebooks call it, besides its extensions. */
  aliases?: string[];
  /**
   * tree-sitter's queries that say which node is what: the capture with the name of a kind of `Tree` is the node, the
   * other captures of the pattern are its parts. Where several kinds claim one node, the last pattern counts; patterns
   * of one kind add to each other. Besides the kinds there are:
   * - `@hole`: a place in a text, with `@value`, else the node itself;
   * - `@through`: stands for its `@value`, e.g. `await`;
   * - `@self`: the object that a method belongs to;
   * - `@attribute`: the name of a part of that object;
   * - `@skip`: nothing in it is a use, e.g. comments, types, and the routes of decorators.
   */
  queries: string;
  /** Its names have signs before them, e.g. `$name`, `@name`, `:name`. */
  sigils?: boolean;
  /** What takes a character's meaning from it within a text; default: a backslash. */
  escape?: string;
  /** A name that the program gives no value is a variable of the environment. */
  environmental?: boolean;
  /** What a file of it begins with, and a block on a page leaves out. */
  opening?: string;
  /** Changes the code before it is parsed, and not its length. */
  prepare?: (code: string) => string;
}
