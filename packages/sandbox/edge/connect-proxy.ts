import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";

/** An HTTP proxy on the loopback interface. */
export interface ConnectProxy {
  /** `http://127.0.0.1:<port>`: what `HTTPS_PROXY` takes. */
  url: string;
  close(): Promise<void>;
}

/**
 * Starts a proxy for tools that cannot be told where a hostname is served, but read `HTTPS_PROXY`: curl, Python.
 * It leads to the edge only, and only for hostnames that the edge serves.
 */
export async function startConnectProxy(
  edgePort: number,
  isServed: (hostname: string) => boolean,
): Promise<ConnectProxy> {
  const open = new Set<{ destroy(): void }>();
  const server = createServer((_, response) => {
    response.writeHead(405, { "content-type": "text/plain" }).end("This proxy takes CONNECT only.\n");
  });
  server.on("connect", (request, client, head) => {
    client.on("error", () => client.destroy());
    const [, hostname = "", port] = /^([^:]+):(\d+)$/.exec(request.url ?? "") ?? [];
    if (port !== "443" || !isServed(hostname.toLowerCase())) {
      client.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      return;
    }
    const edge = connect({ host: "127.0.0.1", port: edgePort }, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      edge.write(head);
      edge.pipe(client);
      client.pipe(edge);
    });
    edge.on("error", () => client.destroy());
    edge.on("close", () => client.destroy());
    client.on("close", () => edge.destroy());
    for (const socket of [client, edge]) {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of open) socket.destroy();
      }),
  };
}
