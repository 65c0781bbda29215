import { UserError } from "../base/errors";
import { textsIn } from "../base/json-values";
import { nearest } from "../base/nearest";
import {
  actionOf,
  type Decision,
  decide,
  hostAt,
  type Policy,
  type PolicyTrace,
  placesOf,
  type Subject,
} from ".";
import { assumedIn, type Outcome, outcomeOf } from "./endings";
import { isHidden } from "./hidden";
import { recordCovers, ruleTakes } from "./host-pattern";
import { openRules } from "./reach";
import { isStatus, type Place, type Site, siteOf } from "./site";
import type { Situation, StateApplication, StateToken } from "./situation";
import { type StoppedAt, stopWords } from "./steps";

/** Who asks, and from where; what is not stated is not assumed. */
export type Caller = ({ email: string; loginMethod?: string } | { token: string } | { nobody: true }) & {
  /** ISO 3166 code, e.g. `DE`. */
  country?: string;
  /** IPv4 or IPv6 address. */
  ip?: string;
};

/** A question: may this caller reach that address? */
export interface Question extends Place {
  caller: Caller;
}

/**
 * How it ends, at the origin. `undecided`: facts that were not stated, or that the state does not hold, could turn it.
 * `unguarded`: it gets there, and no application asks.
 */
export type Verdict = "granted" | "refused" | "undecided" | "unguarded";

/** One policy, as it was judged. */
export interface PolicyVerdict {
  /** `Allow`, `Block`, `Service Auth` or `Bypass`. */
  action: string;
  name: string;
  outcome: "matched" | "not matched" | "undecided" | "not reached" | "not asked";
  /** Each rule, with whether it matched. */
  rules: { list: string; words: string; match: "yes" | "no" | "unknown"; because?: string }[];
}

/** The answer to a question. */
export interface Explanation {
  hostname: string;
  path: string;
  /** The caller in words. */
  caller: string;
  verdict: Verdict;
  /** One sentence: what it comes to. */
  reason: string;
  application?: { name: string; destination: string };
  /** The policy that ended it. */
  policy?: { action: string; name: string };
  /** What keeps a refused request away. */
  stoppedAt?: StoppedAt;
  /** What the connector does with a request that Access lets through unasked; absent where Access asks. */
  connector?: "refuses" | "passes";
  /** Facts that would decide an undecided verdict. */
  dependsOn: string[];
  /** Every policy, in the order in which they are judged. */
  policies: PolicyVerdict[];
  /** What else is worth knowing, one sentence each. */
  notes: string[];
}

/**
 * Says who decides about a request, and how, from a stack's state alone.
 * @param now the time by which tokens expire.
 * @throws {UserError} for a host name, token or login method that the stack does not have, with the nearest one.
 */
export function explain(state: Situation, question: Question, now: Date): Explanation {
  const hostname = question.hostname.toLowerCase();
  const { path, caller } = question;
  const site = siteOf(state, { ...question, hostname });
  const { application, uri = hostname } = site;
  const token = "token" in caller ? tokenOf(state, caller.token) : undefined;
  const about = { hostname, path, caller: inWords(caller) };
  if (application === undefined || site.direct) {
    checkHostname(state, hostname);
    const reason = site.direct
      ? `visitors of ${hostname} do not come through Cloudflare, so that Access asks nobody`
      : `no Access application asks anybody at ${hostname}${path}`;
    const access = { reason, facts: [] };
    const outcome = outcomeOf({ site, subject: { email: null, serviceTokenId: null } });
    return { ...about, ...endOf(site, outcome, access), policies: [] };
  }
  return {
    ...about,
    application: { name: application.name, destination: uri },
    ...judge(state, { ...site, application }, { caller, token, now }),
  };
}

type End = Pick<Explanation, "verdict" | "reason" | "stoppedAt" | "connector" | "dependsOn" | "notes">;

/** What Access alone says of a request. */
interface AccessAnswer {
  /** One sentence. */
  reason: string;
  /** What the policies hang on. */
  facts: readonly string[];
}

