/** Columns that a report or a help fits into. */
export const WIDTH = 100;

/** How a text is broken into lines. */
export interface Wrapping {
  /** Columns before each line but the first. Default: as before the first. */
  hanging?: number;
  /** The widest line, with what stands before it. Default: `WIDTH`. */
  width?: number;
  /** Whether a word that is longer than a line is broken anywhere; else it stays whole. Default: false. */
  cutsWords?: boolean;
}

/** A text as lines that fit, broken at spaces, each indented by so many columns. */
export function wrapped(
  text: string,
  indent: number,
  { hanging = indent, width = WIDTH, cutsWords = false }: Wrapping = {},
): string[] {
  const words = text.split(/\s+/);
  const pieces = cutsWords ? words.flatMap((word) => cut(word, width - Math.max(indent, hanging))) : words;
  const lines: string[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + piece.length <= width) {
      lines[lines.length - 1] = `${last} ${piece}`;
    } else lines.push(" ".repeat(last === undefined ? indent : hanging) + piece);
  }
  return lines;
}

const cut = (word: string, room: number): string[] =>
  word.length <= room ? [word] : [word.slice(0, room), ...cut(word.slice(room), room)];
