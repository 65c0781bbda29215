import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runPython } from "./python";

const MiB = 1024 * 1024;
let server: Server;
let received = 0;

beforeEach(async () => {
  received = 0;
  const block = Buffer.alloc(MiB, 7);
  server = createServer((request, response) => {
    if (request.url?.startsWith("/system_stats")) return response.end('{"system": {}}');
    if (request.method === "POST") {
      request.on("data", (chunk: Buffer) => {
        received += chunk.length;
      });
      return request.on("end", () => response.end('{"name": "large.bin", "subfolder": "", "type": "input"}'));
    }
    response.writeHead(200, { "content-type": "image/png", "content-length": 512 * MiB });
    let left = 512;
    const more = () => {
      while (left > 0) {
        left -= 1;
        if (!response.write(block)) return response.once("drain", more);
      }
      return response.end();
    };
    return more();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

async function measure(
  direction: "download" | "upload",
  size: number,
): Promise<{ moved: number; grown: number }> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { stdout, stderr } = await runPython("measure_memory.py", {
    arguments: [url, direction, String(size)],
  });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

it("downloads 512 MiB with less than 100 MiB more memory", async () => {
  const { moved, grown } = await measure("download", 512 * MiB);
  expect(moved).toBe(512 * MiB);
  expect(grown).toBeLessThan(100 * MiB);
});

it("uploads 90 MiB with less than 50 MiB more memory", async () => {
  const { grown } = await measure("upload", 90 * MiB);
  expect(received).toBeGreaterThan(90 * MiB);
  expect(grown).toBeLessThan(50 * MiB);
});
