import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { runPython } from "./python";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** What the client says of messages that `talk` sends; and what `ws` got of it. */
async function heard(talk: (socket: WebSocket, raw: Socket) => void | Promise<void>) {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  const got: { messages: string[]; pongs: string[]; extensions: string; closed?: number } = {
    messages: [],
    pongs: [],
    extensions: "",
  };
  server.on("upgrade", (request, raw: Socket, head) => {
    raw.on("error", () => undefined);
    got.extensions = request.headers["sec-websocket-extensions"] ?? "";
    sockets.handleUpgrade(request, raw, head, (socket) => {
      socket.on("error", () => undefined);
      socket.on("pong", (data) => got.pongs.push(String(data)));
      socket.on("close", (code) => {
        got.closed = code;
      });
      socket.once("message", (data) => {
        got.messages.push(String(data));
        void talk(socket, raw);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { stdout, stderr } = await runPython("read_messages.py", { env: { COMFYUI_URL: url } });
  expect(stderr).toBe("");
  return {
    lines: stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
    got,
  };
}

const large = Buffer.alloc(6 * 1024 * 1024, "comfyui");
const digest = (data: Buffer) => [data.length, createHash("sha256").update(data).digest("hex")];

it("reads text, binary, large and empty messages, and sends its feature flags first", async () => {
  const { lines, got } = await heard((socket) => {
    socket.send('{"type": "status"}');
    socket.send("猫");
    socket.send("");
    socket.send(Buffer.alloc(126, 1));
    socket.send(large);
    socket.close(1001);
  });
  expect(lines).toEqual([
    '{"type": "status"}',
    "猫",
    "",
    digest(Buffer.alloc(126, 1)),
    digest(large),
    "network/cut",
  ]);
  expect(JSON.parse(got.messages[0] ?? "")).toEqual({
    type: "feature_flags",
    data: { supports_preview_metadata: true },
  });
  expect(got.extensions).toBe("");
});

it("joins fragments, with pings between them, and answers the pings", async () => {
  const { lines, got } = await heard(async (socket) => {
    socket.send("one ", { fin: false });
    socket.ping("between");
    socket.send("two ", { fin: false });
    socket.send("three", { fin: true });
    await new Promise((resolve) => socket.once("pong", resolve));
    socket.close();
  });
  expect(lines).toEqual(["one two three", "network/cut"]);
  expect(got.pongs).toEqual(["between"]);
});

it("reads a message that comes byte by byte", async () => {
  const { lines } = await heard(async (socket, raw) => {
    for (const byte of [0x81, 5, ...Buffer.from("hello")]) {
      raw.write(Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    socket.close();
  });
  expect(lines).toEqual(["hello", "network/cut"]);
});

it.each([
  ["reserved bits", [0xc1, 0]],
  ["an unknown opcode", [0x83, 0]],
  ["a mask", [0x81, 0x80, 1, 2, 3, 4]],
  ["a fragmented ping", [0x09, 0]],
  ["a long ping", [0x89, 126, 0, 200]],
  ["a fragment of nothing", [0x80, 0]],
  ["a new message within another", [0x01, 0, 0x81, 0]],
  ["a text that is not UTF-8", [0x81, 1, 0xff]],
  ["a message of 8 EiB", [0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255]],
])("ends the connection at %s", async (_what, bytes) => {
  const { lines } = await heard((_socket, raw) => void raw.write(Buffer.from(bytes)));
  expect(lines).toEqual(["protocol/http"]);
});
