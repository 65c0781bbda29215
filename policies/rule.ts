import type { StackLimit } from "../config/limits";
import { isOf, type Kind, type Resource } from "./resource";
import type { Stack } from "./stack";

/** What a rule finds fault with: one property of one resource. */
export interface Fault {
  resource: Resource;
  /** Path of the property, e.g. `includes[0].everyone`. */
  property: string;
  /** What it is, after the property's name: `is absent, which …`. */
  found: string;
  /** What to do about it, as a sentence. */
  remedy: string;
  /** True when the rule cannot tell, because the value is not known yet. Default: false, it does not hold. */
  undecided?: true;
}

/** Limits that the pack's config can set; each is a JSON schema with a default. */
type LimitSchemas = Readonly<Record<string, LimitSchema>>;

/** One limit. */
interface LimitSchema {
  type: "string" | "array";
  items?: { type: "string" };
  description: string;
  default?: string | readonly string[];
  /** The key of the stack's config that says it where the pack's config does not. */
  fromStack?: StackLimit;
}

/** Values of a rule's limits, defaults filled in. */
export type Limits = Readonly<Record<string, string | readonly string[] | undefined>>;

interface RuleBase {
  /** Kebab-case; the key of its config. */
  name: string;
  /** What holds, in one sentence. */
  description: string;
  /** The kinds of resources that it can find fault with. */
  kinds: readonly Kind[] | "all";
  limits?: LimitSchemas;
}

/** Judged on one resource's inputs, before anything is made of them. */
export interface ResourceRule extends RuleBase {
  /** @param today the day of the run */
  judge(resource: Resource, limits: Limits, today: Date): Fault[];
}

/** Judged on all resources together, when the preview or the update has seen them all. */
export interface StackRule extends RuleBase {
  judgeStack(stack: Stack, limits: Limits): Fault[];
}

export type Rule = ResourceRule | StackRule;

/** Whether a rule can find fault with a resource. */
export function concerns(rule: Rule, resource: Resource): boolean {
  return rule.kinds === "all" || isOf(resource, ...rule.kinds);
}

/** A fault about a value that the preview does not know: neither good nor bad, so it stops the run. */
export function undecided(resource: Resource, property: string): Fault {
  return {
    resource,
    property,
    found: "could not be decided, since its value is not known yet",
    remedy: "Set it to a value that is known before the update, or create what it comes from first.",
    undecided: true,
  };
}
