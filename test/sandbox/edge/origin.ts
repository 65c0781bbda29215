import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

/** A request as it reached the origin. */
interface Arrived {
  method: string;
  url: string;
  headers: Record<string, string>;
  bytes: number;
}

/** An origin that tells what it was sent. */
export interface EchoOrigin {
  url: string;
  /** Everything that arrived, WebSockets too. */
  arrived: Arrived[];
  close(): Promise<void>;
}

/**
 * Starts an origin that answers each request with what arrived; `/cookie` sets a cookie of its own, `/never`
 * does not answer, and a WebSocket echoes.
 */
export async function startEchoOrigin(): Promise<EchoOrigin> {
  const arrived: Arrived[] = [];
  const server = createServer((request, response) => void answer(request, response));
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    arrived.push(seen(request, 0));
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on("message", (data, isBinary) => client.send(data, { binary: isBinary }));
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let bytes = 0;
    try {
      for await (const chunk of request) bytes += (chunk as Buffer).length;
    } catch {
      return;
    }
    const entry = seen(request, bytes);
    arrived.push(entry);
    if (request.url === "/never") return;
    if (request.url === "/cookie") response.setHeader("set-cookie", "theme=dark; Path=/");
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(entry));
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived,
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function seen({ method = "", url = "", headers }: IncomingMessage, bytes: number): Arrived {
  return { method, url, headers: headers as Record<string, string>, bytes };
}
