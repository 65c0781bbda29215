import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import busboy from "busboy";
import type { CertificateAuthority } from "../../packages/sandbox/tls/certificate-authority";
import type { HttpRule, Reply, ServerScript, SocketScript } from "./case";
import { matchesRequest, type ReceivedRequest } from "./received-request";
import { ScriptedSockets } from "./scripted-sockets";
import { fill, type Variables } from "./templates";

export interface ScriptedServer {
  httpPort: number;
  tlsPort: number;
  received: ReceivedRequest[];
  sockets: ScriptedSockets;
  /** The case's variables, `promptId` and `clientId`. */
  variables: Variables;
  close(): Promise<void>;
}

/** The script with the shared rules that it names put in. */
export interface FullScript {
  http: HttpRule[];
  ws: SocketScript[];
}

/** Body of so many bytes, the same every time. */
export function patternBytes(size: number): Buffer {
  const block = Buffer.from(Array.from({ length: Math.min(size, 65_536) }, (_, index) => (index * 31) % 256));
  return Buffer.alloc(size, block.length > 0 ? block : 0);
}

/** Puts in what the script names: a rule or a socket script of `cases/rules.json`. */
export function withSharedRules(
  script: ServerScript,
  shared: { http: Record<string, HttpRule>; ws: Record<string, SocketScript> },
): FullScript {
  const named = <T>(from: Record<string, T>, item: T | string): T => {
    if (typeof item !== "string") return item;
    const found = from[item];
    if (found === undefined) throw new Error(`rules.json has no "${item}"`);
    return found;
  };
  return {
    http: script.http.map((item) => named(shared.http, item)),
    ws: (script.ws ?? ["quiet"]).map((item) => named(shared.ws, item)),
  };
}

/**
 * Serves the script on two loopback ports, plain and TLS, for whatever hostname is asked for. `variables` are the
 * case's own; `$promptId` and `$clientId` are those of the last prompt that was posted, else of the last upgrade.
 */
