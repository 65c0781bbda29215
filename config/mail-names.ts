import { domainToASCII, domainToUnicode } from "node:url";
import { HOST_NAME } from "../packages/base/host-name";
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
  const plain = local.normalize("NFKC");
  // However wide they are written; `%` is what databases take for one.
  if (/[*%?]/.test(plain) || domain.includes("*")) return "wildcard";
  if (plain !== local || looksLikeAnother(local) || looksLikeAnother(domain)) return "look-alike";
  return isLocalPart(local) && rest.length === 0 && HOST_NAME.test(domain.toLowerCase())
    ? undefined
    : "not an address";
}

/** The limit of RFC 5321, in octets. */
const LONGEST_LOCAL_PART = 64;
/** What may stand before the @ without quotes, by RFC 5321 and 6531. */
const UNQUOTED = /^[\p{L}\p{M}0-9.!#$&'+/=^_`{|}~-]+$/u;

/** Whether a text can stand before the @: its letters are all of one script. */
function isLocalPart(text: string): boolean {
  if (!UNQUOTED.test(text) || Buffer.byteLength(text) > LONGEST_LOCAL_PART) return false;
  const letters = text.replace(/[^\p{L}\p{M}]/gu, "");
  return letters === "" || ONE_SCRIPT.some((script) => script.test(letters));
}

/** Scripts in which people write names, each alone; of the others some have letters that look like Latin ones. */
const ONE_SCRIPT = [
  /^\p{Script=Latin}+$/u,
  /^\p{Script=Cyrillic}+$/u,
  /^\p{Script=Greek}+$/u,
  /^\p{Script=Armenian}+$/u,
  /^\p{Script=Georgian}+$/u,
  /^\p{Script=Hebrew}+$/u,
  /^\p{Script=Arabic}+$/u,
  /^\p{Script=Devanagari}+$/u,
  /^\p{Script=Bengali}+$/u,
  /^\p{Script=Tamil}+$/u,
  /^\p{Script=Thai}+$/u,
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]+$/u,
  /^[\p{Script=Han}\p{Script=Hangul}]+$/u,
];

/** Spaces of every kind, and what has no shape of its own, such as a zero-width joiner. */
export const ODD = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\s]/u;

/** Whether a host name has letters outside of ASCII, and is spelled as DNS takes it, with none that look like others. */
export const isInternational = (host: string): boolean =>
  /\P{ASCII}/u.test(host) &&
  domainToUnicode(domainToASCII(host)) === host.toLowerCase() &&
  !looksLikeAnother(host);

/** The domain that a text amounts to, in lower case and ASCII; undefined when it is none. */
function plainDomain(text: string): string | undefined {
  const visible = text.normalize("NFKC").replace(new RegExp(ODD, "gu"), "");
  return domainToASCII(visible.replace(/\.+$/, "")) || undefined;
}

/** Letters of other scripts that look like Latin ones. */
const LIKE_LATIN = /^[асԁеԍһіјӏорԛѕԝхуүгοναιυκρτ0-9-]+$/u;
const SCRIPTS = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Armenian}/u];

/** Latin letters that are neither ASCII nor made of it, and that look like no other. */
const OWN_SHAPE = /[æøœßđðþłħŋə]/gu;

/** Whether a text has a Latin letter such as U+0251, which looks like an ASCII one and is not that with a mark. */
function hasOddLatin(lower: string): boolean {
  const bare = lower.normalize("NFD").replace(/\p{M}/gu, "").replace(OWN_SHAPE, "");
  return /\p{Script=Latin}/u.test(bare.replace(/[a-z]/g, ""));
}

/**
 * Whether a part between dots mixes scripts of alike letters, or has such letters as look like Latin ones only, or as
 * look like ASCII.
 */
function looksLikeAnother(text: string): boolean {
  const shown = text.split(".").map((label) => (label.startsWith("xn--") ? domainToUnicode(label) : label));
  return shown.some((label) => {
    const lower = label.toLowerCase();
    const mixed = SCRIPTS.filter((script) => script.test(lower)).length > 1;
    return mixed || hasOddLatin(lower) || (/\P{ASCII}/u.test(lower) && LIKE_LATIN.test(lower));
  });
}
