/** A code block of a Markdown file. */
export interface Fence {
  /** The name of its language, lower case; empty where none is told. */
  language: string;
  code: string;
  /** Line of the file before its first line. */
  offset: number;
}

/** Finds the code blocks of a Markdown file, also those that a list indents. */
export function readFences(text: string): Fence[] {
  const fences: Fence[] = [];
  let open: { mark: string; language: string; offset: number; lines: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const mark = /^\s*(`{3,}|~{3,})\s*([\w+-]*)/.exec(line);
    if (open) {
      if (mark?.[1]?.startsWith(open.mark) && /^\s*[`~]+\s*$/.test(line)) {
        fences.push({ language: open.language, code: open.lines.join("\n"), offset: open.offset });
        open = undefined;
      } else open.lines.push(line);
    } else if (mark) {
      open = {
        mark: mark[1] ?? "```",
        language: (mark[2] ?? "").toLowerCase(),
        offset: index + 1,
        lines: [],
      };
    }
  }
  return fences;
}
