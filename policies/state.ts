import { UserError } from "../packages/base/errors";
import { exportedResources } from "../packages/cloudflare/stack-export";
import { decode, SIGNATURES, type WireValue } from "../packages/provider/host/codec";
import { parseUrn } from "../packages/provider/host/urn";
import {
  mapValues,
  type PropertyMap,
  type PropertyValue,
  Secret,
  UNKNOWN,
} from "../packages/provider/host/values";
import { judgeStack, type Terms, type Violation } from "./judge";
import type { Resource } from "./resource";

/**
 * Judges what `pulumi stack export` prints, by the same rules as a preview and without asking anybody. A value that
 * is encrypted there counts as not known, unless the export shows secrets.
 * @param where where the text comes from, for messages
 * @throws {UserError} when it is not an export, or the stack has no resource to judge
 */
export function judgeState(text: string, where: string, terms: Terms = {}): Violation[] {
  const entries = exportedResources(text, where) as unknown as Entry[];
  if (entries.length === 0) {
    throw new UserError(`${where} has no resource`, "Run `pulumi up` first, or name another stack.");
  }
  const planned = entries.map((entry) => resourceOf(entry, entry.inputs));
  const made = entries.map((entry) => resourceOf(entry, { ...entry.inputs, ...entry.outputs, id: entry.id }));
  return judgeStack({ resources: made }, terms, planned);
}

/** A resource of an export, as far as the rules need it. */
interface Entry {
  urn: string;
  id?: string;
  protect?: boolean;
  retainOnDelete?: boolean;
  inputs?: Record<string, WireValue>;
  outputs?: Record<string, WireValue>;
  propertyDependencies?: Record<string, string[] | null>;
}

function resourceOf(entry: Entry, values: Record<string, WireValue | undefined> = {}): Resource {
  const dependencies = Object.entries(entry.propertyDependencies ?? {});
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  return {
    ...parseUrn(entry.urn),
    urn: entry.urn,
    properties: mapValues(Object.fromEntries(known) as PropertyMap, (value) => stored(value as WireValue)),
    protect: entry.protect ?? false,
    retainOnDelete: entry.retainOnDelete ?? false,
    propertyDependencies: Object.fromEntries(dependencies.map(([name, urns]) => [name, urns ?? []])),
  };
}

/** A value as a state holds it: secrets have their text, or what it was encrypted to, instead of a value. */
function stored(wire: WireValue): PropertyValue {
  if (Array.isArray(wire)) return wire.map(stored);
  if (wire === null || typeof wire !== "object") return decode(wire);
  if (wire[SIGNATURES.key] === SIGNATURES.secret) {
    const { plaintext } = wire;
    return new Secret(typeof plaintext === "string" ? stored(JSON.parse(plaintext)) : UNKNOWN);
  }
  return Object.fromEntries(Object.entries(wire).map(([name, value]) => [name, stored(value)]));
}
