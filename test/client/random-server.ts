import { createHash } from "node:crypto";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Random } from "./random";

/** Sends bytes, keeps silent for a while when that is what a part says, and ends the connection. */
type Part = Buffer | string | "hang";

const promptId = "33333333-3333-4333-8333-333333333333";

/** What ComfyUI would answer, by the last part of the path that tells the calls apart. */
const answers: Record<string, unknown> = {
  system_stats: { system: { comfyui_version: "0.36.0" }, devices: [{ name: "cpu" }] },
  queue: {
    queue_running: [[1, promptId, {}, { client_id: "c" }, []]],
    queue_pending: [[2, "b", {}, {}, []]],
  },
  history: {
    [promptId]: {
      prompt: [],
      outputs: { "9": { images: [{ filename: "a.png", subfolder: "", type: "output" }], text: ["t"] } },
      status: {
        status_str: "success",
        completed: true,
        messages: [["execution_success", { prompt_id: promptId }]],
      },
    },
  },
  prompt: { prompt_id: promptId, number: 1, node_errors: {} },
  jobs: { jobs: [{ id: "a", status: "completed" }], pagination: { total: 1 } },
  image: { name: "in.png", subfolder: "", type: "input" },
  view: "not JSON, but a file",
};

const events: unknown[] = [
  { type: "status", data: { status: { exec_info: { queue_remaining: 1 } }, sid: "c" } },
  { type: "execution_start", data: { prompt_id: promptId } },
  { type: "executing", data: { node: "3", prompt_id: promptId } },
  { type: "progress", data: { value: 1, max: 2, node: "3", prompt_id: promptId } },
  { type: "executed", data: { node: "9", output: { images: [{ filename: "a.png" }] }, prompt_id: promptId } },
  { type: "execution_success", data: { prompt_id: promptId } },
  { type: "executing", data: { node: null, prompt_id: promptId } },
];

/**
 * Answers at random on a raw TCP port. The path begins with the case's number: with the seed and the count of requests
 * before it says what comes, so that a case can be repeated alone.
 */
