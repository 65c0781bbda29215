import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenBrowser, openBrowser } from "../../../packages/cli/browser";
import { type ServedGoogle, serveGoogle } from "./visitor";

const AUTH = `https://accounts.google.com/o/oauth2/v2/auth?${new URLSearchParams({
  client_id: "sandbox.apps.googleusercontent.com",
  redirect_uri: "https://datacrew.cloudflareaccess.com/cdn-cgi/access/callback",
  response_type: "code",
  scope: "openid email profile",
})}`;

let served: ServedGoogle;
let opened: OpenBrowser;

beforeAll(async () => {
  served = await serveGoogle();
  opened = await openBrowser({ network: served.network });
}, 60_000);
afterAll(async () => {
  await opened.close();
  await served.close();
});

test("the login works on a phone, by keyboard alone and without a script", async () => {
  const context = await opened.newContext({
    viewport: { width: 360, height: 640 },
    javaScriptEnabled: false,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));

  await page.goto(AUTH);
  await page.keyboard.type("nobody@example.org\n");
  await page.getByRole("alert").waitFor();
  await fits(page);
  await page.getByLabel("E-mail").fill("artist@datacrew.space");
  await page.keyboard.press("Enter");
  await page.getByLabel("Password").waitFor();
  await fits(page);
  expect(complaints).toEqual([]);

  const callback = page.waitForRequest(/\/cdn-cgi\/access\/callback\?code=/);
  await page.getByLabel("Password").fill("sandbox");
  await page.keyboard.press("Enter");
  await callback;

  await page.goto(`${AUTH}&prompt=select_account`);
  await fits(page);
  await page.getByRole("button", { name: "Use another account" }).click();
  await page.getByLabel("E-mail").waitFor();
  await context.close();
});

test("who took the wrong account can go back to the e-mail page", async () => {
  const context = await opened.newContext();
  const page = await context.newPage();
  await page.goto(AUTH);
  await page.getByLabel("E-mail").fill("stranger@example.org");
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("button", { name: "Use another account" }).click();
  await page.getByLabel("E-mail").waitFor();
  await context.close();
});

async function fits(page: Page): Promise<void> {
  const { width } = page.viewportSize() ?? { width: 0 };
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
}
