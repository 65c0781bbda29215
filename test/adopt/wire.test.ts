import { expect, test } from "vitest";
import { alike } from "../../packages/cli/adopt/wire";

test.each([
  [{ enabled: false, idp_uid: "" }, undefined, true],
  [{ mappings: [], inner: { on: null } }, {}, true],
  [{ enabled: true }, undefined, false],
  [{ count: 0 }, undefined, false],
])("%j and %j: what nobody set equals its absence, at any depth: %s", (one, other, same) => {
  expect(alike(one, other)).toBe(same);
});
