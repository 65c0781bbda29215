import { type FormData, request } from "undici";
import { WebSocket } from "ws";
import { isLoopback } from "../../base/host-name";
import { addressOf, dispatcherFor, type Network, socketTo } from "../../client/typescript/network";
import type { RawAnswer } from "./outcome";

/** One request as a cell of the matrix makes it. */
export interface Ask {
  method: "GET" | "HEAD" | "OPTIONS" | "POST";
  url: string;
  /** May hold a credential: never shown. */
  headers?: Record<string, string>;
  body?: FormData | string;
  /** Open a WebSocket instead of asking for an answer. */
  upgrade?: boolean;
}

/** Makes requests and says what came, whatever that is. */
export interface Requests {
  ask(ask: Ask): Promise<RawAnswer>;
  close(): Promise<void>;
}

/** Requests without a name are taken for a bot's by some of Cloudflare's rules. */
const USER_AGENT = { "user-agent": "comfyui-access verify" };

/** As much of a body as is needed to tell who answered. */
const BODY_BYTES = 64 * 1024;

/** How long a WebSocket that opened is listened to for its first event, in milliseconds. */
const FIRST_EVENT_MS = 3000;

/**
 * @param network where hosts are served; with routes, nothing outside of them and of this machine is contacted.
 * @param timeoutMs how long one request may take.
 * @param bodyBytes as much of a body as is read.
 */
export function openRequests(network: Network, timeoutMs: number, bodyBytes = BODY_BYTES): Requests {
  const dispatcher = dispatcherFor(network, { headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
  return {
    async ask(ask) {
      const url = new URL(ask.url);
      if (!isServed(network, url)) {
        return {
          kind: "unreachable",
          reason: "name",
          detail: `nothing serves ${url.protocol}//${url.host}`,
        };
      }
      try {
        return await (ask.upgrade ? upgrade(network, ask, timeoutMs) : fetchRaw(ask));
      } catch (error) {
        return unreachable(error);
      }
    },
    close: () => dispatcher.destroy(),
  };

  async function fetchRaw({ method, url, headers, body }: Ask): Promise<RawAnswer> {
    const signal = AbortSignal.timeout(timeoutMs);
    // Without it undici asks for the certificate of the Host header, and a foreign one would never be tried.
    const servername = new URL(url).hostname;
    const options = { method, headers: { ...USER_AGENT, ...headers }, body, dispatcher, signal, servername };
    const answer = await request(url, options);
    let text = "";
    try {
      for await (const chunk of answer.body) {
        text += Buffer.from(chunk as Uint8Array).toString("utf8");
        if (text.length >= bodyBytes) break;
      }
    } catch (error) {
      // A page that is still being sent has answered; what came of it is judged.
      if (!signal.aborted) throw error;
    }
    answer.body.destroy();
    return { kind: "response", status: answer.statusCode, headers: flat(answer.headers), body: text };
  }
}

/** A described network leaves nothing to public DNS: a sandbox must not ask the real host by accident. */
function isServed(network: Network, url: URL): boolean {
  if (network.routes === undefined) return true;
  const port = Number(url.port || (/^(https|wss):$/.test(url.protocol) ? 443 : 80));
  const { host } = addressOf(network, url.hostname, port);
  return host !== url.hostname || isLoopback(host);
}

function upgrade(network: Network, ask: Ask, timeoutMs: number): Promise<RawAnswer> {
  const url = new URL(ask.url);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, {
      headers: { ...USER_AGENT, ...ask.headers },
      createConnection: () => socketTo(network, url),
    } as ConstructorParameters<typeof WebSocket>[2]);
    let silence: NodeJS.Timeout | undefined;
    // The library's own limit ends in an error without a code.
    const limit = setTimeout(() => {
      reject(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" }));
      socket.terminate();
    }, timeoutMs);
    const settle = (answer: RawAnswer) => {
      clearTimeout(limit);
      clearTimeout(silence);
      resolve(answer);
      socket.terminate();
    };
    socket.on("open", () => {
      clearTimeout(limit);
      silence = setTimeout(() => settle({ kind: "websocket" }), FIRST_EVENT_MS);
    });
    socket.on("message", (data, isBinary) => {
      if (!isBinary) settle({ kind: "websocket", firstMessage: data.toString() });
    });
    socket.on("close", () => settle({ kind: "websocket" }));
    socket.on("unexpected-response", (_, response) => {
      clearTimeout(limit);
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        if (body.length < BODY_BYTES) body += chunk;
      });
      const done = () =>
        settle({ kind: "response", status: response.statusCode ?? 0, headers: flat(response.headers), body });
      response.on("end", done);
      response.on("error", done);
    });
    socket.on("error", (error) => {
      clearTimeout(limit);
      clearTimeout(silence);
      reject(error);
    });
  });
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(", ") : value,
    ]),
  );
}

/** Names the kind of failure; the code alone is shown, since messages may quote what was sent. */
function unreachable(error: unknown): RawAnswer & { kind: "unreachable" } {
  const { code, name } = rootOf(error);
  const detail = code ?? name;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return { kind: "unreachable", reason: "name", detail };
  if (name === "TimeoutError" || code === "ETIMEDOUT" || code?.endsWith("_TIMEOUT")) {
    return { kind: "unreachable", reason: "timeout", detail };
  }
  const tls = /^ERR_(SSL|TLS)|CERT|^EPROTO$|SELF_SIGNED|UNABLE_TO/.test(code ?? "");
  return { kind: "unreachable", reason: tls ? "tls" : "connection", detail };
}

function rootOf(error: unknown): { code?: string; name: string } {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  if (current instanceof AggregateError && current.errors[0] instanceof Error) current = current.errors[0];
  const { code, name } = current as { code?: unknown; name?: string };
  // What a signal stops has the number of an old kind of error.
  return { ...(typeof code === "string" ? { code } : {}), name: name ?? "error" };
}
