import type { AuditFile, Leak } from "./types";

/** What takes the place of a secret. */
const STARS = "***";

/** A name whose value is a secret, with the sign between them; group 1 is kept. */
const NAMED =
  /((?:[\w-]*(?:secret|password|passwd|token|api[-_]?key|authorization|credential)[\w-]*)["']?\]?\s*(?::\s*\w+\s*)?[:=]\s*)(["'`])(?![${<]|(?:Bearer|Basic)\b)([^"'`\s]{4,}(?: [^"'`]*)?)\2/gi;
const UNQUOTED =
  /((?:^|\s)(?:export\s+|-\s+)?[\w-]*(?:secret|password|passwd|token|api[-_]?key)[\w-]*\s*[:=]\s*)(?!["'`${<]|os\.|process\.)([^\s"'`,;(){}[\]]{6,})(?=\s|$)/gi;

/** `X-API-Key: …` inside a text, as curl takes headers. */
const HEADER =
  /((?:[\w]+-[\w-]*(?:secret|token|key)|authorization)\s*:\s*(?!Bearer|Basic))(?![{$<\s"'`])[^\s"'`,}]+/gi;
/** `auth=("name", "password")`, and such a pair alone. */
const PAIR = /((?:auth=\(|basic_?auth\(|(?<!\w)\()\s*(["'])[^"']*\2\s*,\s*["'])[^"']+/gi;

/** Takes the secrets out of a line of code. */
export function mask(line: string): string {
  return line
    .replace(/\b([0-9a-f]{32}\.access):[0-9a-f]{16,}/gi, `$1:${STARS}`)
    .replace(/\b[0-9a-f]{40,}\b/gi, STARS)
    .replace(/\beyJ[\w-]+\.[\w-]+(\.[\w-]*)?/g, STARS)
    .replace(/\b(Bearer|Basic)(\s+)(?![{$<])[\w.+/=~-]{6,}/gi, `$1$2${STARS}`)
    .replace(/(:\/\/[^\s:/@{}$]*):(?![{$<])[^\s@/]+@/g, `$1:${STARS}@`)
    .replace(/((?:^|\s)(?:-u|--user)[\s=]+["']?[^\s:"'$]+):(?!\$)[^\s"']+/g, `$1:${STARS}`)
    .replace(/([?&](?:token|api_?key|access_token|key|password)=)(?![{$<])[^&\s"'`]+/gi, `$1${STARS}`)
    .replace(HEADER, `$1${STARS}`)
    .replace(PAIR, `$1${STARS}`)
    .replace(NAMED, `$1$2${STARS}$2`)
    .replace(UNQUOTED, `$1${STARS}`);
}

const SECRET = [
  {
    pattern: /\b[0-9a-f]{32}\.access["']?\s*[:,]\s*["']?[0-9a-f]{32,}/i,
    what: "a service token with its secret",
  },
  {
    pattern: /cf[-_]access[-_](client[-_])?secret["'\])]*\s*[:=,]\s*["']?[0-9a-f]{32,}/i,
    what: "a service token's secret",
  },
  {
    pattern: /COMFYUI_ACCESS_TOKEN["'\])]*\s*[:=]\s*["']?(\{.*[0-9a-f]{32,}|[^\s"']*:[0-9a-f]{32,})/i,
    what: "a service token with its secret",
  },
];

/** Finds the secrets of service tokens in a file. */
export function leaksIn(file: AuditFile): Leak[] {
  if (!/access/i.test(file.text)) return [];
  return file.text.split("\n").flatMap((line, index) => {
    const found = SECRET.find(({ pattern }) => pattern.test(line));
    return found ? [{ path: file.path, line: index + 1, what: found.what, tracked: file.tracked }] : [];
  });
}