/** How a request ends, by the outcome that every tool shares, in the words of what ended it. */
function endOf({ application, ingress }: Site, outcome: Outcome, access: AccessAnswer): End {
  const { endings } = outcome;
  if (outcome.verdict === "out") {
    const stops = endings.flatMap((reach) => (reach.in ? [] : [reach.stop]));
    const stop = stops.find(({ at }) => at !== "connector") ?? stops[0];
    const at = stop?.at ?? "access";
    const end = { verdict: "refused", stoppedAt: at, dependsOn: [], notes: [] } satisfies Partial<End>;
    if (stop === undefined || at === "access") return { ...end, reason: access.reason };
    if (at !== "connector") return { ...end, reason: stopWords(stop) };
    const reason = `${access.reason}, but the connector ${stopWords(stop)}: it ends there with 403`;
    return { ...end, reason, connector: "refuses" };
  }
  const isUnasked =
    endings.some((reach) => reach.in && reach.by === "nothing") && ingress !== undefined && !ingress.unread;
  const behind: Pick<End, "connector" | "notes"> = isUnasked
    ? {
        connector: "passes",
        notes: [`Nothing behind it asks either: the request reaches ${ingress.service}.`],
      }
    : { notes: [] };
  if (outcome.verdict === "in") {
    const granted = application === undefined ? "unguarded" : "granted";
    return { verdict: granted, reason: access.reason, dependsOn: [], ...behind };
  }
  const isMixed =
    endings.length === 0 || (endings.some((reach) => !reach.in) && endings.some((reach) => reach.in));
  const assuming = [...new Set([...assumedIn(endings), ...outcome.notJudged])];
  const reason =
    assuming.length === 0 ? access.reason : `${access.reason}; not known: ${assuming.join(", ")}`;
  return {
    verdict: "undecided",
    reason,
    dependsOn: [...(isMixed ? access.facts : []), ...assuming],
    ...behind,
  };
}

function judge(
  state: Situation,
  site: Site & { application: StateApplication },
  { caller, token, now }: { caller: Caller; token?: StateToken; now: Date },
): End & Pick<Explanation, "policy" | "policies"> {
  const { application } = site;
  const expired = token?.expiresAt !== undefined && Date.parse(token.expiresAt) <= now.getTime();
  const subject = subjectOf(state, application, caller, expired ? undefined : token);
  const outcome = outcomeOf({ site, subject });
  const isPerson = "email" in caller;
  // Allow and Block are judged after a login, which only a person goes through.
  const judgedPolicies = isPerson ? application.policies : application.policies.filter(isBeforeLogin);
  const decision = decide(judgedPolicies, subject, { names: namesOf(state) });
  const notAsked = isPerson ? [] : application.policies.filter((policy) => !isBeforeLogin(policy));
  const policies = [...decision.trace.map(policyVerdict), ...notAsked.map(unaskedPolicy)];
  const facts =
    decision.dependsOn.length > 0
      ? decision.dependsOn
      : [...new Set(openRules(decision).map(({ because, words }) => because ?? words))];
  const early = decision.by?.phase === "before login";
  if (isPerson && !early && !offersLogin(application, subject)) {
    const offered = application.allowedIdps.map((id) => namesOf(state)[id] ?? id).join(", ");
    const reason = `the application offers no login with ${namesOf(state)[subject.identityProviderId ?? ""]}: only ${offered}`;
    return { ...endOf(site, outcome, { reason, facts }), policies };
  }
  const by = decision.trace.find(({ policy }) => policy.id === decision.by?.policy.id);
  const reason = reasonOf(decision, caller, { expired, token, logins: notAsked.length > 0 });
  const end = endOf(site, outcome, { reason, facts });
  return {
    ...end,
    ...(by === undefined ? {} : { policy: { action: actionOf(by), name: by.policy.name } }),
    policies,
    notes: [...(isPerson ? sameAsAnyone(application, caller.email) : []), ...end.notes],
  };
}

function subjectOf(
  state: Situation,
  { allowedIdps }: StateApplication,
  caller: Caller,
  token: StateToken | undefined,
): Subject {
  const circumstances = { country: caller.country, ip: caller.ip };
  if (!("email" in caller)) {
    return { email: null, identityProviderId: null, serviceTokenId: token?.id ?? null, ...circumstances };
  }
  // With one login on offer there is no doubt which one was used.
  const only = allowedIdps.length === 1 ? allowedIdps[0] : undefined;
  const identityProviderId =
    caller.loginMethod === undefined ? only : identityProviderOf(state, caller.loginMethod);
  return { email: caller.email, identityProviderId, serviceTokenId: null, ...circumstances };
}

function isBeforeLogin({ decision }: Policy): boolean {
  return decision === "bypass" || decision === "non_identity";
}

function offersLogin({ allowedIdps }: StateApplication, { identityProviderId }: Subject): boolean {
  return (
    allowedIdps.length === 0 ||
    identityProviderId === undefined ||
    identityProviderId === null ||
    allowedIdps.includes(identityProviderId)
  );
}

