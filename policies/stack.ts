import type { PropertyMap } from "../packages/provider/host/values";
import { isOf, isUnknown, type Kind, listOf, type Resource, type Value, valueAt } from "./resource";

/** All resources that are judged together. */
export interface Stack {
  resources: readonly Resource[];
  /** Zero Trust team that the stack's config names, where the engine has told it. */
  teamName?: string;
}

/** The resources of these kinds. */
export const of = (stack: Stack, ...kinds: Kind[]): Resource[] =>
  stack.resources.filter((resource) => isOf(resource, ...kinds));

/** What a reference leads to: resources of the stack, something outside of it, or nobody can tell yet. */
export type Target = { resources: Resource[] } | "elsewhere" | "undecided";

/** Where a value is used: a property of a resource, by its top-level name. */
export interface Place {
  resource: Resource;
  property: string;
}

/**
 * What a value refers to that stands for an attribute of a resource. A known value is compared with the attribute;
 * an unknown one is told by the resources that the property was made from: all have to be of that kind and not made
 * yet. Several then stay candidates, since the engine tells the origin of a whole property only.
 * @param attribute what the value is of the resource, e.g. `id`
 */
export function targetOf(stack: Stack, place: Place, value: Value, kind: Kind, attribute = "id"): Target {
  if (!isUnknown(value)) {
    const found = of(stack, kind).filter((each) => valueAt(each.properties, attribute) === value);
    return found.length > 0 && value !== undefined ? { resources: found } : "elsewhere";
  }
  const urns = place.resource.propertyDependencies[place.property] ?? [];
  const origins = stack.resources.filter(({ urn }) => urns.includes(urn));
  const pending = origins.filter((origin) => {
    const known = valueAt(origin.properties, attribute);
    return known === undefined || isUnknown(known);
  });
  // A dependency that the stack does not show could be the value's origin as well.
  const allOfKind = origins.length === urns.length && origins.every((origin) => isOf(origin, kind));
  return allOfKind && pending.length > 0 ? { resources: pending } : "undecided";
}

/** One rule of a tunnel's list, and where it stands. */
export interface IngressRule extends Place {
  /** Path of the rule, e.g. `config.ingresses[0]`. */
  at: string;
  rule: Value;
  hostname: Value;
}

/** A tunnel's list of rules: of one that the stack owns, or what it adds to a shared one. */
export interface Ingress {
  resource: Resource;
  /** Path of the list. */
  at: string;
  /** True when the list could not be read, since the preview does not know it. */
  unknown: boolean;
  rules: IngressRule[];
}

/** Reads the list of rules of a tunnel's configuration. */
export function ingressOf(resource: Resource): Ingress {
  const at = isOf(resource, "sharedIngress") ? "rules" : "config.ingresses";
  const list = valueAt(resource.properties, ...at.split("."));
  const [property = at] = at.split(".");
  const rules = listOf(list).map((rule, index) => {
    return { resource, property, at: `${at}[${index}]`, rule, hostname: hostnameOf(rule) };
  });
  return { resource, at, unknown: isUnknown(list), rules };
}

/** The host name of a rule; undefined when it catches every name, for which cloudflared also takes `*`. */
function hostnameOf(rule: Value): Value {
  const hostname = valueAt(rule, "hostname");
  return hostname === "" || hostname === "*" ? undefined : hostname;
}

/** Every rule with a host name, of all tunnels of the stack. */
export const publicRules = (stack: Stack): IngressRule[] =>
  of(stack, "ownIngress", "sharedIngress").flatMap((resource) =>
    ingressOf(resource).rules.filter(({ hostname }) => hostname !== undefined),
  );

/** Where an application applies, as `applicationFor` reads it. */
export interface PlacedApplication {
  resource: Resource;
  destinations: { type: string; uri: string }[];
  /** True when some destination is not known yet. */
  unknown: boolean;
}

/** The stack's applications with their places; `domain` and the host names of older programs count as well. */
export function placedApplications(stack: Stack): PlacedApplication[] {
  return of(stack, "application").map((resource) => {
    const { properties } = resource;
    const listed = valueAt(properties, "destinations");
    const values = listOf(listed).map((each) => [valueAt(each, "type") ?? "public", valueAt(each, "uri")]);
    const older = [valueAt(properties, "domain"), ...olderNames(properties)].map((uri) => ["public", uri]);
    const all = [...values, ...(values.length > 0 ? [] : older)];
    return {
      resource,
      destinations: all.flatMap(([type, uri]) =>
        typeof type === "string" && typeof uri === "string" ? [{ type, uri }] : [],
      ),
      unknown: isUnknown(listed) || all.some((pair) => pair.some((part) => isUnknown(part))),
    };
  });
}

function olderNames(properties: PropertyMap): Value[] {
  const names = valueAt(properties, "selfHostedDomains");
  return isUnknown(names) ? [names] : listOf(names);
}
