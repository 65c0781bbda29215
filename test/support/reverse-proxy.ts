import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the server behind it answered. */
export interface Answered {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

/** Takes a request whose body is complete, and answers it, with or without {@link ReverseProxy.forward}. */
type Take = (req: IncomingMessage, res: ServerResponse, body: Buffer) => Promise<void> | void;

/** Stands before a server on loopback. */
export class ReverseProxy {
  private constructor(
    private readonly upstream: URL,
    private readonly server: Server,
  ) {}

  /** @param upstream base of the server */
  static async open(upstream: string, take: Take): Promise<ReverseProxy> {
    const server = createServer((req, res) => {
      const parts: Buffer[] = [];
      req.on("data", (part: Buffer) => parts.push(part));
      req.on("end", () => void take(req, res, Buffer.concat(parts)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ReverseProxy(new URL(upstream), server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Nothing gets through any more. */
  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Passes the request on; undefined when no whole answer came. */
  forward({ method, url, headers }: IncomingMessage, body: Buffer): Promise<Answered | undefined> {
    const { hostname, port, host } = this.upstream;
    return new Promise((resolve) => {
      const sent = request({ hostname, port, method, path: url, headers: { ...headers, host } }, (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.once("error", () => resolve(undefined));
        answer.on("end", () => {
          resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: Buffer.concat(parts) });
        });
      });
      sent.once("error", () => resolve(undefined));
      sent.end(body);
    });
  }
}
