import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenBrowser, openBrowser } from "../../../packages/cli/browser";
import { type Origin, startOrigin } from "../../../packages/sandbox/origin";

let origin: Origin;
let opened: OpenBrowser;

beforeAll(async () => {
  origin = await startOrigin();
  opened = await openBrowser();
}, 60_000);
afterAll(async () => {
  await opened.close();
  await origin.close();
});

test("the page opens its WebSocket, queues a prompt and shows the result", async () => {
  const page = await opened.browser.newPage({ viewport: { width: 360, height: 700 } });
  const faults: string[] = [];
  page.on("pageerror", ({ message }) => faults.push(message));
  await page.goto(origin.url);
  expect(await page.title()).toBe("ComfyUI");
  await page.getByText("connected", { exact: true }).waitFor();
  expect(await page.locator("#session").textContent()).toMatch(/^[0-9a-f-]{36}$/);
  expect(await page.locator("#remaining").textContent()).toBe("0");
  await page.getByRole("button", { name: "Queue prompt" }).press("Enter");
  await page.getByText("success", { exact: true }).waitFor();
  const image = page.getByRole("img", { name: "Result of the prompt" });
  await image.waitFor();
  const width = "(async (image) => { await image.decode(); return image.naturalWidth; })(document.images[0])";
  expect(await page.evaluate(width)).toBe(16);
  expect(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
  expect(faults).toEqual([]);
  await page.close();
});

test("the page says when its WebSocket is lost", async () => {
  const page = await opened.browser.newPage();
  await page.goto(origin.url);
  await page.getByText("connected", { exact: true }).waitFor();
  origin.control.dropSockets({ abrupt: true });
  await page.getByText("disconnected", { exact: true }).waitFor();
  expect(await page.getByRole("button", { name: "Queue prompt" }).isDisabled()).toBe(true);
  await page.close();
});
