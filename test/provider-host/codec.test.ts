import { runtime } from "@pulumi/pulumi";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encode, fromStruct, SIGNATURES, toStruct } from "../../packages/provider/host/codec";
import {
  hasUnknown,
  type PropertyValue,
  reveal,
  Secret,
  sameValue,
  secretStrings,
  UNKNOWN,
} from "../../packages/provider/host/values";
import { holds } from "../support/properties";

const { value: anyValue } = fc.letrec<{ value: PropertyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.string(),
    fc.constant(UNKNOWN),
    tie("value").map((inner) => new Secret(inner)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((name) => name !== "__proto__" && name !== SIGNATURES.key),
      tie("value"),
      {
        maxKeys: 4,
      },
    ),
  ),
}));

describe("values on the wire", () => {
  it("uses the SDK's signatures", () => {
    expect(SIGNATURES).toEqual({
      key: runtime.specialSigKey,
      secret: runtime.specialSecretSig,
      output: runtime.specialOutputValueSig,
      unknown: runtime.unknownValue,
    });
  });

  it("gives back whatever was written", () => {
    holds(
      fc.property(anyValue, (value) => {
        expect(decode(encode(value))).toEqual(value);
      }),
    );
  });

  it("gives back whatever was written through a protobuf Struct", () => {
    holds(
      fc.property(anyValue, (value) => {
        expect(fromStruct(toStruct({ property: value }))).toEqual({ property: value });
      }),
    );
  });

  it("folds an output value into a secret or an unknown", () => {
    const output = { [SIGNATURES.key]: SIGNATURES.output };
    expect(decode(output)).toBe(UNKNOWN);
    expect(decode({ ...output, value: "x", secret: true })).toEqual(new Secret("x"));
    expect(decode({ ...output, value: "x", dependencies: ["urn"] })).toBe("x");
  });

  it("passes assets through", () => {
    const asset = { [SIGNATURES.key]: "c44067f5952c0a294b673a41bacd8c17", text: "hello" };
    expect(encode(decode(asset))).toEqual(asset);
  });
});

describe("values", () => {
  it("shows no secret as JSON", () => {
    expect(JSON.stringify({ token: new Secret("hunter2") })).not.toContain("hunter2");
  });

  it("reveals and finds what is inside", () => {
    const value = { a: new Secret(["x", { b: new Secret("y") }]), c: "z", d: [UNKNOWN] };
    expect(reveal(value)).toEqual({ a: ["x", { b: "y" }], c: "z", d: [UNKNOWN] });
    expect(secretStrings(value)).toEqual(["x", "y"]);
    expect(hasUnknown(value)).toBe(true);
    expect(hasUnknown({ c: "z" })).toBe(false);
  });

  it("compares without regard to secret marks, and an unknown with nothing", () => {
    expect(sameValue(new Secret({ a: [1] }), { a: [new Secret(1)] })).toBe(true);
    expect(sameValue(UNKNOWN, UNKNOWN)).toBe(false);
    expect(sameValue({ a: 1 }, { a: 1, b: 2 })).toBe(false);
    expect(sameValue(undefined, undefined)).toBe(true);
  });
});
