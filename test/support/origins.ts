import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createCertificateAuthority } from "../../packages/sandbox/tls";

/** A server of a web app on loopback. */
export interface WebApp {
  /** Base, e.g. `http://localhost:40123`. */
  url: string;
  close(): Promise<void>;
}

/** A page that says which host name it was asked for. */
const page: RequestListener = ({ headers }, response) => {
  response.setHeader("content-type", "text/html");
  response.end(`<!doctype html><title>Dashboards</title><h1>${headers.host}</h1>`);
};

/** Serves a web app that is not ComfyUI. */
export async function serveWebApp(listener: RequestListener = page): Promise<WebApp> {
  return listen(createServer(listener), "http");
}

/** Serves a web app that answers to the name of its own machine alone, as one with a list of allowed hosts does. */
export function serveOwnNameOnly(): Promise<WebApp> {
  return serveWebApp((request, response) => {
    if (/^localhost:/.test(request.headers.host ?? "")) return page(request, response);
    response
      .writeHead(403, { "content-type": "text/plain" })
      .end("Blocked request. This host is not allowed.");
  });
}

/** Serves a web app with a certificate that nobody knows. */
export async function serveSelfSigned(): Promise<WebApp> {
  const authority = await createCertificateAuthority();
  const server = createTlsServer(
    {
      SNICallback(name, done) {
        authority.contextFor(name).then((context) => done(null, context), done);
      },
    },
    page,
  );
  return listen(server, "https");
}

async function listen(server: ReturnType<typeof createServer>, scheme: "http" | "https"): Promise<WebApp> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return {
    url: `${scheme}://localhost:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
