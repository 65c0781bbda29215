import { domainToASCII } from "node:url";

/**
 * A rule's host name in the one form that is compared: in small letters, and Unicode as its punycode, since cloudflared
 * takes a rule for either form (ingress/rule.go). Empty for every host.
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
 * May a rule with this pattern take requests for the host name? Never "no" where cloudflared would: it compares some
 * patterns with their case, which counts as a match here. A wildcard spans levels.
 */
export function coversHost(pattern: unknown, hostname: string): boolean {
  const canonical = canonicalHost(pattern);
  const requested = canonicalHost(hostname);
  if (canonical === "" || canonical === requested) return true;
  return canonical.startsWith("*") && requested.endsWith(canonical.slice(1));
}

function isAscii(text: string): boolean {
  return [...text].every((sign) => sign.charCodeAt(0) < 128);
}
