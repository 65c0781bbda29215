import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, MiddlewareHandler } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { SandboxEnv } from "../api/context";

/** A failure to be played once, when the `nth` matching request arrives. */
export interface Fault {
  /** HTTP method, e.g. `POST`; absent: any. */
  method?: string;
  /** Regular expression on the path, e.g. `/access/service_tokens$`. */
  pathRegex: string;
  /** Which of the matching requests fails, from 1; default 1. */
  nth?: number;
  /** How many requests fail from there on; default 1. */
  times?: number;
  /**
   * - `status`: answer `status` and do nothing;
   * - `drop-before`: close the connection and do nothing;
   * - `drop-after`: do it, then close the connection without an answer;
   * - `delay`: wait `delayMs`, then go on;
   * - `hold`: wait until the faults are released or cleared, then go on;
   * - `malformed`: do it, then answer half of the JSON.
   */
  action: "status" | "drop-before" | "drop-after" | "delay" | "hold" | "malformed";
  /** For `status`; default 500. */
  status?: number;
  /** For `status`: the seconds of a Retry-After header. */
  retryAfter?: number;
  /** For `delay`; default 1000. */
  delayMs?: number;
}

/** The faults still to come. A request uses up the first one that is due for it. */
export class Faults {
  #planned: (Fault & { seen: number })[] = [];
  #held: (() => void)[] = [];

  /** Plans a fault; throws SyntaxError when `pathRegex` is none. */
  add(fault: Fault): void {
    new RegExp(fault.pathRegex);
    this.#planned.push({ ...fault, seen: 0 });
  }

  clear(): void {
    this.#planned = [];
    this.release();
  }

  /** Waits for {@link release}. */
  held(): Promise<void> {
    return new Promise((resolve) => this.#held.push(resolve));
  }

  /** Lets the requests go on that are held. */
  release(): void {
    for (const goOn of this.#held.splice(0)) goOn();
  }

  /** The faults that have not yet been played to the end. */
  list(): Fault[] {
    return this.#planned.map(({ seen: _, ...fault }) => fault);
  }

  /** The fault due for this request, if any; counts the request. */
  due(method: string, path: string): Fault | undefined {
    let chosen: (Fault & { seen: number }) | undefined;
    for (const fault of this.#planned) {
      if (fault.method !== undefined && fault.method.toUpperCase() !== method) continue;
      if (!new RegExp(fault.pathRegex).test(path)) continue;
      fault.seen += 1;
      if (fault.seen >= (fault.nth ?? 1)) chosen ??= fault;
    }
    this.#planned = this.#planned.filter((fault) => fault.seen < (fault.nth ?? 1) + (fault.times ?? 1) - 1);
    return chosen;
  }

  middleware(): MiddlewareHandler<SandboxEnv> {
    return async (c, next) => {
      const fault = this.due(c.req.method, c.req.path);
      switch (fault?.action) {
        case undefined:
          return next();
        case "status":
          return statusFault(c, fault);
        case "drop-before":
          return drop(c);
        case "drop-after":
          await next();
          // Hono sends `c.res` unless it is set anew.
          c.res = drop(c);
          return;
        case "delay":
          await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 1000));
          return next();
        case "hold":
          await this.held();
          return next();
        case "malformed": {
          await next();
          const text = await c.res.clone().text();
          c.res = new Response(text.slice(0, Math.floor(text.length / 2)), c.res);
          return;
        }
      }
    };
  }
}

function statusFault(c: Context<SandboxEnv>, fault: Fault): Response {
  if (fault.retryAfter !== undefined) c.header("Retry-After", String(fault.retryAfter));
  const status = fault.status ?? 500;
  return c.json(errorBody(c.req.path, status), status as ContentfulStatusCode);
}

/** A refusal in the form of the API that was asked. */
export function errorBody(path: string, status: number): Record<string, unknown> {
  const message = `sandbox: planned fault, status ${status}`;
  if (/^(\/gcp)?\/v1\//.test(path)) return { error: { code: status, message } };
  if (path.startsWith("/infisical/")) return { statusCode: status, message, error: "PlannedFault" };
  return { result: null, success: false, errors: [{ code: 10000, message }], messages: [] };
}

/** Closes the client's connection without an answer. */
function drop(c: Context<SandboxEnv>): Response {
  const socket = c.env?.incoming?.socket;
  if (socket === undefined) throw new Error("a dropped connection needs a sandbox that listens on a port");
  socket.destroy();
  return RESPONSE_ALREADY_SENT;
}
