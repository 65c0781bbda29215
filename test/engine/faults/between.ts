import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answered, ReverseProxy } from "../../support/reverse-proxy";

/** A call of one of the vendors' APIs. */
export interface Call {
  /** Which one of the run's calls, from 1. */
  number: number;
  method: string;
  /** Path and query as they were sent. */
  url: string;
  body: Buffer;
}

/** What is done to a call. Absent: it is passed on and answered. */
export type Interference =
  /** Nothing is done, and this is the answer. */
  | { do: "answer"; status: number; headers?: Record<string, string>; body: string }
  /**
   * - `drop before`: nothing is done, and the connection closes;
   * - `drop after`: it is done, and the connection closes;
   * - `late`: it is done, and no answer comes until the caller gives up;
   * - `half`: it is done, and half of the answer's body comes;
   * - `kill before`: nothing is done, and the caller is killed;
   * - `kill unanswered`: it is done, and the caller is killed without an answer;
   * - `kill answered`: it is done, and the caller is killed as soon as the answer is on its way;
   * - `kill soon after`: it is done, and the caller is killed when it has had time to take the answer in.
   */
  | {
      do:
        | "drop before"
        | "drop after"
        | "late"
        | "half"
        | "kill before"
        | "kill unanswered"
        | "kill answered"
        | "kill soon after";
    };

/** How long a caller is left to live with an answer, in milliseconds: enough to write it down, most of the time. */
const SOON_MS = 25;

/** What there is to a run of calls. */
export interface Watching {
  /** What is done to a call; asked once for each. */
  interfere?(call: Call): Interference | undefined;
  /** Waited for before the call is passed on. */
  before?(call: Call): Promise<void> | void;
  /** Waited for when the call was done, before the answer goes on. */
  done?(call: Call): Promise<void>;
  /** Ends the caller, with all that it has started. */
  kill?(): void;
}

/** Stands between a sandbox and those who call its APIs: counts the calls, and interferes with them. */
export class Between {
  private number = 0;
  private ended = false;

  private constructor(
    private readonly proxy: ReverseProxy,
    private readonly watching: Watching,
  ) {}

  /** @param upstream base of the sandbox */
  static async open(upstream: string, watching: Watching): Promise<Between> {
    const proxy = await ReverseProxy.open(upstream, (req, res, body) => self.take(req, res, body));
    const self = new Between(proxy, watching);
    return self;
  }

  get url(): string {
    return this.proxy.url;
  }

  /** Nothing gets through any more. */
  close(): void {
    this.ended = true;
    this.proxy.close();
  }

  private async take(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void> {
    if (this.ended) return void res.destroy();
    const url = req.url ?? "/";
    if (!/^\/(client\/v4|gcp)\//.test(url)) return this.pass(req, res, body);
    const call: Call = { number: ++this.number, method: req.method ?? "GET", url, body };
    const what = this.watching.interfere?.(call);
    switch (what?.do) {
      case "answer":
        res.writeHead(what.status, { "content-type": "application/json", ...what.headers });
        return void res.end(what.body);
      case "drop before":
        return void res.destroy();
      case "kill before":
        return this.kill();
      default:
        await this.watching.before?.(call);
        return this.pass(req, res, body, call, what?.do);
    }
  }

  private async pass(
    req: IncomingMessage,
    res: ServerResponse,
    body: Buffer,
    call?: Call,
    then?: Exclude<Interference["do"], "answer">,
  ): Promise<void> {
    const answered = await this.proxy.forward(req, body);
    if (answered === undefined) return void res.destroy();
    if (call !== undefined) await this.watching.done?.(call);
    this.answer(res, answered, then);
  }

  private answer(res: ServerResponse, { status, headers, body }: Answered, then?: string): void {
    if (this.ended || then === "drop after") {
      res.destroy();
      return;
    }
    // The caller closes the connection when it has waited long enough.
    if (then === "late") return;
    if (then === "kill unanswered") {
      this.kill();
      return;
    }
    const half = then === "half";
    res.writeHead(status, half ? { "content-type": "application/json" } : headers);
    res.end(half ? body.subarray(0, Math.floor(body.length / 2)) : body, () => {
      if (then === "kill answered") this.kill();
      if (then === "kill soon after") setTimeout(() => this.kill(), SOON_MS);
    });
  }

  /** Whatever the caller leaves behind, a provider in this process too, gets nowhere from here. */
  private kill(): void {
    this.watching.kill?.();
    this.close();
  }
}
