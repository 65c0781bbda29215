import type { Rule, Subject } from "../../access";
import type { Situation, StateApplication, StatePolicy } from "../../access/situation";
import { fieldsOf } from "../../base/json-values";
import type { Sides } from "./sides";

/** Who may be told apart by the rules of both sides. */
export type Principal =
  | { kind: "nobody" }
  | Person
  | Machine
  /** Somebody who is logged in and sends a token as well. */
  | { kind: "both"; person: Person; machine: Machine };

/** Somebody who is logged in. */
type Person =
  /** One address that a rule names. */
  | { kind: "person"; email: string }
  /** Everybody else at a domain that a rule names. */
  | { kind: "domain"; domain: string }
  /** Everybody else who can log in. */
  | { kind: "anyone" };

/** Who sends a service token. */
type Machine =
  | { kind: "token"; id: string; name: string }
  /** Every other valid token of the account. */
  | { kind: "any token" };

const everyRule = (policies: readonly StatePolicy[]): Rule[] =>
  policies.flatMap(({ include, require, exclude }) => [...include, ...require, ...exclude]);

/** The values that rules of one type name, e.g. all addresses. */
export function namedIn(policies: readonly StatePolicy[], type: string, field: string): string[] {
  const values = everyRule(policies).flatMap((rule) => {
    const inner = rule[type] as Readonly<Record<string, unknown>> | undefined;
    const value = inner?.[field];
    return typeof value === "string" ? [value] : [];
  });
  return [...new Set(values)];
}

/** Whether there is a rule of a type. */
export function hasRule(policies: readonly StatePolicy[], type: string): boolean {
  return everyRule(policies).some((rule) => type in rule);
}

/** Everybody who is not the same as somebody else in the list, to the policies of both sides at one place. */
export function principalsOf({ before, after }: Sides, policies: readonly StatePolicy[]): Principal[] {
  const emails = lowerCase(namedIn(policies, "email", "email"));
  const domains = lowerCase(namedIn(policies, "email_domain", "domain"));
  const tokens = [...after.tokens, ...before.tokens].filter(
    (token, index, all) => all.findIndex(({ id }) => id === token.id) === index,
  );
  const strangers = namedIn(policies, "service_token", "token_id").filter(
    (id) => !tokens.some((token) => token.id === id),
  );
  const people: Person[] = [
    { kind: "anyone" },
    ...domains.map((domain) => ({ kind: "domain" as const, domain })),
    ...emails.map((email) => ({ kind: "person" as const, email })),
  ];
  const machines: Machine[] = [
    { kind: "any token" },
    ...tokens.map(({ id }) => ({ kind: "token" as const, id, name: tokenName({ before, after }, id) })),
    ...strangers.map((id) => ({ kind: "token" as const, id, name: id })),
  ];
  const both = policies.some(excludesTokens)
    ? people.flatMap((person) => machines.map((machine) => ({ kind: "both" as const, person, machine })))
    : [];
  return [{ kind: "nobody" }, ...people, ...machines, ...both];
}

/**
 * Whether a token keeps a request from being judged before its login: only then can a login and a token open together what
 * neither opens alone (docs/design.md, "Why nobody is left out").
 */
const excludesTokens = ({ decision, exclude }: StatePolicy): boolean =>
  decision === "non_identity" &&
  exclude.some((rule) => "service_token" in rule || "any_valid_service_token" in rule);

const lowerCase = (texts: readonly string[]): string[] => [
  ...new Set(texts.map((text) => text.toLowerCase())),
];

/** A token's name; one that was made anew under the same name is told apart from the one before. */
function tokenName({ before, after }: Sides, id: string): string {
  const [then, now] = [before, after].map(({ tokens }) => tokens.find((token) => token.id === id)?.name);
  const name = now ?? then ?? id;
  if (then !== undefined && now !== undefined) return name;
  const other = now === undefined ? after : before;
  if (!other.tokens.some((token) => token.name === name)) return name;
  return now === undefined ? `${name} (old credentials)` : `${name} (new credentials)`;
}

/** Somebody of a class whom no rule names; the subject that stands for the class. */
export function witnessOf(
  principal: Principal,
  own: Situation,
  other: Situation,
  policies: readonly StatePolicy[],
): Pick<Subject, "email" | "serviceTokenId"> {
  switch (principal.kind) {
    case "nobody":
      return { email: null, serviceTokenId: null };
    case "person":
      return { email: principal.email, serviceTokenId: null };
    case "domain":
      return { email: unnamedAddress(principal.domain, policies), serviceTokenId: null };
    case "anyone":
      return { email: unnamedAddress(unnamedDomain(policies), policies), serviceTokenId: null };
    case "any token":
      return { email: null, serviceTokenId: "a token that no rule names" };
    case "both": {
      const { email } = witnessOf(principal.person, own, other, policies);
      return { ...witnessOf(principal.machine, own, other, policies), email };
    }
    case "token": {
      // One that only the other side has does not exist here: its credentials are nobody's.
      const has = ({ tokens }: Situation) => tokens.some(({ id }) => id === principal.id);
      return { email: null, serviceTokenId: has(own) || !has(other) ? principal.id : null };
    }
  }
}

function unnamedAddress(domain: string, policies: readonly StatePolicy[]): string {
  const named = lowerCase(namedIn(policies, "email", "email"));
  let address = `somebody@${domain}`;
  for (let count = 2; named.includes(address); count += 1) address = `somebody-${count}@${domain}`;
  return address;
}

function unnamedDomain(policies: readonly StatePolicy[]): string {
  const named = lowerCase(namedIn(policies, "email_domain", "domain"));
  let domain = "elsewhere.example";
  for (let count = 2; named.includes(domain); count += 1) domain = `elsewhere-${count}.example`;
  return domain;
}

/** Stands for a login that neither side names, where an application offers all of the account's. */
export const OTHER_LOGIN = "another login";

/** Ids of the logins with which people may come to a place: what the applications of both sides offer. */
export function loginsOf(
  { before, after }: Sides,
  applications: readonly (StateApplication | undefined)[],
  policies: readonly StatePolicy[],
): string[] {
  const offered = applications.flatMap((application) => {
    if (application === undefined) return [];
    if (application.allowedIdps.length > 0) return application.allowedIdps;
    const known = [...before.identityProviders, ...after.identityProviders].map(({ id }) => id);
    return [...known, ...loginsNamedIn(policies), OTHER_LOGIN];
  });
  return offered.length === 0 ? [OTHER_LOGIN] : [...new Set(offered)];
}

/** Ids of the logins that rules name: by themselves, or with a group or an organization that the login tells of. */
function loginsNamedIn(policies: readonly StatePolicy[]): string[] {
  const told = everyRule(policies).flatMap((rule) =>
    Object.values(rule).map((value) => fieldsOf(value)["identity_provider_id"]),
  );
  return [...namedIn(policies, "login_method", "id"), ...told.filter((id) => typeof id === "string")];
}
