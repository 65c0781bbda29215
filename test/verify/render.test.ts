import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenBrowser, openBrowser } from "../../packages/cli/browser";
import { toHtml, toJson, toJUnit, toTable } from "../../packages/cli/verify/render";
import { exitCode, type VerifyReport } from "../../packages/cli/verify/report";
import { failing, leftOpen, sampleReport } from "./sample";

const good = sampleReport();
const bad = sampleReport(failing);
const open = sampleReport(leftOpen);
const worst = sampleReport((row) => failing(leftOpen(row)));
const pixel =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

describe("the verdict", () => {
  test.each<[string, VerifyReport, number, string]>([
    ["good", good, 0, "All 36 checks are as declared."],
    ["bad", bad, 1, "5 of 36 checks are not as declared."],
    ["left open", open, 4, "All 26 checks are as declared; 5 need a person, 5 could not be tried."],
  ])("%s", (_, report, code, verdict) => {
    expect(report.summary.verdict).toBe(verdict);
    expect(exitCode(report)).toBe(code);
  });

  test("nothing tried is no success", () => {
    const nothing = sampleReport((row) => ({ ...row, result: "not-applicable" }));
    expect(exitCode(nothing)).toBe(1);
    expect(nothing.summary.verdict).toMatch(/^Nothing could be tried/);
  });
});

describe("the table", () => {
  test("is at most 100 columns wide, whatever the words", () => {
    for (const report of [good, bad, open, worst]) {
      for (const line of toTable(report).split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
    }
  });

  test("says the verdict first and marks each cell", () => {
    const lines = toTable(worst).split("\n");
    expect(lines[0]).toBe(
      "stack prod: 5 of 26 checks are not as declared; 5 need a person, 5 could not be tried.",
    );
    expect(lines).toContain("  valid token         ✗      ✗     ✗           ✗        ✗");
    expect(lines).toContain("  allowed user        ?      ?     ?           ?        ?");
    expect(lines).toContain("  docker network      –      –     –           –        –");
  });

  test("tells failures of one kind once, with what to do", () => {
    const text = toTable(bad);
    expect(text.match(/probably|cause {2}/g)).toHaveLength(1);
    expect(text).toContain("✗ comfyui: valid token, page, API, WebSocket, upload, preflight");
    expect(text).toContain("next      Run `pulumi up`.");
  });
});

test("JSON holds every row and no picture", () => {
  const withPicture = sampleReport((row) => ({ ...row, screenshot: pixel }));
  const parsed = JSON.parse(toJson(withPicture)) as VerifyReport;
  expect(parsed.rows).toHaveLength(36);
  expect(parsed.rows[0]).not.toHaveProperty("screenshot");
});

describe("in a browser", () => {
  let browser: OpenBrowser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  async function shown(html: string, width: number) {
    const context = await browser.newContext({ viewport: { width, height: 800 } });
    const page = await context.newPage();
    const asked: string[] = [];
    page.on("request", (request) => void asked.push(request.url()));
    await page.setContent(html);
    return { page, asked, close: () => context.close() };
  }

  test("JUnit is well-formed XML with every row in its place", async () => {
    const { page, close } = await shown("", 800);
    const found = await page.evaluate(`(() => {
      const xml = new DOMParser().parseFromString(${JSON.stringify(toJUnit(worst))}, "text/xml");
      const count = (tag) => xml.getElementsByTagName(tag).length;
      return { error: count("parsererror"), cases: count("testcase"), failures: count("failure"), skipped: count("skipped"),
        said: xml.documentElement.getAttribute("failures") + "/" + xml.documentElement.getAttribute("skipped") };
    })()`);
    expect(found).toEqual({ error: 0, cases: 36, failures: 5, skipped: 10, said: "5/10" });
    await close();
  });

  test.each([1280, 390])("the HTML report stands alone and fits %i pixels", async (width) => {
    const report = sampleReport((row) => ({ ...failing(leftOpen(row)), screenshot: pixel }));
    const { page, asked, close } = await shown(toHtml(report), width);
    expect(await page.locator("h1").innerText()).toBe(report.summary.verdict);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    expect(asked.filter((url) => !url.startsWith("data:"))).toEqual([]);
    expect(await page.locator("script").count()).toBe(0);
    expect(await page.locator("img").count()).toBe(36);
    // What is wrong comes before what was tried.
    expect(await page.locator("h2").first().innerText()).toBe("What is wrong");
    await close();
  });

  test("the marks are told to who cannot see them", async () => {
    const { page, close } = await shown(toHtml(worst), 1280);
    const labels = await page.getByRole("img", { name: "not as declared" }).count();
    expect(labels).toBeGreaterThanOrEqual(6);
    await close();
  });
});
