import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { startOrigin } from "../../../packages/sandbox/origin";
import { SERVICE, serve, signer, TEAM, testTunnel } from "./support";

const HOST = "comfyui.example.org";

/** An origin that sends back what it gets, through a connector. */
async function echoing() {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => [...offered][0] ?? false,
  });
  const raw: Duplex[] = [];
  const opened: WebSocket[] = [];
  const origin = await serve(
    (_, response) => response.writeHead(426).end("upgrade"),
    (incoming, socket, head) => {
      raw.push(socket);
      if (incoming.url === "/refused")
        socket.end("HTTP/1.1 401 No\r\nContent-Length: 6\r\nX-Why: no\r\n\r\nno way");
      else {
        sockets.handleUpgrade(incoming, socket, head, (opening) => {
          opened.push(opening);
          opening.on("message", (data, isBinary) => opening.send(data, { binary: isBinary }));
        });
      }
    },
  );
  const tunnel = await testTunnel({ services: { [SERVICE]: origin.url } });
  tunnel.configure({ ingress: [{ hostname: HOST, service: SERVICE }, { service: "http_status:404" }] });
  return { tunnel, raw, opened };
}

const open = (url: string, path = "/", options: { headers?: object; protocols?: string[] } = {}) =>
  new WebSocket(url.replace("http", "ws") + path, options.protocols ?? [], {
    headers: { host: HOST, ...options.headers },
  });
const event = (socket: WebSocket, name: string) =>
  new Promise<unknown[]>((resolve) => socket.once(name, (...values) => resolve(values)));

describe("a WebSocket through the connector", () => {
  it("carries text, binary and large messages both ways", async () => {
    const { tunnel } = await echoing();
    const socket = open(tunnel.url, "/ws", { protocols: ["comfy"] });
    await event(socket, "open");
    expect(socket.protocol).toBe("comfy");
    for (const message of ["text", Buffer.from([0, 1, 2]), Buffer.alloc(5 * 2 ** 20, 7)]) {
      socket.send(message);
      const [data] = await event(socket, "message");
      expect(Buffer.compare(data as Buffer, Buffer.from(message as Buffer))).toBe(0);
    }
    expect(tunnel.results).toEqual([{ status: 101, servedBy: "origin", rule: 0 }]);
    socket.close(4001, "bye");
    const [code] = await event(socket, "close");
    expect(code).toBe(4001);
  });

  it("brings the events of ComfyUI", async () => {
    const origin = await startOrigin();
    try {
      const tunnel = await testTunnel({ services: { [SERVICE]: origin.url } });
      tunnel.configure({ ingress: [{ service: SERVICE }] });
      const socket = open(tunnel.url, "/ws?clientId=me");
      const [first] = await event(socket, "message");
      expect(JSON.parse(String(first))).toMatchObject({ type: "status", data: { sid: "me" } });
      socket.terminate();
    } finally {
      await origin.close();
    }
  });

  it.each([
    ["the origin refuses", "/refused", HOST, 401],
    ["the rule is a status", "/", "elsewhere.example", 404],
  ])("is answered like any request when %s", async (_, path, host, status) => {
    const { tunnel } = await echoing();
    const socket = open(tunnel.url, path, { headers: { host } });
    socket.on("error", () => undefined);
    const [, response] = (await event(socket, "unexpected-response")) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(status);
    socket.terminate();
  });

  it("is refused with 403 without an assertion, and with 502 when the origin is away", async () => {
    const key = await signer();
    const tunnel = await testTunnel({
      keys: async () => ({ keys: [key.jwk] }),
      services: { [SERVICE]: "http://127.0.0.1:9" },
    });
    const access = { required: true, teamName: TEAM, audTag: ["aud"] };
    tunnel.configure({ ingress: [{ service: SERVICE, originRequest: { access } }] });
    const assertion = await key.sign({ aud: "aud" });
    for (const [headers, status] of [
      [{}, 403],
      [{ "cf-access-jwt-assertion": assertion }, 502],
    ] as const) {
      const socket = open(tunnel.url, "/ws", { headers });
      const [error] = (await event(socket, "error")) as [Error];
      expect(error.message).toContain(String(status));
    }
  });

  it("closes abruptly on the other side when one side does", async () => {
    const { tunnel, raw, opened } = await echoing();
    const fromClient = open(tunnel.url, "/ws");
    await event(fromClient, "open");
    const originSide = event(opened[0] as WebSocket, "close");
    fromClient.terminate();
    expect((await originSide)[0]).toBe(1006);

    const fromOrigin = open(tunnel.url, "/ws");
    await event(fromOrigin, "open");
    raw[1]?.destroy();
    expect((await event(fromOrigin, "close"))[0]).toBe(1006);
  });

  it("passes on what was sent before one side stopped writing, then ends", async () => {
    const origin = await serve(
      () => undefined,
      (_, socket) => {
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        socket.end("x".repeat(300_000));
      },
    );
    const tunnel = await testTunnel({ services: { [SERVICE]: origin.url } });
    tunnel.configure({ ingress: [{ service: SERVICE }] });
    const client = connect(Number(new URL(tunnel.url).port), "127.0.0.1");
    client.write(`GET /ws HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    let received = "";
    for await (const chunk of client) received += chunk;
    expect(received).toMatch(/^HTTP\/1\.1 101 /);
    expect(received.slice(received.indexOf("\r\n\r\n") + 4)).toHaveLength(300_000);
  });

  it("ends with its connector", async () => {
    const { tunnel } = await echoing();
    const socket = open(tunnel.url, "/ws");
    await event(socket, "open");
    tunnel.connector.disconnect();
    expect((await event(socket, "close"))[0]).toBe(1006);
  });
});
