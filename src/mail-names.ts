import { domainToASCII, domainToUnicode } from "node:url";
import { HOST_NAME } from "./host-name";
import { isPublicSuffix, publicMailDomainOf } from "./public-mail-domains";

/** What is wrong with a mail domain, and with which one where it is written in an odd way or belongs to another. */
export type MailDomainFault =
  | { kind: "not a domain" | "look-alike" }
  | { kind: "public mail" | "public suffix"; domain: string };

/** What is wrong with an e-mail address. */
export type MailAddressFault = "no @" | "wildcard" | "look-alike" | "not an address";

/**
 * What is wrong with a domain whose addresses are all to be let in; undefined when nothing is. The one judgement of
 * config and guardrails.
 */
export function mailDomainFault(text: string): MailDomainFault | undefined {
  const domain = plainDomain(text);
  if (domain !== undefined) {
    // First, however oddly it is written: what it means is worse than how it is spelled.
    const provider = publicMailDomainOf(domain);
    if (provider !== undefined) return { kind: "public mail", domain: provider };
    if (isPublicSuffix(domain)) return { kind: "public suffix", domain };
  }
  if (looksLikeAnother(domain ?? text)) return { kind: "look-alike" };
  return domain === text.toLowerCase() && HOST_NAME.test(domain) ? undefined : { kind: "not a domain" };
}

/** What is wrong with the address of one person; undefined when nothing is. */
export function mailAddressFault(text: string): MailAddressFault | undefined {
  const [local = "", domain = "", ...rest] = text.split("@");
  if (!text.includes("@")) return "no @";
  if (text.includes("*")) return "wildcard";
  if (looksLikeAnother(local) || looksLikeAnother(domain)) return "look-alike";
  const isPlain = local !== "" && !ODD.test(local) && rest.length === 0;
  return isPlain && HOST_NAME.test(domain.toLowerCase()) ? undefined : "not an address";
}

/** Spaces of every kind, and what has no shape of its own, such as a zero-width joiner. */
const ODD = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\s]/u;

/** The domain that a text amounts to, in lower case and ASCII; undefined when it is none. */
function plainDomain(text: string): string | undefined {
  const visible = text.normalize("NFKC").replace(new RegExp(ODD, "gu"), "");
  return domainToASCII(visible.replace(/\.+$/, "")) || undefined;
}

/** Letters of other scripts that look like Latin ones. */
const LIKE_LATIN = /^[асԁеԍһіјӏорԛѕԝхуүгοναιυκρτ0-9-]+$/u;
const SCRIPTS = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Armenian}/u];

/** Whether a part between dots mixes scripts of alike letters, or has only such letters as look like Latin ones. */
function looksLikeAnother(text: string): boolean {
  const shown = text.split(".").map((label) => (label.startsWith("xn--") ? domainToUnicode(label) : label));
  return shown.some((label) => {
    const lower = label.toLowerCase();
    const mixed = SCRIPTS.filter((script) => script.test(lower)).length > 1;
    return mixed || (/\P{ASCII}/u.test(lower) && LIKE_LATIN.test(lower));
  });
}
