/**
 * Whether a pattern, in which a `*` stands for any run of signs, means a text. In time that grows with both lengths
 * alone: patterns are other people's too, and a regular expression made of many stars does not come to an end.
 */
export function globMatches(pattern: string, text: string): boolean {
  let at = 0;
  let from = 0;
  /** Behind the last star, and where what follows it was last tried. */
  let star: { next: number; tried: number } | undefined;
  while (from < text.length) {
    if (pattern[at] === "*") {
      at += 1;
      star = { next: at, tried: from };
    } else if (at < pattern.length && pattern[at] === text[from]) {
      at += 1;
      from += 1;
    } else if (star !== undefined) {
      star.tried += 1;
      at = star.next;
      from = star.tried;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}
