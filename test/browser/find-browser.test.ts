import { expect, test } from "vitest";
import { type BrowserSearch, findBrowser } from "../../packages/cli/browser";

const CHROME_ON_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

test("the package's Chromium is taken where it runs", () => {
  expect(findBrowser({ usePackage: true, exists: () => true })).toEqual({
    kind: "package",
    name: "Chromium",
  });
});

test("elsewhere an installed browser is found", () => {
  expect(installed("darwin", {}, [CHROME_ON_MAC])).toEqual({
    kind: "installed",
    name: "Google Chrome",
    executable: CHROME_ON_MAC,
  });
  expect(installed("linux", { PATH: "/usr/bin:/snap/bin" }, ["/snap/bin/chromium"])).toEqual({
    kind: "installed",
    name: "Chromium",
    executable: "/snap/bin/chromium",
  });
  const edge = "/Program Files/Microsoft/Edge/Application/msedge.exe";
  expect(installed("win32", { PROGRAMFILES: "/Program Files" }, [edge])).toMatchObject({ executable: edge });
});

test("Chrome goes before the others", () => {
  const found = installed("linux", { PATH: "/usr/bin" }, ["/usr/bin/chromium", "/usr/bin/google-chrome"]);
  expect(found).toMatchObject({ name: "Google Chrome" });
});

test("a machine without any says so", () => {
  expect(installed("linux", { PATH: "/usr/bin" }, [])).toBeUndefined();
  expect(installed("win32", {}, [CHROME_ON_MAC])).toBeUndefined();
});

function installed(platform: BrowserSearch["platform"], env: Record<string, string>, files: string[]) {
  return findBrowser({ usePackage: false, platform, env, exists: (path) => files.includes(path) });
}
