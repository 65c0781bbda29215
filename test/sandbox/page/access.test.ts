import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../../../packages/sandbox/server/server";

const PATHS = ["/", "/__page__/page.css", "/__page__/page.js", "/__page__/icon.svg", "/__page__/events"];

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

test("this machine's own browser gets the page and its files", async () => {
  const own = { "sec-fetch-site": "same-origin", origin: sandbox.url };
  for (const path of PATHS) expect(await statusOf(path, own), path).toBe(200);
  expect(await statusOf("/", { "sec-fetch-site": "none" })).toBe(200);
  expect(await statusOf("/", { host: `localhost:${new URL(sandbox.url).port}` })).toBe(200);
});

test("a name that another has pointed at this machine gets nothing", async () => {
  for (const path of PATHS) expect(await statusOf(path, { host: "rebound.example.org" }), path).toBe(403);
});

test("another site's page can link to it, and can load nothing of it", async () => {
  const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
  expect(await statusOf("/", link)).toBe(200);
  for (const path of PATHS) {
    expect(await statusOf(path, { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }), path).toBe(
      403,
    );
    expect(await statusOf(path, { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" }), path).toBe(403);
    expect(await statusOf(path, { origin: "https://example.org" }), path).toBe(403);
  }
});

test("no inline script can run, and nobody can frame it", async () => {
  const response = await fetch(sandbox.url);
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
  expect(response.headers.get("access-control-allow-origin")).toBeNull();
  expect(await response.text()).not.toMatch(/<script>| on\w+=| style=|https?:\/\/(?!localhost)/);
});

test("looking at the page is no request of the API", async () => {
  for (const path of PATHS) await statusOf(path, {});
  expect(sandbox.requests).toEqual([]);
});

test("the page only shows: nothing there can be written to", async () => {
  for (const method of ["POST", "PUT", "DELETE"]) {
    expect((await fetch(sandbox.url, { method })).status).toBeGreaterThanOrEqual(400);
  }
});

/** fetch would not send these headers as they are. */
function statusOf(path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${sandbox.url}${path}`, { headers }, (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}
