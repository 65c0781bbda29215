import { describe, expect, it } from "vitest";
import {
  destinationCovers,
  recordCovers,
  recordNamesFor,
  ruleCovers,
} from "../../packages/access/host-pattern";

describe("a wildcard, by where it stands", () => {
  it.each([
    ["*.example.org", "a.example.org", true, true, true],
    ["*.example.org", "b.a.example.org", false, true, true],
    ["*.example.org", "example.org", false, false, false],
    ["*.example.org", "aexample.org", false, false, false],
    ["*.a.example.org", "b.a.example.org", true, true, true],
    ["a*.example.org", "a1.example.org", true, false, false],
    ["app.*.example.org", "app.a.example.org", true, false, false],
    ["*a.example.org", "ba.example.org", true, false, true],
    ["*", "example.org", false, false, true],
    ["", "example.org", false, false, true],
    ["EXAMPLE.org", "example.org", true, true, true],
    ["example.org.", "example.org", true, true, false],
    ["bücher.example.org", "xn--bcher-kva.example.org", true, true, true],
    ["*.bücher.example.org", "a.xn--bcher-kva.example.org", true, true, true],
    ["example.com", "example.org", false, false, false],
  ])("%s and %s: destination %s, record %s, rule %s", (pattern, host, destination, record, rule) => {
    expect(destinationCovers(pattern, host)).toBe(destination);
    expect(recordCovers(pattern, host)).toBe(record);
    expect(ruleCovers(pattern, host)).toBe(rule);
  });
});

it("the names of records that may answer are those that cover, and no others of its zone", () => {
  const names = recordNamesFor("a.b.example.org");
  expect(names).toEqual(["a.b.example.org", "*.b.example.org", "*.example.org"]);
  for (const name of names) expect(recordCovers(name, "a.b.example.org")).toBe(true);
});
