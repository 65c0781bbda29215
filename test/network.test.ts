import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import tls, { type SecureContext } from "node:tls";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { addressOf, dispatcherFor, type Network, socketTo } from "../packages/client/typescript/network";
import { type CertificateAuthority, createCertificateAuthority } from "../packages/sandbox/tls";

const plain = createHttpServer((req, res) => res.end(`plain ${req.headers.host}`));
const secure = createHttpsServer({ SNICallback: (hostname, done) => present(hostname, done) }, (req, res) =>
  res.end(`secure ${req.headers.host}`),
);
const wrong = createHttpsServer({ SNICallback: (_, done) => present("other.example.org", done) });
let authority: CertificateAuthority;
let network: Network;

function present(hostname: string, done: (error: Error | null, context?: SecureContext) => void): void {
  authority.contextFor(hostname).then((context) => done(null, context), done);
}

beforeAll(async () => {
  authority = await createCertificateAuthority();
  for (const server of [plain, secure, wrong]) await once(server.listen(0, "127.0.0.1"), "listening");
  const at = (server: typeof plain) => ({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
  network = { ca: authority.pem, routes: { "*:443": at(secure), "app.internal:8188": at(plain) } };
});
afterAll(() => {
  for (const server of [plain, secure, wrong]) server.close();
});

async function get(url: string, from = network): Promise<string> {
  const dispatcher = dispatcherFor(from);
  try {
    return await (await request(url, { dispatcher })).body.text();
  } finally {
    await dispatcher.close();
  }
}

describe("a network that public DNS does not describe", () => {
  test("serves hosts under their own names, where it says", async () => {
    expect(await get("https://comfyui.example.org/x")).toBe("secure comfyui.example.org");
    expect(await get("http://app.internal:8188/")).toBe("plain app.internal:8188");
  });

  test("is trusted by its own authority only where that is given", async () => {
    const { ca: _, ...untrusting } = network;
    await expect(get("https://comfyui.example.org/", untrusting)).rejects.toThrow(/certificate/);
  });

  test("has the authorities read once, and not for each connection", async () => {
    const reading = vi.spyOn(tls, "createSecureContext");
    const dispatcher = dispatcherFor(network, { connections: 10 });
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const { body } = await request("https://comfyui.example.org/", { dispatcher });
        await body.dump();
        await once(socketTo(network, new URL("wss://comfyui.example.org/")).end(), "close");
      }),
    );
    await dispatcher.close();
    const many = reading.mock.calls.filter(([options]) => (options?.ca?.length ?? 0) > 10);
    reading.mockRestore();
    expect(many.length).toBeLessThanOrEqual(1);
  });

  test("accepts no certificate of another host", async () => {
    const { port } = wrong.address() as AddressInfo;
    const misled = { ...network, routes: { "*:443": { host: "127.0.0.1", port } } };
    await expect(get("https://comfyui.example.org/", misled)).rejects.toThrow(/altnames/);
  });

  test("leaves alone what it does not name", () => {
    expect(addressOf(network, "elsewhere.example.org", 8443)).toEqual({
      host: "elsewhere.example.org",
      port: 8443,
    });
    expect(addressOf({}, "comfyui.example.org", 443)).toEqual({ host: "comfyui.example.org", port: 443 });
  });

  test("waits for a connection no longer than it is told to", async () => {
    const silent = createTcpServer();
    await once(silent.listen(0, "127.0.0.1"), "listening");
    const { port } = silent.address() as AddressInfo;
    const dispatcher = dispatcherFor(
      { routes: { "*:443": { host: "127.0.0.1", port } } },
      { connectTimeoutMs: 200 },
    );
    await expect(request("https://comfyui.example.org/", { dispatcher })).rejects.toMatchObject({
      code: "UND_ERR_CONNECT_TIMEOUT",
    });
    await dispatcher.destroy();
    silent.close();
  });

  test("gives sockets to those who speak a protocol of their own", async () => {
    for (const [url, said] of [
      ["wss://comfyui.example.org/ws", "secure comfyui.example.org"],
      ["ws://app.internal:8188/ws", "plain app.internal:8188"],
    ] as const) {
      const { host } = new URL(url);
      const socket = socketTo(network, new URL(url));
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      let text = "";
      for await (const chunk of socket) text += chunk;
      expect(text).toContain(said);
    }
  });
});
