import { connect } from "node:tls";
import type { Network } from "../../../packages/client/typescript/network";

/** An answer as it came over the wire, up to the end of the connection. */
export interface WireAnswer {
  status: number;
  text: string;
}

/** Sends lines over TLS as they are, which no HTTP client would; `connection: close` is added. */
export function sendLines(
  network: Network,
  servername: string,
  lines: readonly string[],
): Promise<WireAnswer> {
  const address = network.routes?.["*:443"];
  if (address === undefined) throw new Error("the network leads nowhere");
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, servername, ca: network.ca }, () => {
      socket.write(`${[...lines, "connection: close"].join("\r\n")}\r\n\r\n`);
    });
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", reject);
    socket.on("close", () => {
      const text = Buffer.concat(chunks).toString();
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text });
    });
  });
}

/**
 * Sends a request whose body comes only after the answer, then another on the same connection.
 * @returns all that came back.
 */
export function answerBeforeBody(network: Network, hostname: string, path: string): Promise<string> {
  const address = network.routes?.["*:443"];
  if (address === undefined) throw new Error("the network leads nowhere");
  const body = "0123456789";
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, servername: hostname, ca: network.ca }, () => {
      socket.write(`POST ${path} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: ${body.length}\r\n\r\n`);
    });
    let text = "";
    socket.once("data", () => {
      socket.write(`${body}GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\n\r\n`);
    });
    socket.on("data", (chunk: Buffer) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

/** The status that refuses a WebSocket, or 101; the connection is not used any further. */
export function upgradeStatus(
  network: Network,
  hostname: string,
  path: string,
  headers: Record<string, string>,
): Promise<number> {
  const address = network.routes?.["*:443"];
  if (address === undefined) throw new Error("the network leads nowhere");
  const lines = Object.entries({
    host: hostname,
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "c2FuZGJveCBzYW5kYm94IQ==",
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, servername: hostname, ca: network.ca }, () => {
      socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    });
    socket.on("error", reject);
    socket.once("data", (chunk: Buffer) => {
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(chunk.toString())?.[1]));
      socket.destroy();
    });
  });
}
