import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { type Dispatcher, fetch, type RequestInit, type Response } from "undici";
import { dispatcherFor, type Network } from "../../../packages/client/typescript/network";
import { createGoogle, type Google, type GoogleOptions } from "../../../packages/sandbox/google";
import { createCertificateAuthority } from "../../../packages/sandbox/tls";

/** A Google behind a TLS listener on the loopback interface. */
export interface ServedGoogle {
  google: Google;
  network: Network;
  close(): Promise<void>;
}

export async function serveGoogle(options: GoogleOptions = {}): Promise<ServedGoogle> {
  const [google, authority] = await Promise.all([createGoogle(options), createCertificateAuthority()]);
  const server: Server = createServer(
    {
      SNICallback: (hostname, done) => {
        authority.contextFor(hostname).then((context) => done(null, context), done);
      },
    },
    google.handle,
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    google,
    network: { ca: authority.pem, routes: { "*:443": { host: "127.0.0.1", port } } },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A browser without pages: it keeps cookies, and follows redirects within Google only. */
export class Visitor {
  readonly #dispatcher: Dispatcher;
  readonly #cookies = new Map<string, { value: string; path: string }>();

  constructor(network: Network) {
    this.#dispatcher = dispatcherFor(network);
  }

  async open(url: URL | string, init: RequestInit = {}): Promise<Response> {
    const at = new URL(url);
    const cookies = [...this.#cookies]
      .filter(([, { path }]) => at.pathname.startsWith(path))
      .map(([key, { value }]) => `${key.split(" ")[0]}=${value}`);
    const response = await fetch(at, {
      redirect: "manual",
      dispatcher: this.#dispatcher,
      ...init,
      headers: { ...(cookies.length > 0 ? { cookie: cookies.join("; ") } : {}), ...init.headers },
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    const location = response.headers.get("location");
    if (location === null) return response;
    const next = new URL(location, at);
    return next.hostname === "accounts.google.com" ? this.open(next) : response;
  }

  /** Sends the form of the login page that is shown. */
  submit(page: Response, fields: Record<string, string>): Promise<Response> {
    return this.open(page.url, { method: "POST", body: new URLSearchParams(fields) });
  }

  /** Types e-mail and password into the two pages. */
  async signIn(page: Response, email: string, password: string): Promise<Response> {
    const second = await this.submit(page, { step: "email", email });
    return this.submit(second, { step: "password", email, password });
  }

  close(): Promise<void> {
    return this.#dispatcher.close();
  }

  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split("; ");
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    const path = attributes.find((attribute) => attribute.startsWith("path="))?.slice(5) ?? "/";
    if (!attributes.includes("secure")) throw new Error(`cookie ${name} would also go over http`);
    if (value === "") this.#cookies.delete(`${name} ${path}`);
    else this.#cookies.set(`${name} ${path}`, { value, path });
  }
}
