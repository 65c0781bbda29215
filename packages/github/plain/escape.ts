/** Control, bidirectional and zero-width characters: invisible to a reader, or able to reorder what is read. */
const INVISIBLE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Untrusted text without what cannot be seen; line feeds and tabs stay. */
function visible(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(INVISIBLE, "\ufffd");
}

/** How many backticks in a row the text holds at most. */
function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

/**
 * Untrusted text as one inline code span: there GitHub reads neither HTML nor Markdown, mentions nobody and links
 * nothing. The span's own backticks outnumber those in the text.
 */
export function code(text: string): string {
  const line = visible(text).replace(/\s+/g, " ").trim();
  const ticks = "`".repeat(longestRun(line) + 1);
  // Text that begins or ends with a backtick needs a space beside the fence; GitHub takes one off again.
  const pad = line === "" || line.startsWith("`") || line.endsWith("`") ? " " : "";
  return `${ticks}${pad}${line}${pad}${ticks}`;
}

/** Untrusted lines as a fenced block that no line of it can close. */
export function fenced(lines: readonly string[], language = ""): string {
  const text = lines.map((line) => visible(line).replace(/\n/g, " ")).join("\n");
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

/** Size as GitHub's limit is safest counted: UTF-8 bytes are never fewer than characters of any other count. */
export function size(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

/**
 * The first lines that fit into a budget, and how many do not.
 *
 * @param bytes what the lines may take, each with its line feed
 */
export function fitting(lines: readonly string[], bytes: number): { kept: string[]; cut: number } {
  let left = bytes;
  const kept: string[] = [];
  for (const line of lines) {
    left -= size(line) + 1;
    if (left < 0) break;
    kept.push(line);
  }
  return { kept, cut: lines.length - kept.length };
}