export async function startRandomServer(seed: number): Promise<{ port: number; close(): Promise<void> }> {
  const counts = new Map<number, number>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    let head = "";
    socket.on("data", (chunk) => {
      if (head === "done") return;
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      const request = head;
      head = "done";
      const number = Number(/^\S+ \/(\d+)\//.exec(request)?.[1]);
      const count = counts.get(number) ?? 0;
      counts.set(number, count + 1);
      const random = new Random(seed ^ Math.imul(number + 1, 0x9e3779b1) ^ Math.imul(count, 0x85ebca6b));
      const key = /^Sec-WebSocket-Key: (.+)\r$/im.exec(request)?.[1];
      send(
        socket,
        key !== undefined && random.chance(0.8) ? conversation(random, key) : answer(random, request),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(socket: Socket, parts: Part[]): void {
  for (const part of parts) {
    if (part === "hang") return;
    socket.write(part);
  }
  socket.end();
}

function answer(random: Random, request: string): Part[] {
  const path = /^\S+ (\S+)/.exec(request)?.[1]?.split("?")[0] ?? "";
  const name = Object.keys(answers).find((one) => path.includes(`/${one}`)) ?? "view";
  const good = answers[name];
  const body = Buffer.from(JSON.stringify(random.chance(0.3) ? good : random.spoilt(good)));
  const cut = random.below(body.length + 1);
  const head = (status: number | string, headers: string[]) =>
    `HTTP/1.1 ${status} Any\r\n${[...headers, "connection: close"].join("\r\n")}\r\n\r\n`;
  const json = "content-type: application/json";
  const status = random.pick([
    200, 204, 206, 301, 302, 400, 401, 403, 404, 413, 429, 500, 502, 524, 530, 599, 999,
  ]);
  const html = `<html><title>${random.pick(["Error ・ Cloudflare Access", "nginx", ""])}</title>${"x".repeat(random.below(3000))}`;
  return random.pick<() => Part[]>([
    () => [head(200, [json, `content-length: ${body.length}`]), body],
    () => [head(200, [json, `content-length: ${body.length}`]), body],
    () => [head(200, [json]), body],
    () => [head(200, [json, `content-length: ${cut}`]), body.subarray(0, cut)],
    () => [head(200, [json, `content-length: ${body.length + 1 + cut}`]), body],
    () => [head(status, [json, `content-length: ${body.length}`]), body],
    () => [head(status, ["content-type: text/html", `content-length: ${Buffer.byteLength(html)}`]), html],
    () => [head(200, ["content-type: text/html"]), html],
    () => [
      head(random.pick([301, 302, 307, 308]), [`location: ${random.pick(locations)}`, "content-length: 0"]),
    ],
    () => [
      head(200, [json, "transfer-encoding: chunked"]),
      `${body.length.toString(16)}\r\n`,
      body,
      random.pick(["\r\n0\r\n\r\n", "\r\n", "\r\nzz\r\n", ""]),
    ],
    () => [head(200, [json, `x-large: ${"y".repeat(random.pick([8_000, 20_000, 200_000]))}`]), body],
    () => [
      head(
        200,
        Array.from({ length: random.below(3000) }, (_, index) => `x-${index}: y`),
      ),
      body,
    ],
    () => [
      head(200, [json, `content-length: ${random.pick(["-1", "abc", "99999999999999999999", "1, 2", ""])}`]),
      body,
    ],
    () => [head(random.pick(["100", "101", "103", "abc", "2000"]), []), head(200, [json]), body],
    () => [random.bytes(random.below(400))],
    () => [head(200, [json, "content-encoding: gzip"]), random.bytes(100)],
    () => [head(200, [json]), random.pick(["[", "{"]).repeat(random.below(20_000))],
    () => [head(200, [json]), random.bytes(random.below(300))],
    () => [head(200, [json]).slice(0, random.below(60))],
    () => [],
    () =>
      random.chance(0.2) ? [head(200, [json, "content-length: 100"]), body.subarray(0, 20), "hang"] : [body],
    () => (random.chance(0.2) ? ["hang"] : []),
  ])();
}

const locations = [
  "/",
  "",
  "http://[",
  "//",
  "https://datacrew.cloudflareaccess.com/cdn-cgi/access/login/x?meta=a.b.c",
  "https://datacrew.cloudflareaccess.com/cdn-cgi/access/login/x?meta=..",
  "javascript:alert(1)",
  "\u00ff\u00fe",
] as [string, ...string[]];

function conversation(random: Random, key: string): Part[] {
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const hello = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${random.chance(0.95) ? accept : "wrong"}`,
  ];
  const frames = Array.from({ length: random.below(9) }, (_, index) => frame(random, index));
  return [`${hello.join("\r\n")}\r\n\r\n`, ...frames, ...(random.chance(0.5) ? (["hang"] as const) : [])];
}

function frame(random: Random, index: number): Buffer {
  const event = JSON.stringify(
    random.chance(0.5) ? events[index % events.length] : random.spoilt(events[index % events.length]),
  );
  const whole = (opcode: number, payload: Buffer) => {
    const length = payload.length;
    const size = length < 126 ? Buffer.from([length]) : Buffer.from([126, length >> 8, length & 255]);
    return Buffer.concat([Buffer.from([0x80 | opcode]), size, payload.subarray(0, 65_535)]);
  };
  const text = whole(1, Buffer.from(event).subarray(0, 60_000));
  const binary = Buffer.concat([
    Buffer.from([0, 0, 0, random.below(6), 0, 0, 0, random.below(40)]),
    random.bytes(random.below(60)),
  ]);
  return random.pick<() => Buffer>([
    () => text,
    () => text,
    () => text.subarray(0, random.below(text.length)),
    () => whole(2, binary),
    () => whole(2, binary.subarray(0, random.below(12))),
    () => whole(random.below(16), random.bytes(random.below(130))),
    () => whole(1, random.bytes(random.below(100))),
    () => Buffer.from([0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255]),
    () => whole(8, random.bytes(random.below(4))),
    () => random.bytes(random.below(60)),
  ])();
}
