import { init, type Solver as Z3Solver } from "z3-solver";
import type { Rule, Subject } from "../../packages/access";
import type { Situation, StateApplication, StatePolicy } from "../../packages/access/situation";

/** What a request may show: nothing, a login, a service token, or both. */
const SHOWN = ["false false", "true false", "false true", "true true"];

/** A solver of formulas over strings and bits: it knows nothing of classes of callers, nor of this project. */
export class Solver {
  private constructor(private readonly solver: Z3Solver<"main">) {}

  static async open(): Promise<Solver> {
    const { Context } = await init();
    return new Solver(new (Context("main").Solver)());
  }

  /** Whether a text of SMT-LIB can be fulfilled. */
  async isPossible(text: string): Promise<boolean> {
    this.solver.reset();
    this.solver.fromString(text);
    const answer = await this.solver.check();
    if (answer === "unknown") throw new Error(`the solver does not know whether this is possible: ${text}`);
    return answer === "sat";
  }
}

/**
 * What a request can be: who is logged in (`login`, `local` and `domain` of the address), the service token, country, address
 * and client certificate. `in_before` and `in_after` take whether it comes with the login and with the token.
 */
const REQUEST = `
(declare-const local String) (declare-const domain String) (declare-const login String)
(declare-const token String) (declare-const country String) (declare-const certificate String)
(declare-const v6 Bool) (declare-const ip4 (_ BitVec 32)) (declare-const ip6 (_ BitVec 128))
(declare-const has_certificate Bool)
`;

/** Both sides at one host name as definitions. */
export function definitions(before: Situation, after: Situation): string {
  return `${REQUEST}${side("in_before", before, after)}${side("in_after", after, before)}`;
}

/** A request is let in on this side and not on the other. */
export const differs = (side: Side): string =>
  `(assert (or ${SHOWN.map((shown) => `(and (in_${side} ${shown}) (not (in_${otherOf(side)} ${shown})))`).join(" ")}))`;

type Side = "before" | "after";

const otherOf = (side: Side): Side => (side === "after" ? "before" : "after");

/** This request is let in on this side and not on the other. */
export function isTold(subject: Subject, side: Side): string {
  const [local = "", domain = ""] = (subject.email ?? "@").split("@");
  const facts = [
    equal("local", local),
    equal("domain", domain),
    equal("login", subject.identityProviderId ?? ""),
    equal("token", subject.serviceTokenId ?? ""),
    equal("country", subject.country ?? "ZZ"),
    equal("certificate", subject.certificateName ?? ""),
    subject.certificateName == null ? "(not has_certificate)" : "has_certificate",
    isIn(subject.ip ?? "192.0.2.1"),
  ];
  const comes = `${subject.email != null} ${subject.serviceTokenId != null}`;
  return `(assert (and ${facts.join(" ")} (in_${side} ${comes}) (not (in_${otherOf(side)} ${comes}))))`;
}

function side(name: string, own: Situation, other: Situation): string {
  const checks = own.ingress[0]?.jwtRequired === true;
  const [application] = own.applications;
  const body = application === undefined ? String(!checks) : judged(application, checks);
  // Credentials of a token that only the other side has are nobody's here.
  const missing = other.tokens.filter(({ id }) => !own.tokens.some((token) => token.id === id));
  const exists = missing.map(({ id }) => `(not ${equal("token", id)})`);
  return `(define-fun ${name} ((shows_login Bool) (shows_token Bool)) Bool
  (let ((logged_in shows_login) (valid_token (and shows_token ${exists.join(" ")} true)))\n${body}))\n`;
}

/** Bypass and Service Auth in their order, then Allow and Block; the connector wants a JWT, which comes with a login or a token. */
function judged({ policies, allowedIdps }: StateApplication, checks: boolean): string {
  const isEarly = ({ decision }: StatePolicy) => decision === "bypass" || decision === "non_identity";
  const offered =
    allowedIdps.length === 0 ? "true" : `(or ${allowedIdps.map((id) => equal("login", id)).join(" ")})`;
  const late = inTurn(
    policies.filter((each) => !isEarly(each)),
    (each) => String(each.decision === "allow"),
    "false",
  );
  const early = (each: StatePolicy) => {
    if (!checks) return "true";
    return each.decision === "non_identity" ? "valid_token" : "false";
  };
  return inTurn(policies.filter(isEarly), early, `(and logged_in ${offered} ${late})`);
}

/** The answer of the first policy that matches. */
const inTurn = (
  policies: readonly StatePolicy[],
  answer: (each: StatePolicy) => string,
  end: string,
): string => policies.reduceRight((rest, each) => `(ite ${matches(each)} ${answer(each)} ${rest})`, end);

function matches({ include, require, exclude, decision }: StatePolicy): string {
  const all = (rules: readonly Rule[]) => rules.map((rule) => holds(rule, decision)).join(" ");
  return `(and (or false ${all(include)}) (and true ${all(require)}) (not (or false ${all(exclude)})))`;
}

function holds(rule: Rule, decision: StatePolicy["decision"]): string {
  const [[type = "", raw] = []] = Object.entries(rule);
  const value = raw as Record<string, string>;
  const [isAfterLogin, isServiceAuth] = [
    decision === "allow" || decision === "deny",
    decision === "non_identity",
  ];
  switch (type) {
    case "everyone":
      return "true";
    case "email": {
      const [local = "", domain = ""] = (value["email"] ?? "").toLowerCase().split("@");
      return isAfterLogin ? `(and ${equal("local", local)} ${equal("domain", domain)})` : "false";
    }
    case "email_domain":
      return isAfterLogin ? equal("domain", (value["domain"] ?? "").toLowerCase()) : "false";
    case "login_method":
      return isAfterLogin ? equal("login", value["id"] ?? "") : "false";
    case "service_token":
      return isServiceAuth ? `(and valid_token ${equal("token", value["token_id"] ?? "")})` : "false";
    case "any_valid_service_token":
      return isServiceAuth ? "valid_token" : "false";
    case "geo":
      return equal("country", (value["country_code"] ?? "").toUpperCase());
    case "ip":
      return isIn(value["ip"] ?? "");
    case "certificate":
      return "has_certificate";
    case "common_name":
      return `(and has_certificate ${equal("certificate", value["common_name"] ?? "")})`;
    default:
      throw new Error(`no formula for a rule of type ${type}`);
  }
}

const equal = (name: string, value: string): string => `(= ${name} "${value}")`;

/** The first bits of an address. */
function isIn(range: string): string {
  const [network = "", length] = range.split("/");
  const bits = bitsOf(network);
  const name = bits.length === 32 ? "ip4" : "ip6";
  const family = bits.length === 32 ? "(not v6)" : "v6";
  const prefix = bits.slice(0, length === undefined ? bits.length : Number(length));
  if (prefix === "") return family;
  const [high, low] = [bits.length - 1, bits.length - prefix.length];
  return `(and ${family} (= ((_ extract ${high} ${low}) ${name}) #b${prefix}))`;
}

function bitsOf(address: string): string {
  if (address.includes(".") && !address.includes(":"))
    return address
      .split(".")
      .map((part) => Number(part).toString(2).padStart(8, "0"))
      .join("");
  const [head = "", tail] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [first, last] = [groups(head), groups(tail ?? "")];
  const zeros = Array<string>(tail === undefined ? 0 : 8 - first.length - last.length).fill("0");
  return [...first, ...zeros, ...last]
    .map((part) => Number.parseInt(part, 16).toString(2).padStart(16, "0"))
    .join("");
}
