import { domainToASCII } from "node:url";
import { globMatches } from "./glob";
import { isHidden } from "./hidden";
import type { Match } from "./types";

/**
 * A wildcard means something else in each of the three places in which Cloudflare takes one:
 *
 * | pattern | {@link destinationCovers}: an Access destination | {@link recordCovers}: a DNS record | {@link ruleCovers}: a tunnel's rule |
 * |---|---|---|---|
 * | `*.example.org` | `a.example.org` alone | `a.example.org`, `b.a.example.org` | `a.example.org`, `b.a.example.org` |
 * | `a*.example.org` | `a1.example.org` | the name as it is written | the name as it is written |
 * | `*` | one level alone | the name as it is written | every host |
 */

/**
 * A host name as DNS and Access compare it: in lower case and in ASCII, without a port or a dot at the end. Each label
 * for itself: a wildcard is none that could be converted.
 */
export function plainHost(host: string): string {
  const labels = host.replace(/:\d+$/, "").replace(/\.$/, "").toLowerCase().split(".");
  return labels.map((label) => (isAscii(label) ? label : domainToASCII(label) || label)).join(".");
}

/**
 * A tunnel rule's host name in the one form that is compared: in small letters, and Unicode as its punycode, since
 * cloudflared takes a rule for either form (ingress/rule.go). Empty for every host.
 */
export function canonicalHost(hostname: unknown): string {
  const text = typeof hostname === "string" ? hostname.toLowerCase() : "";
  if (text === "*") return "";
  const [wildcard = ""] = /^\*\.?/.exec(text) ?? [];
  const name = text.slice(wildcard.length);
  // Of ASCII names more is folded there than cloudflared does, e.g. %2e; a name that is none stays as it is.
  return isAscii(name) ? text : wildcard + (domainToASCII(name) || name);
}

/**
 * Does an Access destination's host mean the host name? A `*` may stand anywhere, and stays within one level.
 * @see https://developers.cloudflare.com/cloudflare-one/access-controls/policies/app-paths/
 */
export function destinationCovers(pattern: string, hostname: string): boolean {
  const [patterns, labels] = [plainHost(pattern).split("."), plainHost(hostname).split(".")];
  return (
    patterns.length === labels.length &&
    patterns.every((each, index) => globMatches(each, labels[index] ?? ""))
  );
}

/**
 * Does a DNS record of this name answer for the host name, unless one of a more specific name does? A wildcard is a whole
 * label, the first, and spans levels (RFC 4592).
 */
export function recordCovers(name: string, hostname: string): boolean {
  const [record, asked] = [plainHost(name), plainHost(hostname)];
  return record === asked || (record.startsWith("*.") && endsBelow(asked, record.slice(1)));
}

/** The names of the DNS records that may answer for a host name: itself, and the wildcards above it. */
export function recordNamesFor(hostname: string): string[] {
  const labels = plainHost(hostname).split(".");
  return [plainHost(hostname), ...labels.slice(1, -1).map((_, at) => `*.${labels.slice(at + 1).join(".")}`)];
}

/**
 * May a tunnel's rule with this pattern take requests for the host name? Never "no" where cloudflared would: it compares
 * some patterns with their case, which counts as a match here. A wildcard spans levels.
 */
export function ruleCovers(pattern: unknown, hostname: string): boolean {
  const canonical = canonicalHost(pattern);
  const requested = canonicalHost(hostname);
  if (canonical === "" || canonical === requested) return true;
  return canonical.startsWith("*") && requested.endsWith(canonical.slice(1));
}

/**
 * Does a tunnel's rule with this pattern take requests for the host name? Unknown for a pattern that cannot be read, and
 * where cloudflared may read it in another way: it compares capital letters as such, and knows a `*` before a dot alone.
 */
export function ruleTakes(pattern: string | undefined, hostname: string): Match {
  if (isHidden(pattern)) return "unknown";
  if (!ruleCovers(pattern, hostname)) return "no";
  const text = pattern ?? "";
  const isPlain = text === text.toLowerCase() && /^(?:\*(?:\.|$))?[^*]*$/.test(text);
  return isPlain ? "yes" : "unknown";
}

const endsBelow = (name: string, end: string): boolean => name.endsWith(end) && name.length > end.length;

function isAscii(text: string): boolean {
  return [...text].every((sign) => sign.charCodeAt(0) < 128);
}
