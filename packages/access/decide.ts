import { all, any, not } from "./logic";
import { describeRule, matchRule } from "./rules";
import type {
  DecideOptions,
  Decision,
  Match,
  Phase,
  Policy,
  PolicyTrace,
  Rule,
  RuleTrace,
  Subject,
} from "./types";

/**
 * Decides as Access does: Bypass and Service Auth in the order given, then Allow and Block in the order given;
 * the first that matches ends it, and nothing matched means refused. A policy matches when one include rule,
 * every require rule and no exclude rule does. Pure: the edge of the sandbox, `explain` and the access tests
 * all ask this one function.
 * @see https://developers.cloudflare.com/cloudflare-one/access-controls/policies/#order-of-execution
 * @param policies of one application, sorted by precedence
 */
export function decide(policies: readonly Policy[], subject: Subject, options: DecideOptions = {}): Decision {
  const trace = inOrder(policies).map((policy) => judge(policy, subject, options));
  const end = trace.findIndex(({ match }) => match === "yes");
  const reached = end === -1 ? trace : trace.slice(0, end + 1);
  for (const policy of trace) policy.reached = reached.includes(policy);

  const open = reached.filter(({ match }) => match === "unknown");
  const last = end === -1 ? undefined : trace[end];
  const outcomes = new Set([...open, last].map(outcomeOf));
  if (outcomes.size > 1) {
    const dependsOn = [...new Set(open.flatMap(hangsOn))];
    return { verdict: "undecided", reason: `it depends on ${dependsOn.join(", ")}`, dependsOn, trace };
  }
  return {
    verdict: outcomeOf(last),
    ...(last === undefined ? {} : { by: { policy: last.policy, phase: last.phase } }),
    reason: last === undefined ? whyNone(reached) : whyMatched(last),
    dependsOn: [],
    trace,
  };
}

/** What a policy came to, in one line, e.g. `Allow "people": no – e-mail is a@example.org`. */
export function describePolicyTrace(trace: PolicyTrace): string {
  const name = `${actionOf(trace)} "${trace.policy.name}"`;
  if (!trace.reached) return `${name}: not reached`;
  if (trace.counts === "no") return `${name}: ${trace.countsBecause}`;
  if (trace.match === "yes") return whyMatched(trace);
  const hangs = hangsOn(trace);
  return trace.match === "unknown"
    ? `${name}: depends on ${hangs.join(", ")}`
    : `${name}: no – ${whyNot(trace).join("; ")}`;
}

/** The dashboard's name of what a policy does, e.g. `Service Auth`. */
export function actionOf({ policy }: Pick<PolicyTrace, "policy">): string {
  return { allow: "Allow", deny: "Block", non_identity: "Service Auth", bypass: "Bypass" }[policy.decision];
}

const phaseOf = ({ decision }: Policy): Phase =>
  decision === "bypass" || decision === "non_identity" ? "before login" : "after login";

function inOrder(policies: readonly Policy[]): Policy[] {
  return (["before login", "after login"] as const).flatMap((phase) =>
    policies.filter((policy) => phaseOf(policy) === phase),
  );
}

function judge(policy: Policy, subject: Subject, options: DecideOptions): PolicyTrace {
  const phase = phaseOf(policy);
  const trace = (list: RuleTrace["list"], rules: readonly Rule[]) =>
    rules.map((rule): RuleTrace => {
      const found = matchRule(rule, subject, phase, policy.decision);
      return { list, rule, words: describeRule(rule, options.names), ...found };
    });
  const include = trace("include", policy.include);
  const require = trace("require", policy.require);
  const exclude = trace("exclude", policy.exclude);
  const counted = phase === "before login" ? { counts: "yes" as const } : countsFor(subject, options);
  const { id, name, decision } = policy;
  return {
    policy: { id, name, decision },
    phase,
    match: all([
      counted.counts,
      any(include.map(match)),
      all(require.map(match)),
      not(any(exclude.map(match))),
    ]),
    reached: true,
    ...counted,
    rules: [...include, ...require, ...exclude],
  };
}

const match = (rule: RuleTrace): Match => rule.match;

/** Allow and Block judge people: without a login they match nobody, not even under the rule "everyone". */
function countsFor(
  { email, serviceTokenId }: Subject,
  { strictServiceTokens }: DecideOptions,
): Pick<PolicyTrace, "counts" | "countsBecause"> {
  if (email === null) return { counts: "no", countsBecause: "needs a login" };
  if (strictServiceTokens === true && serviceTokenId !== null) {
    return serviceTokenId === undefined
      ? { counts: "unknown", countsBecause: "service token" }
      : { counts: "no", countsBecause: "does not count for a request with a service token" };
  }
  return email === undefined ? { counts: "unknown", countsBecause: "e-mail" } : { counts: "yes" };
}

function outcomeOf(trace: PolicyTrace | undefined): "granted" | "refused" {
  return trace === undefined || trace.policy.decision === "deny" ? "refused" : "granted";
}

function hangsOn({ match, counts, countsBecause, rules }: PolicyTrace): string[] {
  if (match !== "unknown") return [];
  const facts = rules.filter((rule) => rule.match === "unknown").map((rule) => rule.because ?? rule.words);
  if (counts === "unknown" && countsBecause !== undefined) facts.unshift(countsBecause);
  return [...new Set(facts)];
}

function whyMatched(trace: PolicyTrace): string {
  const rules = trace.rules.filter(({ list, match }) => list !== "exclude" && match === "yes");
  return `${actionOf(trace)} "${trace.policy.name}" matches: ${rules.map(({ words }) => words).join(", ")}`;
}

function whyNone(reached: readonly PolicyTrace[]): string {
  if (reached.length === 0) return "the application has no policy";
  return `no policy matches: ${reached.map(describePolicyTrace).join(" | ")}`;
}

function whyNot({ rules }: PolicyTrace): string[] {
  const excluded = rules.filter(({ list, match }) => list === "exclude" && match === "yes");
  const missing = rules.filter(({ list, match }) => list === "require" && match === "no");
  const include = rules.filter(({ list }) => list === "include");
  const words = (list: readonly RuleTrace[]) =>
    list.map(({ words, because }) => (because === undefined ? words : `${words} (${because})`));
  return [
    ...(any(include.map(match)) === "no"
      ? [`not included: ${words(include).join(" or ") || "no rule"}`]
      : []),
    ...(missing.length > 0 ? [`required: ${words(missing).join(" and ")}`] : []),
    ...(excluded.length > 0 ? [`excluded: ${words(excluded).join(", ")}`] : []),
  ];
}
