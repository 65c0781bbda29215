/** What Go's RE2 has no words for: it never looks around or back. */
const NOT_IN_RE2 = /\(\?<?[=!]|\\[1-9]|\\k</;
const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  digit: "0-9",
  lower: "a-z",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\s",
  upper: "A-Z",
  word: "\\w",
  xdigit: "0-9A-Fa-f",
};

/**
 * An ingress rule's `path` as a JavaScript regular expression. It is unanchored, as in cloudflared. Go's syntax
 * (RE2, https://golang.org/s/re2syntax) differs: look-around and back-references are refused as Go does;
 * `(?P<name>…)`, `\A`, `\z`, POSIX classes and flags at the beginning are translated. Not translated, and
 * refused: `\Q…\E`, the flag `U`, and flags that change in the middle without a group. JavaScript tolerates some
 * escapes that Go refuses, such as `\y`.
 * @throws SyntaxError for what is no expression, or one that Go would refuse.
 */
export function compilePath(pattern: string): RegExp {
  if (NOT_IN_RE2.test(pattern)) throw new SyntaxError("invalid or unsupported Perl syntax");
  if (/\\[QE]/.test(pattern)) throw new SyntaxError("\\Q and \\E are not translated");
  const [prefix = "", flags = ""] = /^\(\?([ims]+)\)/.exec(pattern) ?? [];
  const translated = pattern
    .slice(prefix.length)
    .replaceAll("(?P<", "(?<")
    .replace(/\\([Az\\])/g, (whole, letter) => (letter === "A" ? "^" : letter === "z" ? "$" : whole))
    .replace(/\[:(\w+):\]/g, (_, name) => {
      const posix = POSIX_CLASSES[name];
      if (posix === undefined) throw new SyntaxError(`invalid character class range: [:${name}:]`);
      return posix;
    });
  return new RegExp(translated, flags);
}
