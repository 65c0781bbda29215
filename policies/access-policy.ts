import { isMap, type PropertyMap } from "../packages/provider/host/values";
import { isOf, isUnknown, listOf, type Resource, type Value, valueAt } from "./resource";
import type { Fault } from "./rule";
import { undecided } from "./rule";
import { of, type Stack } from "./stack";

/** A policy where it is declared: as a resource of its own, or inside an application. */
export interface AccessPolicy {
  resource: Resource;
  /** Put before the path of each property; empty for a resource of its own. */
  prefix: string;
  fields: PropertyMap;
  decision: Value;
}

/** The policies that a resource declares; a mere reference to one is none. */
export function policiesIn(resource: Resource): AccessPolicy[] {
  if (isOf(resource, "policy")) return [policy(resource, "", resource.properties)];
  if (!isOf(resource, "application")) return [];
  return listOf(valueAt(resource.properties, "policies")).flatMap((each, index) => {
    const declared =
      isMap(each) && ["includes", "decision"].some((name) => valueAt(each, name) !== undefined);
    return declared ? [policy(resource, `policies[${index}].`, each)] : [];
  });
}

/** The policies of a stack that do this, or of which it is not known what they do. */
export function policiesDeciding(stack: Stack, decision: "allow" | "non_identity"): AccessPolicy[] {
  return of(stack, "policy", "application")
    .flatMap(policiesIn)
    .filter((each) => each.decision === decision || isUnknown(each.decision));
}

function policy(resource: Resource, prefix: string, fields: PropertyMap): AccessPolicy {
  return { resource, prefix, fields, decision: valueAt(fields, "decision") };
}

const SIDES = ["includes", "requires", "excludes"] as const;
type Side = (typeof SIDES)[number];

/** One selector of a policy, such as `{email: {email}}`. */
export interface Selector {
  /** Path, e.g. `includes[0].email`. */
  path: string;
  /** The top-level property that holds it. */
  property: string;
  /** Its name, e.g. `email`; unknown when the preview does not know which it is. */
  name: string | undefined;
  value: Value;
}

/** The selectors of a policy, those of one side or all. A list that is not known is one selector without a name. */
export function selectorsOf(policy: AccessPolicy, ...sides: Side[]): Selector[] {
  return (sides.length > 0 ? sides : SIDES).flatMap((side) => {
    const at = `${policy.prefix}${side}`;
    const property = policy.prefix === "" ? side : "policies";
    const list = valueAt(policy.fields, side);
    if (isUnknown(list)) return [{ path: at, property, name: undefined, value: list }];
    return listOf(list).flatMap((entry, index): Selector[] => {
      const path = `${at}[${index}]`;
      if (isUnknown(entry)) return [{ path, property, name: undefined, value: entry }];
      if (!isMap(entry)) return [];
      return Object.keys(entry).flatMap((name) => {
        const value = valueAt(entry, name);
        return value === undefined ? [] : [{ path: `${path}.${name}`, property, name, value }];
      });
    });
  });
}

/** What cannot be known of the selectors, as findings. */
export function undecidedSelectors(policy: AccessPolicy, selectors: readonly Selector[]): Fault[] {
  return selectors
    .filter(({ name }) => name === undefined)
    .map(({ path }) => undecided(policy.resource, path));
}
