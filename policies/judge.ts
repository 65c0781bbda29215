import { flawOf, names } from "../config/exception";
import type { Finding } from "../packages/base/finding";
import { exceptionsOf, limitsOf, type PackConfig, type StackLimits } from "./pack-config";
import { className, type Resource } from "./resource";
import { concerns, type Fault, type Rule } from "./rule";
import { RULES } from "./rules";
import type { Stack } from "./stack";

/**
 * Why a rule is violated: it does not hold; a value is not known yet, which is never taken for fine; or an exception of
 * the pack's config is none.
 */
type ViolationCode = "broken" | "undecided" | "bad exception";

/** A rule that does not hold. */
export interface Violation extends Finding<ViolationCode> {
  rule: Rule;
  /** Path of the property; none when the pack's config is at fault. */
  property?: string;
  /** Names the resource, the property and the remedy; holds no secret. */
  message: string;
  /** URN of the resource; none when the pack's config is at fault. */
  urn?: string;
}

/** What the judgement rests on besides the resources. */
export interface Terms {
  /** As `checkConfig` returns it. Default: every limit has its default, and nothing is excepted. */
  config?: PackConfig;
  /** The day of the run, by which exceptions expire. Default: now. */
  today?: Date;
  /** Limits that the stack's own config sets, where it is known. Default: every limit has its default. */
  stackLimits?: StackLimits;
}

/** Judges one resource by the rules that need no other: before anything is made of it. */
export function judgeResource(resource: Resource, terms: Terms = {}): Violation[] {
  return RULES.flatMap((rule) => {
    if (!("judge" in rule) || !concerns(rule, resource)) return [];
    return notExcepted(
      rule,
      rule.judge(resource, limitsOf(rule, terms.config, terms.stackLimits), terms.today ?? new Date()),
      terms,
    );
  });
}

/** Judges the resources by the rules that need all of them, and the pack's exceptions themselves. */
function judgeTogether(stack: Stack, terms: Terms = {}): Violation[] {
  return RULES.flatMap((rule) => [
    ...("judgeStack" in rule
      ? notExcepted(rule, rule.judgeStack(stack, limitsOf(rule, terms.config, terms.stackLimits)), terms)
      : []),
    ...badExceptions(rule, stack, terms),
  ]);
}

/**
 * Judges a stack: all resources together, and each alone.
 * @param alone the resources to judge alone, with their inputs where those are known apart. Default: all of them
 */
export function judgeStack(
  stack: Stack,
  terms: Terms = {},
  alone: readonly Resource[] = stack.resources,
): Violation[] {
  return [...alone.flatMap((resource) => judgeResource(resource, terms)), ...judgeTogether(stack, terms)];
}

function notExcepted(rule: Rule, faults: readonly Fault[], terms: Terms): Violation[] {
  const { config = {}, today = new Date() } = terms;
  const exceptions = exceptionsOf(rule, config).filter((each) => flawOf(each, today) === undefined);
  return faults
    .filter(({ resource }) => !exceptions.some((exception) => names(exception, resource)))
    .map((fault) => violationOf(rule, fault));
}

/** An exception that does not hold is a failure of its own, so that none is left lying about. */
function badExceptions(rule: Rule, stack: Stack, { config = {}, today = new Date() }: Terms): Violation[] {
  const judged = stack.resources.filter((resource) => concerns(rule, resource));
  return exceptionsOf(rule, config).flatMap((exception): Violation[] => {
    const flaw = flawOf(exception, today, judged);
    if (flaw === undefined) return [];
    const message = `An exception ${flaw}. Mend it, or take it out of the guardrails' config.`;
    return [{ rule, code: "bad exception", severity: "error", where: `${rule.name}.exceptions`, message }];
  });
}

function violationOf(rule: Rule, { resource, property, found, remedy, undecided }: Fault): Violation {
  const where = `${resource.name} (${className(resource)})`;
  const message = `${where}: ${property} ${found}. ${remedy}`;
  const code = undecided ? "undecided" : "broken";
  return { rule, code, severity: "error", where, property, urn: resource.urn, message };
}
