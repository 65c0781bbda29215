import { flawOf, names } from "../config/exception";
import { exceptionsOf, limitsOf, type PackConfig, type StackLimits } from "./pack-config";
import { className, type Resource } from "./resource";
import { concerns, type Finding, type Rule } from "./rule";
import { RULES } from "./rules";
import type { Stack } from "./stack";

/** A rule that does not hold. */
export interface Violation {
  rule: Rule;
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

function notExcepted(rule: Rule, findings: readonly Finding[], terms: Terms): Violation[] {
  const { config = {}, today = new Date() } = terms;
  const exceptions = exceptionsOf(rule, config).filter((each) => flawOf(each, today) === undefined);
  return findings
    .filter(({ resource }) => !exceptions.some((exception) => names(exception, resource)))
    .map((finding) => ({ rule, urn: finding.resource.urn, message: messageOf(finding) }));
}

/** An exception that does not hold is a failure of its own, so that none is left lying about. */
function badExceptions(rule: Rule, stack: Stack, { config = {}, today = new Date() }: Terms): Violation[] {
  const judged = stack.resources.filter((resource) => concerns(rule, resource));
  return exceptionsOf(rule, config).flatMap((exception) => {
    const flaw = flawOf(exception, today, judged);
    if (flaw === undefined) return [];
    return [{ rule, message: `An exception ${flaw}. Mend it, or take it out of the guardrails' config.` }];
  });
}

function messageOf({ resource, property, found, remedy }: Finding): string {
  return `${resource.name} (${className(resource)}): ${property} ${found}. ${remedy}`;
}
