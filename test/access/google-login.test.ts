import { expect, test } from "vitest";
import { isGoogleLogin } from "../../packages/access/google-login";

test.each([
  ["google", true],
  ["google-apps", true],
  ["googleish", false],
  ["onetimepin", false],
  ["", false],
])("an identity provider of type %j is a Google login: %s", (type, is) => {
  expect(isGoogleLogin(type)).toBe(is);
});
