import { expect, test } from "vitest";
import { stuckAt } from "../../packages/cli/verify/people";
import { shortened } from "../../packages/cli/verify/visit";

// A login's uid is worth that login while it lasts; the shortest that is met has 21 characters.
test.each([
  ["/interaction/V1StGXR8_Z5jdHi6B-myT", "/interaction/…"],
  ["/cdn-cgi/access/login/comfyui.datacrew.space", "/cdn-cgi/access/login/comfyui.datacrew.space"],
  [`/cdn-cgi/access/authorized/${"0123456789abcdef".repeat(4)}`, "/cdn-cgi/access/authorized/…"],
  ["/o/oauth2/v2/auth", "/o/oauth2/v2/auth"],
])("what is random in the path %s is left out of a report", (path, shown) => {
  expect(shortened(path)).toBe(shown);
});

test("nor is it said where a browser got stuck", () => {
  const url = "https://accounts.google.com/interaction/V1StGXR8_Z5jdHi6B-myT?code=1";
  expect(stuckAt(url, undefined)).toBe("the browser got stuck at accounts.google.com/interaction/…");
});
