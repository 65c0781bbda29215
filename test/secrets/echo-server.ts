import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface EchoServer {
  url: string;
  close(): Promise<void>;
}

/** A vendor that repeats what it was sent in its errors. */
export function startEchoServer(
  answer: (request: { path: string; body: string; headers: IncomingMessage["headers"] }) => {
    status: number;
    body: unknown;
  },
): Promise<EchoServer> {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { status, body: json } = answer({ path: request.url ?? "", body, headers: request.headers });
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      });
    });
  });
}
