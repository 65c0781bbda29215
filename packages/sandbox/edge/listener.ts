import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { UserError } from "../../base/errors";
import type { CertificateAuthority } from "../tls";

/** What is done with what comes in. */
export interface Handlers {
  /** Whether a TLS handshake for the hostname succeeds. */
  isServed(hostname: string): boolean;
  request(incoming: IncomingMessage, response: ServerResponse): void;
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** One TLS port for every hostname. */
export interface Listener {
  port: number;
  close(): Promise<void>;
}

/**
 * Listens on the loopback interface, with a certificate for whatever served hostname is asked for.
 * @throws UserError when the port is in use
 */
export async function listen(
  authority: CertificateAuthority,
  port: number,
  handlers: Handlers,
): Promise<Listener> {
  const sockets = new Set<Duplex>();
  const server = createServer({
    ALPNProtocols: ["http/1.1"],
    // Longer than clients keep theirs, so that none is closed while it is about to be used again.
    keepAliveTimeout: 75_000,
    // A gigabyte takes its time on a slow line.
    requestTimeout: 0,
    SNICallback: (servername, callback) => {
      if (!handlers.isServed(servername.toLowerCase())) return callback(new Error("unrecognised name"));
      authority.contextFor(servername.toLowerCase()).then(
        (context) => callback(null, context),
        (error: Error) => callback(error),
      );
    },
  });
  server.on("request", handlers.request);
  server.on("upgrade", handlers.upgrade);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE"
          ? new UserError(`port ${port} on 127.0.0.1 is in use`, "Choose another port (0 takes a free one).")
          : error,
      );
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Clients keep connections open, and WebSockets stay: closing waits for none of them.
        for (const socket of sockets) socket.destroy();
      }),
  };
}
