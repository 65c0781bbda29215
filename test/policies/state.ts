import { SIGNATURES, type WireValue } from "../../packages/provider/host/codec";
import {
  isMap,
  type PropertyMap,
  type PropertyValue,
  Secret,
  Unknown,
} from "../../packages/provider/host/values";
import type { Resource } from "../../policies/resource";

/** The text of `pulumi stack export` for resources; secrets are encrypted, as they are without --show-secrets. */
export function exported(resources: readonly Resource[]): string {
  const entries = resources.map(
    ({ urn, type, properties, protect, retainOnDelete, propertyDependencies }) => {
      const { id, aud, ...inputs } = properties;
      const stored = (map: PropertyMap) =>
        Object.fromEntries(Object.entries(map).map(([name, value]) => [name, storedValue(value)]));
      return {
        urn,
        type,
        custom: true,
        id,
        inputs: stored(inputs),
        outputs: stored(aud === undefined ? inputs : { ...inputs, aud }),
        propertyDependencies,
        ...(protect ? { protect } : {}),
        ...(retainOnDelete ? { retainOnDelete } : {}),
      };
    },
  );
  return JSON.stringify({ version: 3, deployment: { manifest: {}, resources: entries } });
}

function storedValue(value: PropertyValue): WireValue {
  if (value instanceof Secret) return { [SIGNATURES.key]: SIGNATURES.secret, ciphertext: "v1:made-up" };
  if (value instanceof Unknown) throw new Error("a state knows everything");
  if (Array.isArray(value)) return value.map(storedValue);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, storedValue(inner)]));
}
