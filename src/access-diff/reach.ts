import { decide, type Policy, type Rule, type Subject } from "../access";
import { parseDuration } from "../duration";
import type { StateApplication, StatePolicy } from "../explain/access-state";
import { isHidden } from "../explain/wire-rules";
import type { Site } from "./addressing";

/** Whether a request gets to the origin, and how. */
export type Reach =
  | { in: false }
  | {
      in: true;
      /** `login`: Allow; `token`: Service Auth; `nothing`: Bypass, or no application at all. */
      by: "login" | "token" | "nothing";
      /** How long a login lasts, in seconds. */
      session?: number;
      /** The policy that lets it in; absent without an application. */
      policy?: string;
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
  const { application, ingress, isRouted } = site;
  if (!isRouted) return { in: false };
  if (application === undefined) return ingress?.jwtRequired ? { in: false } : { in: true, by: "nothing" };
  const policies = judgedPolicies(application, subject).map((policy) => assume(policy, assumed));
  const decision = decide(policies, subject);
  if (decision.verdict === "refused") return { in: false };
  // Also where it is granted in any case: by which policy decides on the connector, and for how long.
  const rule = decision.trace
    .filter(({ reached, match }) => reached && match === "unknown")
    .flatMap(({ rules }) => rules.filter(({ match }) => match === "unknown"))[0];
  if (rule !== undefined) return { open: { key: keyOf(rule.rule), words: rule.words } };
  const policy = application.policies.find(({ id }) => id === decision.by?.policy.id);
  const by = wayOf(policy, subject);
  if (stopsAtConnector(site, by)) return { in: false };
  const session = by === "login" ? sessionOf(policy, application) : undefined;
  return { in: true, by, session, policy: policy?.name };
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

/** The connector lets pass what carries a JWT of an application that its rule lists. */
function stopsAtConnector({ ingress, application }: Site, by: "login" | "token" | "nothing"): boolean {
  if (ingress === undefined || !ingress.jwtRequired) return false;
  if (by === "nothing") return true;
  const { audTags } = ingress;
  // A tag that only the update will tell is the application's own, as the program ties the two together.
  if (audTags.length === 0 || audTags.some(isHidden) || isHidden(application?.aud)) return false;
  return application?.aud !== undefined && !audTags.includes(application.aud);
}

/** A length that cannot be read counts as endless: it must not pass for a short one. */
function sessionOf(policy: StatePolicy | undefined, application: StateApplication): number {
  const text = policy?.sessionDuration ?? application.sessionDuration;
  return text === undefined ? DEFAULT_SESSION : (parseDuration(text) ?? Number.POSITIVE_INFINITY);
}
