type Tldts = typeof import("tldts");

/** Providers that the lists of others lack, each where anybody can get an address, by what they are. */
const ALSO_PUBLIC = [
  // Addresses that forward, given to anybody.
  "8alias.com 8shield.net addy.io addymail.com aleeas.com anonaddy.com anonaddy.me dralias.com erine.email",
  "forwardemail.net mozmail.com passfwd.com passinbox.com passmail.com passmail.net relay.firefox.com",
  "silomails.com simplelogin.co simplelogin.com simplelogin.fr simplelogin.io slmail.me",
  // Mailboxes of providers that encrypt, and of collectives.
  "airmail.cc autistici.org bastardi.net canaglie.org countermail.com criptext.com ctemplar.com",
  "cyberfear.com danwin1210.de dismail.de disroot.org e.email eclipso.at eclipso.ch eclipso.de",
  "eclipso.eu ecloud.global elude.in inventati.org keemail.me kolabnow.com mailum.com murena.io",
  "onionmail.org onmail.com riseup.net skiff.com soverin.net spike.chat startmail.com systemli.org",
  "thexyz.com tuta.com tuta.io tutamail.com tutanota.com tutanota.de vivaldi.net",
  // Further names of providers that the lists have under others.
  "263.net aol.de gmx.ca gmx.co.in gmx.co.uk gmx.es gmx.eu gmx.ie gmx.it gmx.se gmx.tm gmx.us",
  "internet.ru kakao.com live.ch live.fi myyahoo.com outlook.ro passport.com vk.com wo.cn xmail.ru",
  "yahoo.com.ec yahoo.com.pe yandex.by yandex.com.tr yandex.kz yandex.uz zoho.eu zoho.in zohomail.eu",
  "zohomail.in",
  // Addresses that come with a telephone or a line.
  "a1.net au.com bbox.fr biglobe.ne.jp bredband.net chello.at chello.sk ewe.net ewetel.net getmail.no",
  "hispeed.ch hotmail.no magenta.at netcologne.de nifty.com ocn.ne.jp online.no plala.or.jp",
  "so-net.ne.jp vodafone.de vodafonemail.de ymobile.ne.jp",
  // Portals.
  "azet.sk dir.bg indamail.hu mail.ua narod.ru passagen.se tlen.pl zoznam.sk",
];

let lists: ReadonlySet<string> | undefined;

/** Read when the first domain is judged: most commands judge none, and the lists have thousands of names. */
function listed(domain: string): boolean {
  lists ??= new Set([
    ...(require("email-providers/all.json") as string[]),
    ...(require("free-email-domains-typescript") as { freeEmailDomains: string[] }).freeEmailDomains,
    ...ALSO_PUBLIC.flatMap((names) => names.split(" ")),
  ]);
  return lists.has(domain);
}

let suffixes: Tldts | undefined;

/** With the suffixes below which companies let others have names: whoever rents one there is not the company. */
const PRIVATE_TOO = { allowPrivateDomains: true, extractHostname: false, validateHostname: false };

function tldts(): Tldts {
  suffixes ??= require("tldts") as Tldts;
  return suffixes;
}

/**
 * The mail provider to which a domain belongs where anybody can get an address: the domain itself, or the one that it
 * is below. To allow such a domain is to allow everybody.
 * @param domain in lower case and ASCII
 * @returns undefined when the lists name none
 */
export function publicMailDomainOf(domain: string): string | undefined {
  if (listed(domain)) return domain;
  const registered = tldts().getDomain(domain, PRIVATE_TOO);
  return registered !== null && registered !== domain && listed(registered) ? registered : undefined;
}

/**
 * Whether anybody can register a name directly below a domain, such as `co.uk` or `github.io`, by the Public Suffix List.
 * @param domain in lower case and ASCII
 */
export function isPublicSuffix(domain: string): boolean {
  const { publicSuffix, isIcann, isPrivate } = tldts().parse(domain, PRIVATE_TOO);
  // Of a suffix that it does not know the list takes the last label, which says nothing.
  return publicSuffix === domain && (isIcann === true || isPrivate === true || !domain.includes("."));
}
