import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { KnownValues } from "./known-values";

/** A call of an API, as it was made. */
export interface Call {
  method: string;
  /** Without the query. */
  path: string;
  body: string;
}

/**
 * Called once the account has acted on a call, and before its answer goes back: `lost` sends none, and a refusal goes in
 * its place.
 */
export type OnCall = (call: Call) => "lost" | { status: number; body: unknown } | undefined;

/** A way to the sandbox's APIs on which every secret that passes is noted. */
export class Wire {
  onCall: OnCall | undefined;

  private constructor(
    private readonly target: URL,
    private readonly values: KnownValues,
    private readonly server: Server,
  ) {}

  static async open(target: string, values: KnownValues): Promise<Wire> {
    const server = createServer();
    const wire = new Wire(new URL(target), values, server);
    server.on("request", (req, res) => wire.take(req, res));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private take(req: IncomingMessage, res: ServerResponse): void {
    const { method = "GET", url = "/", headers } = req;
    const parts: Buffer[] = [];
    req.on("data", (part: Buffer) => parts.push(part));
    req.on("end", () => {
      const body = Buffer.concat(parts);
      this.note(headers, body);
      const { hostname, port, host } = this.target;
      const upstream = request(
        { hostname, port, method, path: url, headers: { ...headers, host } },
        (answer) => {
          const answered: Buffer[] = [];
          answer.on("data", (part: Buffer) => answered.push(part));
          answer.once("error", () => res.destroy());
          answer.on("end", () => {
            const whole = Buffer.concat(answered);
            this.note({}, whole);
            const other = this.onCall?.({ method, path: url.replace(/\?.*/, ""), body: body.toString() });
            if (other === "lost") return void res.destroy();
            if (other !== undefined) {
              res.writeHead(other.status, { "content-type": "application/json" });
              return void res.end(JSON.stringify(other.body));
            }
            res.writeHead(answer.statusCode ?? 502, answer.headers);
            res.end(whole);
          });
        },
      );
      upstream.once("error", () => res.destroy());
      upstream.end(body);
    });
  }

  private note({ authorization }: IncomingHttpHeaders, body: Buffer): void {
    const bearer = /^Bearer (\S+)$/.exec(authorization ?? "")?.[1];
    if (bearer !== undefined) this.values.addToken("bearer token of an API", bearer);
    try {
      this.values.addFields(JSON.parse(body.toString()));
    } catch {
      // Not JSON: a page, or nothing.
    }
  }
}
