import { KINDS } from "../packages/cloudflare/kinds";
import {
  isMap,
  type PropertyMap,
  type PropertyValue,
  reveal,
  Unknown,
  unwrap,
} from "../packages/provider/host/values";

/** One resource of a plan or of a state, as the rules see it. */
export interface Resource {
  urn: string;
  /** Type token, e.g. `cloudflare:index/dnsRecord:DnsRecord`. */
  type: string;
  /** Logical name in the program. */
  name: string;
  /** Values with their marks: a secret is a `Secret`, what a preview cannot know is `UNKNOWN`. */
  properties: PropertyMap;
  /** Whether the engine refuses to delete it. */
  protect: boolean;
  /** Whether it stays in the account when it leaves the stack; undefined: not told, as in a preview. */
  retainOnDelete?: boolean;
  /** By property, the URNs of the resources that its value was made from. */
  propertyDependencies: Readonly<Record<string, readonly string[]>>;
}

/** Every type that the rules judge, with the name that its class had in older versions of the package. */
export const TYPES = {
  application: KINDS.application.types,
  policy: KINDS.policy.types,
  token: KINDS.token.types,
  identityProvider: KINDS.identityProvider.types,
  tunnel: KINDS.tunnel.types,
  ownIngress: KINDS.ownIngress.types,
  sharedIngress: KINDS.sharedIngress.types,
  dnsRecord: KINDS.dnsRecord.types,
  secretReader: ["gcp:secretmanager/secretIamMember:SecretIamMember"],
  provider: ["cloudflare", "gcp", "comfyui-access"].map((name) => `pulumi:providers:${name}`),
} as const;

/** What a resource is to the rules. */
export type Kind = keyof typeof TYPES;

/** Whether a resource is of one of these kinds. */
export function isOf(resource: Resource, ...kinds: Kind[]): boolean {
  return kinds.some((kind) => (TYPES[kind] as readonly string[]).includes(resource.type));
}

/** The class of a resource, e.g. `DnsRecord`. */
export const className = (resource: Resource): string => resource.type.split(":").at(-1) ?? resource.type;

/** The stack that a resource belongs to. */
export const stackOf = (resource: Resource): string =>
  resource.urn.split("::")[0]?.replace(/^urn:pulumi:/, "") ?? "";

/** A value without secret marks; what is not set, or null, is undefined. */
export type Value = PropertyValue | undefined;

/** The value of a property, or of one inside it, without secret marks. Inside an unknown, all is unknown. */
export function valueAt(properties: Value, ...path: string[]): Value {
  let value: Value = properties;
  for (const name of path) {
    value = value === undefined ? undefined : unwrap(value);
    if (isUnknown(value)) return value;
    value = isMap(value) ? value[name] : undefined;
  }
  return value === undefined || value === null ? undefined : reveal(value);
}

/** Whether a preview cannot know the value yet. */
export const isUnknown = (value: Value): value is Unknown => value instanceof Unknown;

/** A value as text. What is no text there comes from a program or a state, and can be anything. */
export const asText = (value: Value): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "");

/** The elements of a list; none when it is not one. */
export const listOf = (value: Value): PropertyValue[] => (Array.isArray(value) ? value : []);
