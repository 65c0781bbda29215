import { describe, expect, it } from "vitest";
import { changesBetween, Secret, topLevel, UNKNOWN } from "../../packages/provider/host";

describe("changes between two sets of properties", () => {
  it("names each at the depth where it happened", () => {
    const before = { name: "a", list: [{ uri: "x" }, { uri: "y" }], gone: 1 };
    const after = { name: "b", list: [{ uri: "x" }, { uri: "z" }, { uri: "n" }], added: true };
    expect(changesBetween(before, after)).toEqual([
      { path: "added", kind: "add" },
      { path: "gone", kind: "delete" },
      { path: "list[1].uri", kind: "update" },
      { path: "list[2]", kind: "add" },
      { path: "name", kind: "update" },
    ]);
  });

  it("sees through secrets, and takes an unknown for a change", () => {
    expect(changesBetween({ a: new Secret("x"), b: "y" }, { a: "x", b: UNKNOWN })).toEqual([
      { path: "b", kind: "update" },
    ]);
  });

  it("quotes names that are no identifiers", () => {
    const [change] = changesBetween({ labels: {} }, { labels: { "a.b": "c" } });
    expect(change?.path).toBe('labels["a.b"]');
    expect(topLevel('labels["a.b"]')).toBe("labels");
    expect(topLevel('["a.b"].c')).toBe("a.b");
  });
});
