import type { Page } from "playwright-core";
import { fetch as fetchThrough } from "undici";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type OpenBrowser, openBrowser } from "../../../packages/cli/browser";
import { dispatcherFor } from "../../../packages/client/typescript/network";
import { ACCESS, ACCOUNT } from "../client";
import { type Furnished, furnished } from "./support";

let opened: OpenBrowser;
let furniture: Furnished;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  opened = await openBrowser();
  furniture = await furnished({ edge: true });
  await connect();
}, 60_000);
afterAll(async () => {
  await opened.close();
  await furniture.sandbox.close();
});
beforeEach(async () => {
  page = await opened.browser.newPage({ viewport: { width: 360, height: 740 } });
  complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(furniture.sandbox.url);
  await page.getByRole("status").getByText("live", { exact: true }).waitFor();
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

test("policies stand in the order in which they are evaluated, in words", async () => {
  const policies = (await section("Applications").locator(".policy").allInnerTexts()).map(oneLine);
  expect(policies).toEqual([
    "Service Auth machines before login if service token is comfyui-api",
    "Allow people <b>of</b> datacrew after login if e-mail is artist@datacrew.space or e-mail is at example.com " +
      "and only if logged in with Google but not if country is KP",
    "Otherwise refused",
  ]);
});

test("each route says where it leads, and whether Access and the tunnel guard it", async () => {
  const routes = (await section("Tunnels").getByRole("listitem").allInnerTexts()).map(oneLine);
  expect(routes).toEqual([
    "comfyui.datacrew.space → http://localhost:8188 guarded by comfyui checked the tunnel wants this application's assertion",
    "wiki.datacrew.space → http://localhost:3000 open to everyone no application covers it",
    "later.datacrew.space → http://localhost:4000 not public no proxied DNS record leads here",
    "any other hostname → http_status:404",
  ]);
  expect(await section("Tunnels").innerText()).toContain("healthy");
  expect(await section("Tunnels").innerText()).toContain("1 connector (cloudflared 2026.11.0)");
});

test("tokens and identity providers are there", async () => {
  const tokens = oneLine(await section("Service tokens").innerText());
  expect(tokens).toMatch(
    /comfyui-api valid Expires \d{4}-.* UTC \(in 36[45] days\) Secret version 1 Used by machines/,
  );
  const providers = oneLine(await section("Identity providers").innerText());
  expect(providers).toContain("Redirect URI https://datacrew.cloudflareaccess.com/cdn-cgi/access/callback");
});

test("a change through the API shows at once, without a reload", async () => {
  const { call, ids } = furniture;
  await page.evaluate("window.isSamePage = true");
  await call("PUT", `${ACCESS}/service_tokens/${ids.token}`, { name: "comfyui-api", enabled: false });
  await section("Service tokens").getByText("disabled").waitFor();
  await call("PUT", `${ACCESS}/service_tokens/${ids.token}`, { name: "comfyui-api", enabled: true });
  await section("Service tokens").getByText("valid", { exact: true }).waitFor();

  await call("DELETE", `${ACCOUNT}/cfd_tunnel/${ids.tunnel}/connections`);
  await section("Tunnels").getByText("down").waitFor();
  await connect();
  await section("Tunnels").getByText("healthy").waitFor();
  expect(await page.evaluate("window.isSamePage")).toBe(true);
});

test("a request at the edge shows with who asked and the rule that decided", async () => {
  await ask("/nobody/was/here");
  const entry = page.locator(".entry", { hasText: "comfyui.datacrew.space/nobody/was/here" });
  await entry.waitFor();
  const text = oneLine(await entry.innerText());
  expect(text).toContain("302 GET");
  expect(text).toContain("edge: nobody, answered by access");
  expect(text).toContain("needs a login");
});

test("the log can be filtered and paused, by keyboard alone", async () => {
  await ask("/filtered");
  await page.locator(".entry", { hasText: "/filtered" }).waitFor();
  const log = page.locator("#log");
  await page.getByLabel("Show").selectOption("the API");
  await expect.poll(() => log.innerText()).not.toContain("/filtered");
  expect(await log.innerText()).toContain("POST");
  const visible = () => page.locator(".entry:visible").count();
  await page.getByLabel("Show").selectOption("what failed");
  await expect.poll(visible).toBe(await page.locator('[data-outcome="refused"]').count());
  await page.getByLabel("Show").selectOption("all requests");
  await expect.poll(visible).toBe(await page.locator(".entry").count());

  await page.getByRole("button", { name: "Pause" }).press("Enter");
  await ask("/while-paused");
  await page.getByRole("button", { name: "Go on (1 waiting)", pressed: true }).waitFor();
  expect(await log.innerText()).not.toContain("/while-paused");
  await page.getByRole("button", { name: "Go on" }).press("Enter");
  await log.getByText("/while-paused").waitFor();
  await page.getByRole("button", { name: "Pause", pressed: false }).waitFor();
});

test("the first Tab offers to skip to the log", async () => {
  await page.keyboard.press("Tab");
  expect(await page.locator(":focus").innerText()).toBe("Skip to the live log");
  await page.keyboard.press("Enter");
  expect(await page.evaluate("document.activeElement.id")).toBe("log-title");
});

test("headings and landmarks tell a screen reader what is where", async () => {
  for (const role of ["banner", "navigation", "main"] as const) {
    expect(await page.getByRole(role).count(), role).toBe(1);
  }
  expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
  expect(await page.getByRole("heading", { level: 2 }).allInnerTexts()).toEqual([
    "Applications",
    "Tunnels",
    "Service tokens",
    "Identity providers",
    "Live log",
  ]);
  expect(await page.getByRole("link").count()).toBe(6);
  expect(await page.getByRole("list", { name: "Live log" }).count()).toBe(1);
});

test("nothing is wider than a phone, and what has many letters wraps", async () => {
  await ask(`/${"very-long-path-without-a-break".repeat(12)}`);
  await page.locator(".entry", { hasText: "very-l…" }).waitFor();
  await ask(`/${"a.b/".repeat(100)}`);
  await page.locator(".entry", { hasText: "a.b/a.b/" }).waitFor();
  for (const width of [320, 360, 768, 1280]) {
    await page.setViewportSize({ width, height: 740 });
    expect(await page.evaluate("document.documentElement.scrollWidth"), `${width}`).toBe(width);
  }
});

test("text is readable in both colour schemes", async () => {
  await ask("/contrast");
  await page.locator(".entry", { hasText: "/contrast" }).waitFor();
  const backgrounds = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    backgrounds.push(await page.evaluate("getComputedStyle(document.body).backgroundColor"));
    const texts = (await page.evaluate(CONTRASTS)) as { text: string; contrast: number }[];
    expect(texts.length).toBeGreaterThan(50);
    expect(texts.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
  }
  expect(new Set(backgrounds).size).toBe(2);
});

test("a sandbox that stops is told, and one that is back at the same port is picked up", async () => {
  // A page of its own: the browser complains about the connection that it loses.
  const watched = await opened.browser.newPage();
  const status = watched.getByRole("status");
  const first = await furnished();
  await watched.goto(first.sandbox.url);
  await status.getByText("live", { exact: true }).waitFor();
  await first.sandbox.close();
  await status.getByText("not connected").waitFor();
  const second = await furnished({ port: Number(new URL(first.sandbox.url).port) });
  await status.getByText("live", { exact: true }).waitFor({ timeout: 15_000 });
  await watched.close();
  await second.sandbox.close();
});

const section = (name: string) => page.getByRole("region", { name, exact: true });

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

async function ask(path: string): Promise<void> {
  const dispatcher = dispatcherFor(furniture.sandbox.edge?.network ?? {});
  const url = `https://comfyui.datacrew.space${path}`;
  await (await fetchThrough(url, { dispatcher, redirect: "manual" })).body?.cancel();
  await dispatcher.destroy();
}

async function connect(): Promise<void> {
  const url = `${furniture.sandbox.url}/__sandbox__/tunnels/${furniture.ids.tunnel}/connectors`;
  await fetch(url, { method: "POST", body: "{}" });
}

/** Contrast of each text on the page with what lies behind it, as WCAG 2 measures it. */
const CONTRASTS = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((channels(color)[3] ?? 1) === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (text === "" || !element.checkVisibility()) continue;
    const [one, other] = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort((a, b) => b - a);
    found.push({ text, contrast: (one + 0.05) / (other + 0.05) });
  }
  return found;
})()`;
