import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openBrowser } from "../packages/cli/browser";

/**
 * Takes the README's picture of the verification report again, from the report that `demo` left: its verdict and
 * the matrix of who gets what.
 */
async function takePicture(): Promise<void> {
  const project = join(__dirname, "..");
  const browser = await openBrowser();
  try {
    const context = await browser.newContext({
      viewport: { width: 1000, height: 900 },
      deviceScaleFactor: 1.5,
    });
    const page = await context.newPage();
    await page.goto(pathToFileURL(join(project, ".sandbox", "verify.html")).href);
    const legend = await page.locator("table").first().boundingBox();
    if (legend === null) throw new Error("the report has no matrix: run npm run demo first");
    const file = join(project, "docs", "images", "verify.png");
    await mkdir(join(project, "docs", "images"), { recursive: true });
    const height = Math.ceil(legend.y + legend.height + 56);
    await page.screenshot({ path: file, fullPage: true, clip: { x: 0, y: 0, width: 1000, height } });
    console.info(file);
  } finally {
    await browser.close();
  }
}

takePicture().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
