import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { streamSSE } from "hono/streaming";
import type { Store } from "../account/store";
import type { SandboxApp, SandboxEnv } from "../api/context";
import { isLoopback } from "../control/loopback";
import type { Feed } from "./feed";
import { PAGE_FILES, renderPage } from "./shell";
import { streamNews } from "./stream";

export { Feed } from "./feed";

const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

const FILES = {
  "page.css": "text/css; charset=utf-8",
  "page.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml",
} as const;

/**
 * The sandbox's page, at `/`: applications, tunnels, tokens and identity providers as they are, and a live log. It
 * shows and never changes anything; other web pages can neither read nor frame it.
 */
export function page(store: Store, feed: Feed): SandboxApp {
  const app = new Hono<SandboxEnv>();
  app.use("/", ownPagesOnly);
  app.use(`${PAGE_FILES}/*`, ownPagesOnly);

  app.get("/", async (c) => c.html(await renderPage(store, feed.since(0))));
  app.get(`${PAGE_FILES}/events`, (c) => streamSSE(c, (stream) => streamNews(stream, store, feed)));
  for (const [name, type] of Object.entries(FILES)) {
    const content = readFileSync(join(__dirname, "assets", name), "utf8");
    app.get(`${PAGE_FILES}/${name}`, (c) => c.body(content, 200, { "content-type": type }));
  }
  return app;
}

// A name of another's that points at 127.0.0.1 would make this page same-origin with theirs; and without the second
// check, any page could have its visitor's browser load the parts of this one.
const ownPagesOnly: MiddlewareHandler<SandboxEnv> = async (c, next) => {
  for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
  if (!isLoopback(c.req.url) || !isAskedByItself(c)) {
    return c.text("The sandbox's page is for this machine only, and not for other web pages.", 403);
  }
  await next();
};

function isAskedByItself(c: Context<SandboxEnv>): boolean {
  const origin = c.req.header("origin");
  if (origin !== undefined && origin !== new URL(c.req.url).origin) return false;
  const site = c.req.header("sec-fetch-site");
  // A link may lead here from anywhere; a browser that does not say is not a browser.
  return (
    site === undefined ||
    site === "same-origin" ||
    site === "none" ||
    c.req.header("sec-fetch-mode") === "navigate"
  );
}
