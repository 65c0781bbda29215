import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type OpenBrowser, openBrowser } from "../../packages/cli/browser";
import { type Origin, startOrigin } from "../../packages/sandbox/origin";
import { ACCOUNT } from "./client";
import { type Furnished, furnished } from "./page/support";

const APP = "https://comfyui.datacrew.space";
const ARTIST = "artist@datacrew.space";
const STRANGER = "stranger@example.org";

let furniture: Furnished;
let origin: Origin;
let opened: OpenBrowser;
let context: BrowserContext;
let page: Page;
/** Hosts that the page was sent to, in order. */
let hosts: string[];

beforeAll(async () => {
  furniture = await furnished({ edge: true });
  origin = await startOrigin();
  const { sandbox, call, ids } = furniture;
  const token = await call("GET", `${ACCOUNT}/cfd_tunnel/${ids.tunnel}/token`);
  sandbox.edge?.tunnels.connect({ token, services: { "http://localhost:8188": origin.url } });
  opened = await openBrowser({ network: sandbox.edge?.network });
}, 60_000);
afterAll(async () => {
  await opened.close();
  await furniture.sandbox.close();
  await origin.close();
});
beforeEach(async () => {
  origin.reset();
  // What ComfyUI needs behind a login that comes from another site (--enable-cors-header).
  origin.settings.enableCorsHeader = APP;
  context = await opened.newContext();
  page = await context.newPage();
  hosts = [];
  page.on("request", (request) => {
    if (request.isNavigationRequest()) hosts.push(new URL(request.url()).hostname);
  });
});
afterEach(() => context.close());

test("an allowed person is led through Google to ComfyUI, whose WebSocket lives", async () => {
  await page.goto(`${APP}/?workflow=1`);
  expect([...new Set(hosts)]).toEqual([
    "comfyui.datacrew.space",
    "datacrew.cloudflareaccess.com",
    "accounts.google.com",
  ]);
  await signIn(ARTIST);
  await page.waitForURL(`${APP}/?workflow=1`);
  expect(await page.title()).toBe("ComfyUI");
  await page.getByText("connected", { exact: true }).waitFor();

  await page.getByRole("button", { name: "Queue prompt" }).click();
  await page.getByText("success", { exact: true }).waitFor();
  await page.getByAltText("Result of the prompt").waitFor();
  await expect.poll(() => page.evaluate("document.querySelector('#result').naturalWidth")).toBeGreaterThan(0);
});

test("the session's cookie is out of reach of scripts, and lets the next visit in without a login", async () => {
  await logIn();
  expect(await page.evaluate("document.cookie")).not.toContain("CF_Authorization");
  hosts.length = 0;
  await page.goto(`${APP}/`);
  expect(hosts).toEqual(["comfyui.datacrew.space"]);
  expect(await page.title()).toBe("ComfyUI");
});

test("another Google account is refused before ComfyUI hears of it", async () => {
  await page.goto(APP);
  await signIn(STRANGER);
  await page.getByRole("heading", { name: /does not have access/ }).waitFor();
  expect(new URL(page.url()).hostname).toBe("datacrew.cloudflareaccess.com");
  const response = await page.goto(APP);
  expect(response?.status()).toBe(403);
  expect(origin.requests).toEqual([]);
});

test("logging out ends the session: the next visit goes through Google again", async () => {
  await logIn();
  await page.goto(`${APP}/cdn-cgi/access/logout`);
  expect((await context.cookies(APP)).map(({ name }) => name)).not.toContain("CF_Authorization");
  hosts.length = 0;
  await page.goto(APP);
  expect(hosts).toContain("accounts.google.com");
});

test("a cookie that was copied before the logout is worth nothing after it", async () => {
  const { edge } = furniture.sandbox;
  if (edge) edge.settings.revocationDelayMs = 0;
  await logIn();
  const cookies = await context.cookies(APP);
  expect(cookies.map(({ name }) => name)).toContain("CF_Authorization");
  await page.goto(`${APP}/cdn-cgi/access/logout`);

  const seen = origin.requests.length;
  const thief = await opened.newContext();
  await thief.addCookies(cookies);
  const stolen = await thief.newPage();
  await stolen.goto(APP);
  expect(new URL(stolen.url()).hostname).toBe("accounts.google.com");
  expect(origin.requests).toHaveLength(seen);
  await thief.close();
});

test("a page without a login cannot open the WebSocket", async () => {
  await page.goto("about:blank");
  const outcome = await page.evaluate(`new Promise((resolve) => {
    const socket = new WebSocket("wss://comfyui.datacrew.space/ws");
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("refused");
  })`);
  expect(outcome).toBe("refused");
  expect(origin.requests).toEqual([]);
});

test("ComfyUI's own cross-site check refuses the first page after a login, and a reload by address works", async () => {
  origin.settings.enableCorsHeader = undefined;
  await page.goto(APP);
  const first = page.waitForResponse((response) => response.url() === `${APP}/` && response.status() !== 302);
  await signIn(ARTIST);
  expect((await first).status()).toBe(403);
  await page.goto(APP);
  expect(await page.title()).toBe("ComfyUI");
});

async function signIn(email: string): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByLabel("Password").fill("sandbox");
  await page.getByRole("button", { name: "Next" }).click();
}

async function logIn(): Promise<void> {
  await page.goto(`${APP}/`);
  await signIn(ARTIST);
  await page.waitForURL(`${APP}/`);
}
