import { parseDuration } from "../base/duration";
import { type Decision, decide, type Policy, type Rule, type Subject } from ".";
import { isHidden } from "./hidden";
import type { Site } from "./site";
import type { StateApplication, StatePolicy } from "./situation";
import type { Open, Stop } from "./steps";

/** Whether a request gets to the origin, and how. */
export type Reach =
  | { in: false; stop: Stop }
  | {
      in: true;
      /** `login`: Allow; `token`: Service Auth; `nothing`: Bypass, or no application at all. */
      by: "login" | "token" | "nothing";
      /** How long a login lasts, in seconds. */
      session?: number;
      /** The policy that lets it in; absent without an application. */
      policy?: string;
      /** The service that it reaches, as the tunnel's rule names it; absent where no rule is known. */
      service?: string;
      /** What the state does not say, and would have to be so; absent when all is known. */
      assuming?: Open[];
    };

/** What decides and cannot be known here, by its rule: a group of an identity provider, a device's posture. */
export type Assumptions = ReadonlyMap<string, boolean>;

/** Cloudflare's default where neither policy nor application says how long a session lasts. */
const DEFAULT_SESSION = 86_400;

const ALWAYS: Rule = { everyone: {} };
const NEVER: Rule = { email: { email: "" } };

/**
 * How a request ends at a place, under assumptions on what cannot be known.
 * @returns the key and the words of one rule that has to be assumed first, when it hangs on such a rule
 */
export function reachOf(
  site: Site,
  subject: Subject,
  assumed: Assumptions,
): Reach | { open: { key: string; words: string } } {
  const { application, blocked, direct } = site;
  if (blocked !== undefined) return { in: false, stop: blocked };
  if (application === undefined || direct) return past(site, { by: "nothing" });
  const policies = judgedPolicies(application, subject).map((policy) => assume(policy, assumed));
  const decision = decide(policies, subject);
  if (decision.verdict === "refused") {
    return { in: false, stop: refusal(application, subject) };
  }
  // Also where it is granted in any case: by which policy decides on the connector, and for how long.
  const [rule] = openRules(decision);
  if (rule !== undefined) return { open: { key: keyOf(rule.rule), words: rule.words } };
  const policy = application.policies.find(({ id }) => id === decision.by?.policy.id);
  const by = wayOf(policy, subject);
  const session = by === "login" ? sessionOf(policy, application) : undefined;
  return past(site, { by, session, policy: policy?.name });
}

/** Allow and Block are judged after a login, for which Access asks whoever has none. */
function refusal({ name, policies }: StateApplication, { email }: Subject): Stop {
  const login =
    email === null && policies.some(({ decision }) => decision === "allow" || decision === "deny");
  return { at: "access", code: "refused", about: name, login };
}

/** The rules of policies that were reached, and of which it is not known whether they match. */
export function openRules({ trace }: Decision): Decision["trace"][number]["rules"] {
  return trace
    .filter(({ reached, match }) => reached && match === "unknown")
    .flatMap(({ rules }) => rules.filter(({ match }) => match === "unknown"));
}

/** How a request ends that Access lets through: the connector has the last word. */
function past(site: Site, way: Omit<Reach & { in: true }, "in" | "assuming">): Reach {
  const check = connectorCheck(site, way.by);
  if ("stop" in check) return { in: false, stop: check.stop };
  const assuming = [...site.assumed, ...("open" in check ? [check.open] : [])];
  const service = site.direct ? undefined : site.ingress?.service;
  return {
    in: true,
    ...way,
    ...(service === undefined ? {} : { service }),
    ...(assuming.length === 0 ? {} : { assuming }),
  };
}

function wayOf(policy: StatePolicy | undefined, subject: Subject): "login" | "token" | "nothing" {
  if (policy?.decision === "allow") return "login";
  // Service Auth with a rule that asks for no token lets anybody pass, and gives no JWT either.
  const hasToken = typeof subject.serviceTokenId === "string";
  return policy?.decision === "non_identity" && hasToken ? "token" : "nothing";
}

/** With a login that the application does not offer, nobody gets as far as Allow and Block. */
function judgedPolicies({ allowedIdps, policies }: StateApplication, subject: Subject): StatePolicy[] {
  const login = subject.identityProviderId;
  const isOffered = typeof login !== "string" || allowedIdps.length === 0 || allowedIdps.includes(login);
  return isOffered
    ? policies
    : policies.filter(({ decision }) => decision !== "allow" && decision !== "deny");
}

function assume<T extends Policy>(policy: T, assumed: Assumptions): T {
  if (assumed.size === 0) return policy;
  const replaced = (rules: readonly Rule[]) =>
    rules.map((rule) => {
      const value = assumed.get(keyOf(rule));
      return value === undefined ? rule : value ? ALWAYS : NEVER;
    });
  const { include, require, exclude } = policy;
  return { ...policy, include: replaced(include), require: replaced(require), exclude: replaced(exclude) };
}

const keyOf = (rule: Rule): string => JSON.stringify(rule, Object.keys(flat(rule)).sort());

/** All names in a rule, so that their order does not matter. */
function flat(value: unknown): Record<string, true> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => [[name, true], ...Object.entries(flat(inner))]),
  ) as Record<string, true>;
}

/**
 * The connector lets pass what carries a JWT of an application that its rule lists; a rule that lists none takes none
 * (cloudflared, ingress/middleware/jwtvalidator.go).
 */
function connectorCheck(
  { ingress, application }: Site,
  by: "login" | "token" | "nothing",
): { passes: true } | { stop: Stop } | { open: Open } {
  if (ingress?.unread) return { open: { code: "connector check", about: ingress.hostname ?? "" } };
  if (ingress === undefined || !ingress.jwtRequired) return { passes: true };
  if (by === "nothing" || application === undefined) {
    return { stop: { at: "connector", code: "no token", about: ingress.hostname ?? "" } };
  }
  const { audTags } = ingress;
  const { aud, name } = application;
  // A tag that only the update will tell is most likely the application's own: the program ties the two together.
  if (aud === undefined || isHidden(aud)) return { open: { code: "audience of application", about: name } };
  if (audTags.includes(aud)) return { passes: true };
  if (audTags.some(isHidden))
    return { open: { code: "audience of connector", about: ingress.hostname ?? "" } };
  return { stop: { at: "connector", code: "other audience", about: name } };
}

/** A length that cannot be read counts as endless: it must not pass for a short one. */
function sessionOf(policy: StatePolicy | undefined, application: StateApplication): number {
  const text = policy?.sessionDuration ?? application.sessionDuration;
  return text === undefined ? DEFAULT_SESSION : (parseDuration(text) ?? Number.POSITIVE_INFINITY);
}
