import { BlockList, isIP } from "node:net";
import type { Match, Phase, Rule, Subject } from "./types";

/** How a rule matched; `because` says what an unknown hangs on, or why the rule cannot match in this phase. */
export interface RuleMatch {
  match: Match;
  because?: string;
}

const NO_LOGIN_YET = "Bypass and Service Auth are decided before a login";
const NEEDS_SERVICE_AUTH = "service tokens count under Service Auth only";

/** Rule types that ask for what only a login tells. */
const OF_A_LOGIN = new Set([
  "auth_context",
  "auth_method",
  "azureAD",
  "cloudflare_account_member",
  "email",
  "email_domain",
  "email_list",
  "github-organization",
  "gsuite",
  "login_method",
  "oidc",
  "okta",
  "saml",
  "user_risk_score",
]);

/**
 * Every type of rule that the model knows by name: those that it decides, and those that it takes for what cannot be
 * known here, such as a group of an identity provider. A type that is not among them may do anything.
 * @see https://developers.cloudflare.com/cloudflare-one/access-controls/policies/#selectors
 */
export const RULE_TYPES: ReadonlySet<string> = new Set([
  ...OF_A_LOGIN,
  "any_valid_service_token",
  "certificate",
  "common_name",
  "device_posture",
  "everyone",
  "external_evaluation",
  "geo",
  "group",
  "ip",
  "ip_list",
  "linked_app_token",
  "service_token",
]);

/** The one type of a rule that stands for one that cannot be read: no type of the API's, whose names hold no space. */
export const UNREAD_RULE = "cannot be read yet";

/**
 * Whether a rule matches a subject. A rule of a type that is not known here, or that asks an outside service,
 * is unknown: never a match by mistake.
 * @param decision the policy's; see https://developers.cloudflare.com/cloudflare-one/access-controls/policies/
 */
export function matchRule(rule: Rule, subject: Subject, phase: Phase, decision: string): RuleMatch {
  const [type = "", more] = Object.keys(rule);
  if (more !== undefined) return unknown("a rule with more than one type");
  const value = field(rule, type);
  if (phase === "before login" && OF_A_LOGIN.has(type)) return { match: "no", because: NO_LOGIN_YET };
  const isToken = type === "service_token" || type === "any_valid_service_token";
  if (isToken && decision !== "non_identity") return { match: "no", because: NEEDS_SERVICE_AUTH };
  switch (type) {
    case "everyone":
      return { match: "yes" };
    case "email":
      return known(subject.email, "e-mail", (email) => same(email, value.email));
    case "email_domain":
      return known(subject.email, "e-mail", (email) => same(email.split("@").at(-1) ?? "", value.domain));
    case "login_method":
      return known(subject.identityProviderId, "login method", (id) => id === value.id);
    case "service_token":
      return known(subject.serviceTokenId, "service token", (id) => id === value.token_id);
    case "any_valid_service_token":
      return known(subject.serviceTokenId, "service token", () => true);
    case "geo":
      return known(subject.country, "country", (country) => same(country, value.country_code));
    case "ip":
      return known(subject.ip, "IP address", (ip) => isInRange(ip, plain(value.ip)));
    case "certificate":
      return known(subject.certificateName, "client certificate", () => true);
    case "common_name":
      return known(subject.certificateName, "client certificate", (name) => name === value.common_name);
    case UNREAD_RULE:
      return unknown(unreadWords(value));
    default:
      return unfamiliar(type, value, subject);
  }
}

/** What a rule asks for, in words. */
export function describeRule(rule: Rule, names: Readonly<Record<string, string>> = {}): string {
  const type = Object.keys(rule)[0] ?? "";
  const value = field(rule, type);
  const named = (id: unknown) => names[plain(id)] ?? plain(id);
  switch (type) {
    case "everyone":
      return "everyone";
    case "email":
      return `e-mail is ${plain(value.email)}`;
    case "email_domain":
      return `e-mail is at ${plain(value.domain)}`;
    case "login_method":
      return `logged in with ${named(value.id)}`;
    case "service_token":
      return `service token is ${named(value.token_id)}`;
    case "any_valid_service_token":
      return "any valid service token";
    case "geo":
      return `country is ${plain(value.country_code)}`;
    case "ip":
      return `IP address is in ${plain(value.ip)}`;
    case "certificate":
      return "any valid client certificate";
    case "common_name":
      return `client certificate is ${plain(value.common_name)}`;
    case UNREAD_RULE:
      return `${unreadWords(value)} is ${plain(value.mark)}`;
    default:
      return `${type} is ${Object.values(value).map(plain).join(", ")}`;
  }
}

const unreadWords = ({ of }: Record<string, unknown>): string => `${plain(of)} that ${UNREAD_RULE}`;

/** A value of a rule as text; what is not text there comes from an API or a state, and can be anything. */
const plain = (value: unknown): string =>
  typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);

/** A rule on what the subject does not hold: unknown, unless it needs a login that did not take place. */
function unfamiliar(type: string, value: Record<string, unknown>, subject: Subject): RuleMatch {
  if (!OF_A_LOGIN.has(type)) return unknown(type);
  const provider = subject.identityProviderId;
  if (subject.email === null || provider === null) return { match: "no" };
  const wanted = value.identity_provider_id;
  if (provider !== undefined && wanted !== undefined && wanted !== provider) return { match: "no" };
  return unknown(type);
}

function known(fact: string | null | undefined, name: string, test: (fact: string) => boolean): RuleMatch {
  if (fact === undefined) return unknown(name);
  return { match: fact !== null && test(fact) ? "yes" : "no" };
}

const unknown = (because: string): RuleMatch => ({ match: "unknown", because });

const same = (a: string, b: unknown): boolean => typeof b === "string" && a.toLowerCase() === b.toLowerCase();

function field(rule: Rule, type: string): Record<string, unknown> {
  const value = rule[type];
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** Whether an address is in a range in CIDR notation, or is the one address given. */
function isInRange(ip: string, range: string): boolean {
  const [network = "", prefix] = range.split("/");
  const family = isIP(network) === 6 ? "ipv6" : "ipv4";
  if (isIP(ip) === 0 || isIP(network) !== isIP(ip)) return false;
  const bits = prefix === undefined ? (family === "ipv6" ? 128 : 32) : Number(prefix);
  if (!Number.isInteger(bits) || bits < 0 || bits > (family === "ipv6" ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(ip, family);
}
