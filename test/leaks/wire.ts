import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { ReverseProxy } from "../support/reverse-proxy";
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
    private readonly proxy: ReverseProxy,
    private readonly values: KnownValues,
  ) {}

  static async open(target: string, values: KnownValues): Promise<Wire> {
    const proxy = await ReverseProxy.open(target, (req, res, body) => wire.take(req, res, body));
    const wire = new Wire(proxy, values);
    return wire;
  }

  get url(): string {
    return this.proxy.url;
  }

  close(): void {
    this.proxy.close();
  }

  private async take(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void> {
    const { method = "GET", url = "/", headers } = req;
    this.note(headers, body);
    const answered = await this.proxy.forward(req, body);
    if (answered === undefined) return void res.destroy();
    this.note({}, answered.body);
    const other = this.onCall?.({ method, path: url.replace(/\?.*/, ""), body: body.toString() });
    if (other === "lost") return void res.destroy();
    if (other !== undefined) {
      res.writeHead(other.status, { "content-type": "application/json" });
      return void res.end(JSON.stringify(other.body));
    }
    res.writeHead(answered.status, answered.headers);
    res.end(answered.body);
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
