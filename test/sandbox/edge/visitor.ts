import { type Dispatcher, request } from "undici";
import { dispatcherFor, type Network } from "../../../packages/client/typescript/network";

/** An answer, read to its end. */
export interface Seen {
  /** The address that answered. */
  url: URL;
  status: number;
  headers: Record<string, string | string[] | undefined>;
  cookies: string[];
  text: string;
}

/** What a visitor may send besides the address. */
export interface Sending {
  method?: string;
  /** By name; a list of values repeats the header. */
  headers?: Record<string, string | string[]>;
  body?: string | Buffer | AsyncIterable<Buffer>;
}

/** A browser without pages: it keeps cookies per hostname and path, and follows redirects when asked to. */
export class Visitor {
  readonly #dispatcher: Dispatcher;
  /** By hostname, then `name path`. */
  readonly cookies = new Map<string, Map<string, { name: string; value: string; path: string }>>();

  constructor(readonly network: Network) {
    this.#dispatcher = dispatcherFor(network);
  }

  /** One request, redirects not followed. */
  async open(address: string | URL, { method = "GET", headers = {}, body }: Sending = {}): Promise<Seen> {
    const url = new URL(address);
    const kept = [...(this.cookies.get(url.hostname)?.values() ?? [])].filter(({ path }) =>
      url.pathname.startsWith(path),
    );
    const cookie = kept.map(({ name, value }) => `${name}=${value}`).join("; ");
    const all = { ...(cookie === "" ? {} : { cookie }), ...headers };
    const answer = await request(url, {
      dispatcher: this.#dispatcher,
      method: method as Dispatcher.HttpMethod,
      headers: Object.entries(all).flatMap(([name, value]) => [value].flat().flatMap((one) => [name, one])),
      body: body as string,
    });
    const cookies = [answer.headers["set-cookie"] ?? []].flat();
    for (const line of cookies) this.#keep(url.hostname, line);
    const text = await answer.body.text();
    return { url, status: answer.statusCode, headers: answer.headers, cookies, text };
  }

  /** Follows redirects until there is none, at most twenty. */
  async follow(address: string | URL, sending: Sending = {}): Promise<Seen> {
    let seen = await this.open(address, sending);
    for (let hops = 0; hops < 20 && seen.headers.location !== undefined; hops += 1) {
      seen = await this.open(new URL(String(seen.headers.location), seen.url));
    }
    return seen;
  }

  /** Opens an application and logs in with Google on the way. */
  async logIn(address: string, email: string): Promise<Seen> {
    const first = await this.follow(address);
    if (first.url.hostname !== "accounts.google.com") return first;
    return this.signIn(first, email);
  }

  /** Fills in Google's two pages and follows the way back. */
  async signIn({ url }: Seen, email: string): Promise<Seen> {
    await this.#submit(url, { step: "email", email });
    return this.#submit(url, { step: "password", email, password: "sandbox" });
  }

  /** The value of a cookie that it keeps. */
  cookie(hostname: string, name: string): string | undefined {
    return [...(this.cookies.get(hostname)?.values() ?? [])].find((one) => one.name === name)?.value;
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }

  #submit(url: URL, fields: Record<string, string>): Promise<Seen> {
    return this.follow(url, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(fields).toString(),
    });
  }

  #keep(hostname: string, line: string): void {
    const [pair = "", ...rest] = line.split("; ");
    const name = pair.slice(0, pair.indexOf("="));
    const attributes = new Map(
      rest.map((one) => [one.split("=")[0]?.toLowerCase(), one.split("=")[1] ?? ""]),
    );
    const path = attributes.get("path") ?? "/";
    const jar = this.cookies.get(hostname) ?? new Map();
    this.cookies.set(hostname, jar);
    const expires = attributes.get("expires");
    if (expires !== undefined && Date.parse(expires) < Date.now()) jar.delete(`${name} ${path}`);
    else jar.set(`${name} ${path}`, { name, value: pair.slice(name.length + 1), path });
  }
}
