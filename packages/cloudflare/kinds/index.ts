import { alert } from "./alert";
import { application } from "./application";
import { dnsRecord } from "./dns-record";
import type { Kind } from "./field";
import { identityProvider } from "./identity-provider";
import { ownIngress, sharedIngress } from "./ingress";
import { policy } from "./policy";
import { serviceToken } from "./service-token";
import { tunnel } from "./tunnel";

export type { Field, Fields, Kind } from "./field";
export { HARMLESS } from "./harmless";
export { TYPES } from "./types";

/** Every kind that the model knows. A test holds its fields against the installed package's. */
export const KINDS = {
  application,
  policy,
  token: serviceToken,
  identityProvider,
  ownIngress,
  sharedIngress,
  dnsRecord,
  tunnel,
  alert,
} as const satisfies Readonly<Record<string, Kind>>;

/** What a kind is called here. */
export type KindName = keyof typeof KINDS;

/** The kind of a type; undefined for one that is not in the table. */
export function kindOfType(type: string): Kind | undefined {
  return Object.values<Kind>(KINDS).find(({ types }) => types.includes(type));
}
