import { domainToASCII } from "node:url";
import { describe, expect, test } from "vitest";
import { judgeStack } from "../../policies/judge";
import { compliant, set, the } from "../policies/compliant";
import { faultyPaths, REQUIRED } from "../support/config-problems";

/** Where the config finds fault, for an application that lets in what is given. */
const faults = (allow: { emails?: string[]; emailDomains?: string[] }): string[] =>
  faultyPaths({ ...REQUIRED, applications: [{ allow }] });

/** The rules that a policy breaks which lets in what is given. */
function broken(selector: { email?: { email: string }; emailDomain?: { domain: string } }): string[] {
  const resources = compliant();
  set(the(resources, "policy", "comfyui-google-email"), "includes[0]", selector);
  return judgeStack({ resources }).map(({ rule }) => rule.name);
}

const DOMAIN = ["applications[0].allow.emailDomains[0]"];
const ADDRESS = ["applications[0].allow.emails[0]"];

const PUBLIC = [
  ..."gmail.com googlemail.com icloud.com me.com mac.com privaterelay.appleid.com proton.me protonmail.com pm.me".split(
    " ",
  ),
  ..."outlook.com outlook.de live.com live.nl hotmail.com hotmail.co.uk msn.com yahoo.com yahoo.de ymail.com".split(
    " ",
  ),
  ..."gmx.net gmx.de gmx.at gmx.ch web.de t-online.de freenet.de mail.de posteo.de mailbox.org duck.com".split(
    " ",
  ),
  ..."qq.com 163.com 126.com foxmail.com sina.com mail.ru bk.ru inbox.ru list.ru yandex.ru yandex.com".split(
    " ",
  ),
  ..."aol.com zoho.com fastmail.com tutanota.com tuta.com hey.com hushmail.com naver.com daum.net".split(" "),
  ..."seznam.cz wp.pl o2.pl onet.pl abv.bg libero.it orange.fr laposte.net uol.com.br rediffmail.com".split(
    " ",
  ),
  ..."azet.sk zoznam.sk narod.ru mail.ua passagen.se simplelogin.co dralias.com".split(" "),
  ..."comcast.net btinternet.com bluewin.ch mailinator.com yopmail.com simplelogin.com mozmail.com".split(
    " ",
  ),
];

describe("2: a mail domain where anybody gets an address", () => {
  test.each(PUBLIC)("%s is refused by the config and by the guardrails", (domain) => {
    expect(faults({ emailDomains: [domain] })).toEqual(DOMAIN);
    expect(broken({ emailDomain: { domain } })).toEqual(["allow-names-people"]);
  });

  test.each([
    ["in another case", "iCloud.COM"],
    ["with a trailing dot", "icloud.com."],
    ["with white space", " icloud.com "],
    ["with a space that has no width", "icloud\u200b.com"],
    ["with a soft hyphen", "ic\u00adloud.com"],
    ["in full-width letters", "ｉｃｌｏｕｄ.com"],
    ["with a full stop of another script", "icloud。com"],
    ["below it", "vip.qq.com"],
    ["with a Cyrillic letter in it", "iclоud.com"],
    ["with a Cyrillic letter in it, as DNS spells that", "xn--iclud-lye.com"],
    ["in look-alike letters only", "асе.com"],
  ])("%s is refused by both", (_, domain) => {
    expect(faults({ emailDomains: [domain] })).toEqual(DOMAIN);
    expect(broken({ emailDomain: { domain } })).toEqual(["allow-names-people"]);
  });

  test("one's own is taken by both, in any case", () => {
    for (const domain of ["datacrew.space", "DataCrew.Space", "studio.datacrew.space", "xn--mnchen-3ya.de"]) {
      expect(faults({ emailDomains: [domain] }), domain).toEqual([]);
      expect(broken({ emailDomain: { domain } }), domain).toEqual([]);
    }
  });
});

test.each(["co.uk", "com.au", "github.io", "pages.dev", "ac.jp", "kawasaki.jp", "CO.UK", "co.uk."])(
  "2: the public suffix %s is refused by the config and by the guardrails",
  (domain) => {
    expect(faults({ emailDomains: [domain] })).toEqual(DOMAIN);
    expect(broken({ emailDomain: { domain } })).toEqual(["allow-names-people"]);
  },
);

test.each([
  ["a wildcard", "*@datacrew.space"],
  ["a wildcard in the domain", "artist@*.space"],
  ["a space that has no width", "art\u200bist@datacrew.space"],
  ["a space that does not break", "art\u00a0ist@datacrew.space"],
  ["a Cyrillic letter", "аrtist@datacrew.space"],
  ["a Cyrillic letter in the domain, as DNS spells that", "artist@xn--iclud-lye.com"],
  ["a trailing dot", "artist@datacrew.space."],
  ["a full-width wildcard", "＊@datacrew.space"],
  ["a small wildcard", "﹡@datacrew.space"],
  ["a wildcard of databases", "%@datacrew.space"],
  ["a comma, as of a list", "a,b@datacrew.space"],
  ["a semicolon, as of a list", "a;b@datacrew.space"],
  ["quotes", '"a b"@datacrew.space'],
  ["a full-width letter", "ａrtist@datacrew.space"],
  ["a letter in a circle", "ⓐrtist@datacrew.space"],
  ["a Latin letter that looks like another", "ɑrtist@datacrew.space"],
  ["such a letter in the domain, as DNS spells that", `a@${domainToASCII("dɑtacrew.space")}`],
  ["a letter of a script that looks like Latin", "Ꭺrtist@datacrew.space"],
  ["letters of two scripts", "artist名@datacrew.space"],
  ["a mark of its own", "ar\u0337tist@datacrew.space"],
  ["65 letters before the @", `${"a".repeat(65)}@datacrew.space`],
  ["5,000 letters before the @", `${"a".repeat(5000)}@datacrew.space`],
  ["33 letters of two octets each before the @", `${"ü".repeat(33)}@datacrew.space`],
])("2: an address with %s is refused by the config and by the guardrails", (_, email) => {
  expect(faults({ emails: [email] })).toEqual(ADDRESS);
  expect(broken({ email: { email } })).toEqual(["allow-names-people"]);
});

test.each([
  "jürgen.o'neil+comfyui@datacrew.space",
  "Łukasz_søren/é=ß@datacrew.space",
  "ngọc.nguyễn@datacrew.space",
  "иван@datacrew.space",
  "名前@datacrew.space",
  "सुनील@datacrew.space",
  `${"a".repeat(64)}@datacrew.space`,
])("2: the address %s, of one script, is taken by both", (email) => {
  expect(faults({ emails: [email] })).toEqual([]);
  expect(broken({ email: { email } })).toEqual([]);
});

test("2: a person with an address at such a domain is somebody, and may be named", () => {
  expect(faults({ emails: ["artist@gmail.com", "Artist@iCloud.com"] })).toEqual([]);
  expect(broken({ email: { email: "artist@gmail.com" } })).toEqual([]);
});