export async function startScriptedServer(
  script: FullScript,
  authority: CertificateAuthority,
  variables: Variables,
): Promise<ScriptedServer> {
  const received: ReceivedRequest[] = [];
  const used = new Map<HttpRule, number>();
  const prompt = { promptId: "11111111-1111-4111-8111-111111111111", clientId: "unknown" };
  const all: Variables = () => ({ ...variables(), ...prompt });
  const sockets = new ScriptedSockets(script.ws, received, all);
  const connections = new Set<Socket>();

  const matches = (rule: HttpRule, request: ReceivedRequest) =>
    matchesRequest(rule, request, all) &&
    (used.get(rule) ?? 0) < (rule.times ?? Number.POSITIVE_INFINITY) &&
    (rule.after === undefined ||
      received.some((one) => one.answered && matchesRequest(rule.after ?? {}, one, all)));

  const listener: RequestListener = async (incoming, response) => {
    const request = recordOf(incoming, false);
    received.push(request);
    incoming.on("error", () => undefined);
    const early = script.http.find((one) => matches(one, request))?.reply.early;
    if (early) incoming.resume();
    else await readBody(incoming, request).catch(() => undefined);
    if (request.method === "POST" && request.path.endsWith("/prompt"))
      Object.assign(prompt, idsOf(request.json));
    const rule = script.http.find((one) => matches(one, request));
    if (rule !== undefined) used.set(rule, (used.get(rule) ?? 0) + 1);
    await answer(response, fill(rule?.reply ?? notFound, all), () => {
      request.answered = true;
    });
  };

  const open = async (server: ReturnType<typeof createServer>): Promise<number> => {
    server.on("connection", (socket: Socket) => {
      connections.add(socket);
      socket.on("error", () => undefined).on("close", () => connections.delete(socket));
    });
    server.on("upgrade", (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
      const request = recordOf(incoming, true);
      received.push(request);
      const clientId = request.query["clientId"];
      if (clientId !== undefined) prompt.clientId = clientId;
      sockets.accept(incoming, socket, head);
      request.answered = true;
    });
    server.on("clientError", (_error, socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  };

  const plain = createServer(listener);
  const secure = createTlsServer(
    {
      SNICallback: (hostname, done) => {
        authority.contextFor(hostname).then((context) => done(null, context), done);
      },
    },
    listener,
  );
  secure.on("tlsClientError", () => undefined);
  return {
    httpPort: await open(plain),
    tlsPort: await open(secure),
    received,
    sockets,
    variables: all,
    async close() {
      sockets.close();
      for (const socket of connections) socket.destroy();
      await Promise.all([plain, secure].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

const notFound: Reply = {
  status: 404,
  headers: { "content-type": "text/plain; charset=utf-8" },
  text: "404: Not Found",
};

function recordOf(incoming: IncomingMessage, upgrade: boolean): ReceivedRequest {
  const url = new URL(incoming.url ?? "/", "http://any");
  return {
    method: incoming.method ?? "",
    host: (incoming.headers.host ?? "").replace(/:\d+$/, ""),
    path: decodeURIComponent(url.pathname),
    query: Object.fromEntries(url.searchParams),
    headers: incoming.headers,
    upgrade,
    size: 0,
    answered: false,
  };
}

async function readBody(incoming: IncomingMessage, request: ReceivedRequest): Promise<void> {
  const type = incoming.headers["content-type"] ?? "";
  incoming.on("data", (chunk: Buffer) => {
    request.size += chunk.length;
  });
  if (type.startsWith("multipart/form-data")) return readForm(incoming, request);
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  if (chunks.length === 0) return;
  try {
    request.json = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    // Not JSON: the size is all that is kept.
  }
}

function readForm(incoming: IncomingMessage, request: ReceivedRequest): Promise<void> {
  const form: NonNullable<ReceivedRequest["form"]> = { fields: {} };
  request.form = form;
  return new Promise((resolve, reject) => {
    const parser = busboy({ headers: incoming.headers, defParamCharset: "utf8" });
    parser.on("field", (name, value) => {
      form.fields[name] = value;
    });
    parser.on("file", (_name, stream, info) => {
      const hash = createHash("sha256");
      let size = 0;
      stream.on("data", (chunk: Buffer) => {
        size += chunk.length;
        hash.update(chunk);
      });
      stream.on("end", () => {
        form.file = { filename: info.filename ?? "", size, sha256: hash.digest("hex") };
      });
    });
    parser.on("close", resolve).on("error", reject);
    incoming.on("aborted", () => reject(new Error("cut"))).pipe(parser);
  });
}

function idsOf(body: unknown): { promptId?: string; clientId?: string } {
  const { prompt_id: promptId, client_id: clientId } = (body ?? {}) as Record<string, unknown>;
  return {
    ...(typeof promptId === "string" && { promptId }),
    ...(typeof clientId === "string" && { clientId }),
  };
}

async function answer(response: ServerResponse, reply: Reply, answered: () => void): Promise<void> {
  if (reply.delayMs !== undefined) await pause(reply.delayMs);
  if (reply.hang === "headers") return;
  if (reply.reset || response.destroyed) {
    response.socket?.destroy();
    return answered();
  }
  const { type = "text/plain; charset=utf-8", body } = bodyOf(reply);
  response.writeHead(reply.status ?? 200, {
    "content-type": type,
    "content-length": String(body.length),
    ...reply.headers,
  });
  if (reply.hang === "body") {
    response.write(body.subarray(0, Math.ceil(body.length / 2)));
  } else if (reply.cutAfter !== undefined) {
    response.write(body.subarray(0, reply.cutAfter), () => response.socket?.destroySoon());
    answered();
  } else {
    response.end(body, answered);
  }
}

function bodyOf(reply: Reply): { type?: string; body: Buffer } {
  if (reply.bytes !== undefined) return { type: "application/octet-stream", body: patternBytes(reply.bytes) };
  if (reply.json !== undefined) {
    return { type: "application/json; charset=utf-8", body: Buffer.from(JSON.stringify(reply.json)) };
  }
  return { body: Buffer.from(reply.text ?? "") };
}
