import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { isMap, mapValues, type PropertyMap, type PropertyValue, Secret, UNKNOWN, Unknown } from "./values";

/** JSON as it stands in a protobuf Struct. */
export type WireValue = null | boolean | number | string | WireValue[] | { [name: string]: WireValue };

/**
 * The signatures by which Pulumi tells special objects apart, the same in all its languages. Written
 * down here, since importing the SDK for them would double a plugin's start-up time.
 * @see https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/runtime/rpc.ts
 */
export const SIGNATURES = {
  key: "4dabf18193072939515e22adb298388d",
  secret: "1b47061264138c4ac30d75fd1eb44270",
  output: "d0e6a833031e9bbcd3f4e8bde6ca49a4",
  unknown: "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
} as const;

/**
 * Reads a value off the wire. Secrets and unknowns become markers; an output value, which this host
 * asks the engine not to send, is folded into the two, since its dependencies mean nothing here.
 * Assets and resource references pass through as the plain objects they are on the wire.
 */
export function decode(wire: WireValue): PropertyValue {
  if (wire === SIGNATURES.unknown) return UNKNOWN;
  if (Array.isArray(wire)) return wire.map(decode);
  if (wire === null || typeof wire !== "object") return wire;
  const value = wire.value;
  switch (wire[SIGNATURES.key]) {
    case SIGNATURES.secret:
      return new Secret(value === undefined ? null : decode(value));
    case SIGNATURES.output: {
      const inner = value === undefined ? UNKNOWN : decode(value);
      return wire.secret === true ? new Secret(inner) : inner;
    }
    default:
      return Object.fromEntries(Object.entries(wire).map(([name, item]) => [name, decode(item)]));
  }
}

/** Writes a value for the wire; the inverse of `decode`. */
export function encode(value: PropertyValue): WireValue {
  if (value instanceof Unknown) return SIGNATURES.unknown;
  if (value instanceof Secret) return { [SIGNATURES.key]: SIGNATURES.secret, value: encode(value.value) };
  if (Array.isArray(value)) return value.map(encode);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, encode(item)]));
}

/** The properties in a Struct; none when the message holds no Struct. */
export function fromStruct(struct: Struct | undefined): PropertyMap {
  if (struct === undefined) return {};
  return mapValues(struct.toJavaScript() as PropertyMap, (value) => decode(value as WireValue));
}

/** A Struct of the properties. */
export function toStruct(map: PropertyMap): Struct {
  const wire = Object.fromEntries(Object.entries(map).map(([name, value]) => [name, encode(value)]));
  return Struct.fromJavaScript(wire);
}
