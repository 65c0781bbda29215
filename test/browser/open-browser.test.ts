import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { type OpenBrowser, openBrowser } from "../../packages/cli/browser";
import { createCertificateAuthority } from "../../packages/sandbox/tls";

const PAGE = `<!doctype html><title>Served</title><h1>waiting</h1><script>
const socket = new WebSocket("wss://" + location.host + "/ws");
socket.onmessage = ({ data }) => { document.querySelector("h1").textContent = data; };
</script>`;

let trusted: Site;
let opened: OpenBrowser;

beforeAll(async () => {
  trusted = await serve();
  opened = await openBrowser({ network: trusted.network });
}, 60_000);
afterAll(async () => {
  await opened.close();
  await trusted.close();
});

test("a page on its real name is reached on the loopback interface, with a WebSocket that lives", async () => {
  for (const host of ["comfyui.datacrew.space", "accounts.google.com"]) {
    const page = await opened.browser.newPage();
    await page.goto(`https://${host}/`);
    expect(page.url()).toBe(`https://${host}/`);
    await page.getByRole("heading", { name: `hello from ${host}` }).waitFor({ timeout: 10_000 });
    expect(await page.evaluate("window.isSecureContext")).toBe(true);
    await page.close();
  }
});

test("a server whose certificate another authority signed is refused", async () => {
  const other = await serve();
  const browser = await openBrowser({
    network: { ...other.network, ca: trusted.network.ca },
  });
  const page = await browser.browser.newPage();
  await expect(page.goto("https://comfyui.datacrew.space/")).rejects.toThrow(/ERR_CERT_AUTHORITY_INVALID/);
  await browser.close();
  await other.close();
});

test("a specific route goes before the one for every other hostname, and ports are kept apart", async () => {
  const special = await serve("special");
  const browser = await openBrowser({
    network: {
      ca: special.network.ca,
      routes: {
        ...trusted.network.routes,
        "a.datacrew.space:443": special.address,
        "localhost:8188": special.address,
      },
    },
  });
  const page = await browser.browser.newPage();
  await page.goto("https://a.datacrew.space/");
  await page.getByRole("heading", { name: "hello from special" }).waitFor();
  await page.goto("https://localhost:8188/");
  await page.getByRole("heading", { name: "hello from special" }).waitFor();
  await browser.close();
  await special.close();
});

test("contexts share no cookie", async () => {
  const [first, second] = [await opened.newContext(), await opened.newContext()];
  await first.addCookies([{ name: "a", value: "1", url: "https://comfyui.datacrew.space" }]);
  expect(await second.cookies()).toEqual([]);
  await Promise.all([first.close(), second.close()]);
});

test("text is drawn: letters differ from the box of a missing character", async () => {
  const page = await opened.browser.newPage();
  await page.setContent('<canvas width="300" height="60"></canvas>');
  const drawn = await page.evaluate(`(() => {
    const draw = (text) => {
      const context = document.querySelector("canvas").getContext("2d");
      context.clearRect(0, 0, 300, 60);
      context.font = "40px sans-serif";
      context.fillText(text, 0, 45);
      return Array.from(context.getImageData(0, 0, 300, 60).data).join();
    };
    return new Set(["ComfyUI", "Access", "\\u{10FFFD}".repeat(7)].map(draw)).size;
  })()`);
  expect(drawn).toBe(3);
  await page.close();
});

test("the version names the browser", () => {
  expect(opened.version).toMatch(/^\w[\w ]* \d+\.\d+/);
});

test("a browser that does not start is told with what to try", async () => {
  const found = { kind: "installed", name: "Google Chrome", executable: "/nowhere/chrome" } as const;
  await expect(openBrowser({ found })).rejects.toThrow(
    /Google Chrome does not start[\s\S]*\/nowhere\/chrome by hand/,
  );
});

interface Site {
  address: { host: string; port: number };
  network: { ca: string; routes: Record<string, { host: string; port: number }> };
  close(): Promise<void>;
}

async function serve(name?: string): Promise<Site> {
  const authority = await createCertificateAuthority();
  const server: Server = createServer(
    {
      SNICallback: (hostname, done) => {
        authority.contextFor(hostname).then((context) => done(null, context), done);
      },
    },
    (_request, response) => response.setHeader("content-type", "text/html").end(PAGE),
  );
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket, request) => socket.send(`hello from ${name ?? request.headers.host}`));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  return {
    address,
    network: { ca: authority.pem, routes: { "*:443": address } },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
