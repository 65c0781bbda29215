/** One rule of a .gitignore. */
interface Rule {
  pattern: RegExp;
  negated: boolean;
  directoriesOnly: boolean;
}

/** The rules of one .gitignore, for paths below its folder. */
export type Ignore = readonly Rule[];

/** Reads a .gitignore. @see https://git-scm.com/docs/gitignore#_pattern_format */
export function parseGitignore(text: string): Ignore {
  return text.split(/\r?\n/).flatMap((raw) => {
    const line = raw.replace(/(?<!\\)\s+$/, "");
    if (line === "" || line.startsWith("#")) return [];
    const negated = line.startsWith("!");
    const body = line.replace(/^!|^\\(?=[!#])/, "");
    const directoriesOnly = body.endsWith("/");
    const path = body.replace(/\/$/, "");
    // A slash inside ties the pattern to the folder; else it holds at any depth.
    const anchored = path.includes("/");
    const pattern = `^${anchored ? "" : "(?:.*/)?"}${translate(path.replace(/^\//, ""))}$`;
    return [{ pattern: new RegExp(pattern), negated, directoriesOnly }];
  });
}

function translate(glob: string): string {
  return glob.replace(/\*\*\/|\/\*\*|\*|\?|\[!?[^\]]+\]|[.+^${}()|\\[\]]/g, (part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "/**") return "/.*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (part.startsWith("[") && part.length > 1) return part.replace("[!", "[^");
    return `\\${part}`;
  });
}

/** Whether the rules leave a path out; undefined where none speaks of it. The last rule that matches decides. */
export function isIgnored(ignore: Ignore, path: string, directory: boolean): boolean | undefined {
  const rule = ignore.findLast(
    ({ pattern, directoriesOnly }) => (directory || !directoriesOnly) && pattern.test(path),
  );
  return rule === undefined ? undefined : !rule.negated;
}
