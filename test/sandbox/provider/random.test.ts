import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reveal, Secret } from "../../../packages/provider/host";
import { combinePackages } from "../../../packages/sandbox/provider/package-provider";
import { randomPackage, randomText } from "../../../packages/sandbox/provider/random/package";
import { holds } from "../../support/properties";
import { Driver, typeOf } from "./support";

const provider = combinePackages({ random: randomPackage }, "0.0.0");
const of = (name: string) => new Driver(provider, typeOf("random", name));

describe("random values", () => {
  it("RandomBytes: the same bytes in two spellings, both secret", async () => {
    const { state } = await of("RandomBytes").create({ length: 32 });
    expect(state["base64"]).toBeInstanceOf(Secret);
    const hex = String(reveal(state["hex"] ?? null));
    expect(Buffer.from(hex, "hex")).toHaveLength(32);
    expect(Buffer.from(hex, "hex").toString("base64")).toBe(reveal(state["base64"] ?? null));
  });

  it("RandomId: one number in four spellings, with the prefix", async () => {
    const { id, state } = await of("RandomId").create({ byteLength: 4, prefix: "p-" });
    const bytes = Buffer.from(id, "base64url");
    expect(state).toMatchObject({
      hex: `p-${bytes.toString("hex")}`,
      dec: `p-${bytes.readUInt32BE()}`,
      b64Std: `p-${bytes.toString("base64")}`,
      b64Url: `p-${id}`,
    });
  });

  it("RandomPassword keeps its result secret, RandomString does not", async () => {
    const password = await of("RandomPassword").create({ length: 12 });
    expect(password.state["result"]).toBeInstanceOf(Secret);
    const string = await of("RandomString").create({ length: 12, special: false });
    expect(string.state["result"]).toMatch(/^[a-zA-Z0-9]{12}$/);
    expect(string.id).toBe(string.state["result"]);
  });

  it("stays as it is until a keeper or the length changes", async () => {
    const bytes = of("RandomBytes");
    const inputs = { length: 32, keepers: { version: "1" } };
    const { id, state } = await bytes.create(inputs);
    expect(await bytes.plan(state, inputs)).toEqual([]);
    expect(await bytes.plan(state, { ...inputs, keepers: { version: "2" } })).toEqual([
      "replace keepers.version",
    ]);
    expect(await bytes.plan(state, { ...inputs, length: 64 })).toEqual(["replace length"]);
    expect(await bytes.read(id, state, inputs)).toEqual({ id, state, inputs });
  });

  it("refuses a length below the minimums", async () => {
    expect(await of("RandomString").refusals({ length: 2, minLower: 2, minUpper: 2 })).toHaveLength(1);
  });

  it("holds at least as many of each class as asked for, and nothing else", () => {
    const least = fc.integer({ min: 0, max: 4 });
    holds(
      fc.property(
        least,
        least,
        least,
        fc.integer({ min: 1, max: 20 }),
        (minLower, minUpper, minNumeric, more) => {
          const length = minLower + minUpper + minNumeric + more;
          const text = randomText({ length, minLower, minUpper, minNumeric, minSpecial: 0, special: false });
          expect(text).toMatch(new RegExp(`^[a-zA-Z0-9]{${length}}$`));
          expect(text.replace(/[^a-z]/g, "").length).toBeGreaterThanOrEqual(minLower);
          expect(text.replace(/[^A-Z]/g, "").length).toBeGreaterThanOrEqual(minUpper);
          expect(text.replace(/\D/g, "").length).toBeGreaterThanOrEqual(minNumeric);
        },
      ),
    );
  });
});