function reasonOf(
  { verdict, reason, by, trace }: Decision,
  caller: Caller,
  facts: { expired: boolean; token?: StateToken; logins: boolean },
): string {
  if (verdict !== "refused") return reason;
  if (facts.expired) return `the service token ${facts.token?.name} expired at ${facts.token?.expiresAt}`;
  if ("nobody" in caller && facts.logins) return "Access asks for a login first";
  if ("nobody" in caller) return "Access asks for a service token, and there is no login";
  // The policies follow one by one: no need to string them together here.
  return by === undefined && trace.length > 0 ? "no policy lets this caller in" : reason;
}

/** Whether a rule of an application names an address or its domain. */
export function isNamed({ policies }: Pick<StateApplication, "policies">, email: string): boolean {
  const names = [email, email.slice(email.lastIndexOf("@") + 1)].map((name) => name.toLowerCase());
  const rules = policies.flatMap(({ include, require, exclude }) => [...include, ...require, ...exclude]);
  return rules.some((rule) => textsIn(rule).some((text) => names.includes(text.toLowerCase())));
}

/** Where no rule names the address or its domain, the answer says something about everybody. */
function sameAsAnyone(application: StateApplication, email: string): string[] {
  return isNamed(application, email)
    ? []
    : [`No rule names ${email} or its domain: the answer is the same as for anyone who logs in.`];
}

function checkHostname(state: Situation, hostname: string): void {
  const known = [
    ...new Set(
      [
        ...state.applications.flatMap(placesOf),
        ...state.ingress.flatMap(({ hostname }) => (isHidden(hostname) ? [] : (hostname ?? []))),
        ...state.hostnames,
      ].map(hostAt),
    ),
  ];
  if (known.includes(hostAt(hostname)) || isServed(state, hostname)) return;
  const like = nearest(hostname, known);
  throw new UserError(
    `the stack knows no host name ${hostname}`,
    like === undefined
      ? "Name another stack with --stack."
      : `Did you mean ${like}? It has: ${known.join(", ")}.`,
  );
}

/** Whether a wildcard of a record or of a tunnel's rule covers a host name, or a rule that leads somewhere takes every one. */
const isServed = ({ records, ingress }: Situation, hostname: string): boolean =>
  records.some(({ name }) => recordCovers(name, hostname)) ||
  ingress.some((rule) => !isStatus(rule) && ruleTakes(rule.hostname, hostname) !== "no");

function tokenOf(state: Situation, wanted: string): StateToken {
  const found = state.tokens.find(({ name, id, clientId }) => [name, id, clientId].includes(wanted));
  if (found !== undefined) return found;
  const names = state.tokens.map(({ name }) => name);
  const like = nearest(wanted, names);
  throw new UserError(
    `the stack has no service token ${wanted}`,
    like === undefined ? "It has none at all." : `Did you mean ${like}? It has: ${names.join(", ")}.`,
  );
}

function identityProviderOf(state: Situation, wanted: string): string {
  const offered = new Set(state.applications.flatMap(({ allowedIdps }) => allowedIdps));
  const found = state.identityProviders.find(
    ({ id, name }) => id === wanted || name.toLowerCase() === wanted.toLowerCase(),
  );
  if (found !== undefined) return found.id;
  // One that exists in the account and that the stack only refers to.
  if (offered.has(wanted)) return wanted;
  const names = state.identityProviders.map(({ name }) => name);
  throw new UserError(
    `the stack has no login method ${wanted}`,
    `Did you mean ${nearest(wanted, [...names, ...offered]) ?? "another one"}?`,
  );
}

function namesOf(state: Situation): Record<string, string> {
  return Object.fromEntries([...state.tokens, ...state.identityProviders].map(({ id, name }) => [id, name]));
}

function policyVerdict(trace: PolicyTrace): PolicyVerdict {
  const matched = { yes: "matched", no: "not matched", unknown: "undecided" } as const;
  return {
    action: actionOf(trace),
    name: trace.policy.name,
    outcome: trace.reached ? matched[trace.match] : "not reached",
    rules: trace.rules.map(({ list, words, match, because }) => ({ list, words, match, because })),
  };
}

function unaskedPolicy(policy: Policy): PolicyVerdict {
  return { action: actionOf({ policy }), name: policy.name, outcome: "not asked", rules: [] };
}

function inWords(caller: Caller): string {
  const who =
    "email" in caller
      ? `${caller.email}${caller.loginMethod === undefined ? "" : `, logged in with ${caller.loginMethod}`}`
      : "token" in caller
        ? `service token ${caller.token}`
        : "nobody (no credential)";
  return [
    who,
    ...(caller.country === undefined ? [] : [`from ${caller.country}`]),
    ...(caller.ip === undefined ? [] : [`at ${caller.ip}`]),
  ].join(", ");
}
