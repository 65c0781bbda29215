import { describe, expect, test } from "vitest";
import { compareFields, type Difference } from "../../packages/cli/drift/compare";
import { compareRules, tunnelConfiguration } from "../../packages/cli/drift/kinds/tunnel-configuration";

/** Without the path, of which the field is the text. */
const told = (differences: readonly Difference[]) => differences.map(({ path: _, ...each }) => each);
const fields = (before: object, after: object, rule: object = {}) =>
  told(compareFields({ f: rule }, { f: before }, { f: after }).differences);

describe("what is the same", () => {
  test.each<[string, unknown, unknown, object]>([
    ["absent and null", undefined, null, {}],
    ["absent and false", undefined, false, {}],
    ["absent and an empty text", "", undefined, {}],
    ["absent and an empty list", [], undefined, {}],
    ["absent and an object of nothing", { a: null, b: [], c: { d: false } }, undefined, {}],
    ["absent and the default", undefined, "24h", { default: "24h" }],
    ["a list in another order", ["a", "b"], ["b", "a"], {}],
    ["an object in another order of names", [{ a: 1, b: 2 }], [{ b: 2, a: 1 }], {}],
    ["a time written in another way", "2030-01-01T01:00:00+01:00", "2030-01-01T00:00:00Z", { time: true }],
    [
      "a rule with kinds spelled out as null",
      [{ everyone: {}, email: null }],
      [{ everyone: {} }],
      { fields: "rules" },
    ],
  ])("%s", (_, before, after, rule) => {
    expect(fields(before as object, after as object, rule)).toEqual([]);
  });
});

describe("what differs", () => {
  test.each<[string, unknown, unknown, object, object[]]>([
    [
      "off in place of a default that is on",
      undefined,
      false,
      { default: true },
      [{ field: "f", before: true, after: false }],
    ],
    ["one more of the same", ["a"], ["a", "a"], {}, [{ field: "f", list: true, after: ["a"] }]],
    [
      "a rule of nothing",
      [],
      [{ everyone: {} }],
      { fields: "rules" },
      [{ field: "f", list: true, after: [{ everyone: {} }] }],
    ],
    [
      "deep inside",
      { a: { b: 1, c: 2 } },
      { a: { b: 3, c: 2 } },
      {},
      [{ field: "f.a.b", before: 1, after: 3 }],
    ],
    ["zero, which is not nothing", undefined, 0, {}, [{ field: "f", after: 0 }]],
  ])("%s", (_, before, after, rule, expected) => {
    expect(fields(before as object, after as object, rule)).toEqual(expected);
  });

  test("what is encrypted in the state is no difference, and is said so", () => {
    const secret = {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      ciphertext: "v1:x",
    };
    expect(compareFields({ f: {} }, { f: { a: secret } }, { f: { a: "x" } })).toEqual({
      differences: [],
      hidden: ["f.a"],
    });
  });
});

describe("ingress rules", () => {
  const one = { hostname: "one.example.org", service: "http://localhost:1" };
  const two = { hostname: "two.example.org", path: "/api", service: "http://localhost:2" };
  const rest = { service: "http_status:404" };

  test("of which one moved differ in their order alone", () => {
    expect(told(compareRules([one, two, rest], [two, one, rest]).differences)).toEqual([
      {
        field: "ingress order",
        before: ["one.example.org", "two.example.org/api", "*"],
        after: ["two.example.org/api", "one.example.org", "*"],
      },
    ]);
  });

  test("of which one came first differ in that one, not in their order", () => {
    expect(told(compareRules([one, rest], [two, one, rest]).differences)).toEqual([
      { field: "ingress[two.example.org/api]", after: two },
    ]);
  });

  test("a second one for the same is told apart", () => {
    expect(told(compareRules([one, rest], [one, { ...one, service: "x" }, rest]).differences)).toEqual([
      { field: "ingress[one.example.org #2]", after: { ...one, service: "x" } },
    ]);
  });

  test("open something by the place of the change, whatever its name begins or ends with", () => {
    const opened = (before: object, after: object) =>
      compareRules([before], [after]).differences.map((each) => tunnelConfiguration.opens(each));
    const access = (aud: string) => ({ originRequest: { access: { audTag: [aud] } } });
    expect(opened({ ...one, ...access("a") }, { ...one, ...access("b") })).toEqual([
      "the connector lets in who has a JWT of another application",
    ]);
    expect(opened(rest, { service: "http://localhost:1" })).toEqual([
      "every other host name that leads to the tunnel ends at http://localhost:1",
    ]);
    const changed = (...path: string[]) =>
      tunnelConfiguration.opens({ field: path.join("."), path, after: true });
    expect(changed("warp-routing", "enabled")).toBe(
      "devices of the team reach the network behind the tunnel",
    );
    expect(changed("warp-routing-log", "enabled")).toBeUndefined();
    expect(changed("originRequest", "noTLSVerify")).toBe(
      "the connector takes anybody's certificate for the origin's",
    );
    expect(changed("other", "originRequest", "noTLSVerify")).toBeUndefined();
  });
});
