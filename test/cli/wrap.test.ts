import { expect, test } from "vitest";
import { WIDTH, wrapped } from "../../packages/base/wrap";

const TEXT = "one two  three\nfour";

test("breaks at spaces, and indents the lines behind the first as asked", () => {
  expect(wrapped(TEXT, 2, { width: 9 })).toEqual(["  one two", "  three", "  four"]);
  expect(wrapped(TEXT, 0, { hanging: 4, width: 9 })).toEqual(["one two", "    three", "    four"]);
  expect(wrapped("", 3)).toEqual(["   "]);
});

test("a word that does not fit stays whole, unless it is to be cut", () => {
  const long = "x".repeat(WIDTH + 5);
  expect(wrapped(`a ${long} b`, 0)).toEqual(["a", long, "b"]);
  expect(wrapped(`a ${long} b`, 0, { cutsWords: true })).toEqual(["a", "x".repeat(WIDTH), "xxxxx b"]);
});
