import { describe, expect, it } from "vitest";
import { applicationFor, covers, placeFor } from "../../packages/access";

// The tables of https://developers.cloudflare.com/cloudflare-one/access-controls/policies/app-paths/.
describe("covers", () => {
  it.each([
    ["*.example.com", "alpha.example.com", "/", true],
    ["*.example.com", "example.com", "/", false],
    ["*.example.com", "foo.bar.example.com", "/", false],
    ["*.*.example.com", "foo.bar.example.com", "/", true],
    ["example.com", "example.com", "/alpha", true],
    ["example.com/*", "example.com", "/", true],
    ["example.com/*", "example.com", "/alpha", true],
    ["example.com", "alpha.example.com", "/", false],
    ["*test.example.com", "test.example.com", "/", true],
    ["*test.example.com", "alphatest.example.com", "/", true],
    ["*test.example.com", "beta.test.example.com", "/", false],
    ["example.com/alpha/*", "example.com", "/alpha/one", true],
    ["example.com/alpha/*", "example.com", "/alpha", false],
    ["example.com/alpha/*", "example.com", "/", false],
    ["example.com/foo*/bar", "example.com", "/foo/bar", true],
    ["example.com/foo*/bar", "example.com", "/food/stuff/bar", true],
    ["example.com/eng", "example.com", "/eng/exec?x=1", true],
    ["example.com/eng", "example.com", "/english", false],
    ["example.com/eng/", "example.com", "/eng", true],
    ["example.com", "EXAMPLE.com", "/", true],
    ["exampleXcom", "example.com", "/", false],
  ])("%s and https://%s%s: %s", (uri, hostname, path, expected) => {
    expect(covers(uri, hostname, path)).toBe(expected);
  });

  it.each(["/%61dmin", "/x/../admin", "/x/%2e%2e/admin", "/admin?", "/./admin/users"])(
    "is not fooled by %s",
    (path) => {
      expect(covers("example.com/admin", "example.com", path)).toBe(true);
    },
  );

  it.each(["//admin", "/\\admin", "/%", "/%3Fadmin"])("reads %s as a path like any other", (path) => {
    expect(covers("example.com", "example.com", path)).toBe(true);
    expect(covers("example.com/admin", "example.com", path)).toBe(false);
  });
});

describe("applicationFor", () => {
  const app = (name: string, ...uris: string[]) => ({
    name,
    destinations: uris.map((uri) => ({ type: "public", uri })),
  });
  const all = [
    app("wildcard", "*.example.com"),
    app("whole", "app.example.com"),
    app("folder", "app.example.com/eng"),
    app("deeper", "app.example.com/eng/exec", "other.example.com/eng"),
  ];

  it.each([
    ["app.example.com", "/", "whole"],
    ["app.example.com", "/eng/plans", "folder"],
    ["app.example.com", "/eng/exec/secret", "deeper"],
    ["other.example.com", "/eng", "deeper"],
    ["other.example.com", "/", "wildcard"],
    ["example.com", "/", undefined],
  ])("https://%s%s is guarded by %s, in whatever order they are listed", (hostname, path, name) => {
    expect(applicationFor(all, hostname, path)?.name).toBe(name);
    expect(applicationFor(all.toReversed(), hostname, path)?.name).toBe(name);
  });

  it("says which destination covers the request", () => {
    expect(placeFor(all, "app.example.com", "/eng/exec/x")?.uri).toBe("app.example.com/eng/exec");
  });

  it("leaves private destinations alone", () => {
    const application = { destinations: [{ type: "private", uri: "app.example.com" }] };
    expect(applicationFor([application], "app.example.com", "/")).toBeUndefined();
  });
});
