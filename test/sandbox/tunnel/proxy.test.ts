import { once } from "node:events";
import { type IncomingMessage, request as nodeRequest } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { Readable } from "node:stream";
import { json } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { request } from "undici";
import { describe, expect, it } from "vitest";
import { startOrigin } from "../../../packages/sandbox/origin";
import { createCertificateAuthority } from "../../../packages/sandbox/tls";
import { SERVICE, serve, testTunnel } from "./support";

const MIB = 2 ** 20;
const HEADERS = { host: "comfyui.example.org" };

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes in use; garbage does not count. */
function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function tunnelTo(url: string, originRequest: object = {}, service = SERVICE) {
  const tunnel = await testTunnel({ services: { [service]: url } });
  tunnel.configure({ ingress: [{ service, originRequest }] });
  return tunnel;
}

describe("a request through the connector", () => {
  it("reaches the origin with its method, target, headers and body as they were", async () => {
    const origin = await serve(async (incoming, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      const { method, url, headers } = incoming;
      response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
    });
    const { url, connector } = await tunnelTo(origin.url);
    // Node's own client: others tidy the path up.
    const sending = nodeRequest(url, {
      path: "/a%2Fb/../c?d=%20e",
      method: "PATCH",
      headers: {
        ...HEADERS,
        "cf-connecting-ip": "198.51.100.1",
        "x-own": "kept",
        te: "trailers",
        "content-length": 4,
      },
    });
    sending.end("text");
    const [answer] = (await once(sending, "response")) as [IncomingMessage];
    const seen = (await json(answer)) as { headers: Record<string, string> };
    expect(seen).toMatchObject({ method: "PATCH", url: "/a%2Fb/../c?d=%20e", body: "text" });
    expect(seen.headers).toMatchObject({
      host: "comfyui.example.org",
      "cf-connecting-ip": "198.51.100.1",
      "cf-warp-tag-id": connector.id,
      "content-length": "4",
      "x-own": "kept",
      connection: "keep-alive",
    });
    expect(seen.headers).not.toHaveProperty("te");
    expect(seen.headers).not.toHaveProperty("transfer-encoding");
  });

  it.each([
    ["GET", undefined, undefined],
    ["POST", undefined, "content-length: 0"],
    ["DELETE", undefined, undefined],
    ["POST", Readable.from(["a", "b"]), "transfer-encoding: chunked"],
  ])("frames the body of a %s as it came", async (method, body, framing) => {
    const origin = await serve((incoming, response) => {
      incoming.resume();
      response.end(JSON.stringify(incoming.headers));
    });
    const { url } = await tunnelTo(origin.url);
    const answer = await request(url, {
      method: method as "GET",
      headers: HEADERS,
      ...(body ? { body } : {}),
    });
    const headers = (await answer.body.json()) as Record<string, string>;
    const framings = ["content-length", "transfer-encoding"].filter((name) => headers[name] !== undefined);
    expect(framings.map((name) => `${name}: ${headers[name]}`)).toEqual(
      framing === undefined ? [] : [framing],
    );
  });

  it("brings back status, repeated headers and trailers, but not what is meant for the edge", async () => {
    const origin = await serve((_, response) => {
      response.writeHead(
        207,
        "Odd",
        [
          ["Set-Cookie", "a=1"],
          ["Set-Cookie", "b=2"],
          ["Cf-Int-Secret", "x"],
          ["Connection", "X-Hop"],
          ["X-Hop", "y"],
          ["Trailer", "X-Sum"],
          ["Transfer-Encoding", "chunked"],
        ].flat(),
      );
      response.addTrailers({ "X-Sum": "42" });
      response.end("body");
    });
    const { url } = await tunnelTo(origin.url);
    const { statusCode, headers, body, trailers } = await request(url, { headers: HEADERS });
    expect(await body.text()).toBe("body");
    expect(statusCode).toBe(207);
    expect(headers["set-cookie"]).toEqual(["a=1", "b=2"]);
    expect([headers["cf-int-secret"], headers["x-hop"]]).toEqual([undefined, undefined]);
    expect(trailers).toEqual({ "x-sum": "42" });
  });

  it("gets the beginning of an answer before its end is there", async () => {
    let end = () => {};
    const origin = await serve((_, response) => {
      response.write("first");
      end = () => void response.end("last");
    });
    const { url } = await tunnelTo(origin.url);
    const { body } = await request(url, { headers: HEADERS });
    const parts: string[] = [];
    for await (const chunk of body) {
      parts.push(chunk.toString());
      if (parts.length === 1) end();
    }
    expect(parts).toEqual(["first", "last"]);
  });

  it("uploads 90 MiB without holding it, through to ComfyUI's disk", async () => {
    const origin = await startOrigin();
    const { url } = await tunnelTo(origin.url);
    const boundary = "boundary";
    const size = 90 * MIB;
    const chunk = Buffer.alloc(65_536, 7);
    const before = memoryInUse();
    let most = before;
    async function* form() {
      yield `--${boundary}\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n`;
      for (let sent = 0; sent < size; sent += chunk.length) {
        if (sent % (15 * MIB) === 0) most = Math.max(most, memoryInUse());
        yield chunk;
      }
      most = Math.max(most, memoryInUse());
      yield `\r\n--${boundary}--\r\n`;
    }
    try {
      const { statusCode, body } = await request(`${url}/upload/image`, {
        method: "POST",
        headers: { ...HEADERS, "content-type": `multipart/form-data; boundary=${boundary}` },
        body: Readable.from(form()),
      });
      expect([statusCode, await body.json()]).toEqual([200, { name: "a.png", subfolder: "", type: "input" }]);
      expect(most - before).toBeLessThan(size);
      const view = await request(`${url}/view?filename=a.png&type=input`, {
        method: "HEAD",
        headers: HEADERS,
      });
      expect(view.headers["content-length"]).toBe(String(size));
    } finally {
      await origin.close();
    }
  });

  it("waits for an origin that reads slowly, instead of holding the body", async () => {
    const origin = await serve(() => undefined);
    const { url } = await tunnelTo(origin.url);
    let sent = 0;
    async function* endless() {
      for (; sent < 256; sent++) yield Buffer.alloc(MIB);
    }
    const stop = new AbortController();
    const answer = request(url, {
      method: "POST",
      headers: HEADERS,
      body: Readable.from(endless()),
      signal: stop.signal,
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent).toBeLessThan(64);
    stop.abort();
    await expect(answer).rejects.toThrow();
  });

  it("waits for a client that reads slowly, instead of holding the answer", async () => {
    let sent = 0;
    const origin = await serve((_, response) => {
      const chunk = Buffer.alloc(MIB);
      const more = () => {
        while (sent < 256 && response.write(chunk)) sent++;
        if (sent < 256) response.once("drain", more);
        sent++;
      };
      more();
    });
    const { url } = await tunnelTo(origin.url);
    const { body } = await request(url, { headers: HEADERS });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent).toBeLessThan(64);
    body.on("error", () => undefined).destroy();
  });

  it("sees a refusal that comes before its body has been sent", async () => {
    const origin = await startOrigin({ settings: { maxUploadSize: 1 } });
    const { url } = await tunnelTo(origin.url);
    try {
      const { statusCode } = await request(`${url}/prompt`, {
        method: "POST",
        headers: HEADERS,
        body: Buffer.alloc(20 * MIB),
      });
      expect(statusCode).toBe(413);
    } finally {
      await origin.close();
    }
  });

  it("ends at the origin when the client goes away", async () => {
    let gone: (value: unknown) => void = () => {};
    const closed = new Promise((resolve) => {
      gone = resolve;
    });
    const origin = await serve((_, response) => {
      response.write("beginning");
      response.once("close", gone);
    });
    const { url, results } = await tunnelTo(origin.url);
    const { body } = await request(url, { headers: HEADERS });
    body.on("error", () => undefined).destroy();
    await closed;
    await expect.poll(() => results).toMatchObject([{ reason: expect.any(String) }]);
  });

  it("is sent again when a connection that was kept turns out to be closed, unless it may not be repeated", async () => {
    let cut = false;
    const origin = await serve((incoming, response) => {
      if (cut) incoming.socket.destroy();
      else response.end("answered");
      cut = false;
    });
    const tunnel = await tunnelTo(origin.url);
    expect((await tunnel.get("a.b")).text).toBe("answered");
    cut = true;
    expect((await tunnel.get("a.b")).text).toBe("answered");
    cut = true;
    const { statusCode } = await request(tunnel.url, { method: "POST", headers: HEADERS, body: "x" });
    expect(statusCode).toBe(502);
  });

  it("is cut off when the origin's answer breaks off", async () => {
    const origin = await serve((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("beginning", () => response.destroy());
    });
    const { url } = await tunnelTo(origin.url);
    const { body } = await request(url, { headers: HEADERS });
    await expect(body.text()).rejects.toThrow();
  });
});

describe("a service", () => {
  it("that cannot be reached gives 502 with cloudflared's sentence, and the log says why", async () => {
    const { url, server } = await serve(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const tunnel = await tunnelTo(url);
    const { status, text } = await tunnel.get("a.b");
    expect(status).toBe(502);
    expect(text).toContain("Unable to reach the origin service");
    expect(tunnel.results).toMatchObject([{ status: 502, servedBy: "tunnel", rule: 0 }]);
    expect(tunnel.connector.log.at(-1)).toContain("ECONNREFUSED");
  });

  it("outside this machine is never called without an address for it", async () => {
    const tunnel = await testTunnel();
    tunnel.configure({ ingress: [{ service: "http://192.0.2.1:8188" }] });
    expect((await tunnel.get("a.b")).status).toBe(502);
    expect(tunnel.results[0]?.reason).toContain("not on this machine");
  });

  it.each([
    "unix:/run/comfyui.sock",
    "unix+tls:/run/comfyui.sock",
    "ssh://localhost:22",
    "bastion",
    "socks-proxy",
  ])("%s, which the sandbox does not play, gives 502 and says so in the log", async (service) => {
    const tunnel = await testTunnel();
    tunnel.configure({ ingress: [{ service }] });
    expect((await tunnel.get("a.b")).status).toBe(502);
    expect(tunnel.connector.log.at(-1)).toContain(`does not play the service ${service}`);
  });

  it("http_status answers that status without a body, hello_world a page", async () => {
    const tunnel = await testTunnel();
    tunnel.configure({
      ingress: [{ hostname: "hello.b", service: "hello_world" }, { service: "http_status:404" }],
    });
    expect(await tunnel.get("a.b")).toEqual({ status: 404, text: "" });
    expect((await tunnel.get("hello.b")).text).toContain("Hello from the tunnel");
    expect(tunnel.results.map(({ rule, servedBy }) => [rule, servedBy])).toEqual([
      [1, "tunnel"],
      [0, "tunnel"],
    ]);
  });

  it.each([
    ["http://comfyui:8188", "http://comfyui:8188"],
    ["ws://localhost:8188", "http://localhost:8188"],
  ])("%s is served where the map says", async (service, key) => {
    const origin = await serve((_, response) => response.end("mapped"));
    const tunnel = await testTunnel({ services: { [key]: origin.url } });
    tunnel.configure({ ingress: [{ service }] });
    expect(await tunnel.get("a.b")).toEqual({ status: 200, text: "mapped" });
  });
});

describe("originRequest", () => {
  it("httpHostHeader replaces the host, which goes to X-Forwarded-Host; the rule's goes over the global one", async () => {
    const origin = await serve((incoming, response) =>
      response.end(JSON.stringify([incoming.headers.host, incoming.headers["x-forwarded-host"] ?? null])),
    );
    const tunnel = await testTunnel({ services: { [SERVICE]: origin.url } });
    tunnel.configure({
      ingress: [
        { hostname: "own.b", service: SERVICE, originRequest: { httpHostHeader: "own.internal" } },
        { service: SERVICE },
      ],
      originRequest: { httpHostHeader: "global.internal" },
    });
    expect(JSON.parse((await tunnel.get("own.b")).text)).toEqual(["own.internal", "own.b"]);
    expect(JSON.parse((await tunnel.get("a.b")).text)).toEqual(["global.internal", "a.b"]);
    tunnel.configure({ ingress: [{ service: SERVICE }] });
    expect(JSON.parse((await tunnel.get("a.b")).text)).toEqual(["a.b", null]);
  });

  it("noTLSVerify decides whether an origin's unknown certificate is accepted", async () => {
    const authority = await createCertificateAuthority();
    const server = createTlsServer(
      {
        SNICallback: (name, callback) =>
          void authority.contextFor(name).then((context) => callback(null, context), callback),
      },
      (_, response) => response.end("over TLS"),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const service = "https://comfyui.internal";
      const tunnel = await tunnelTo(address, {}, service);
      expect((await tunnel.get("a.b")).status).toBe(502);
      tunnel.configure({ ingress: [{ service, originRequest: { noTLSVerify: true } }] });
      expect(await tunnel.get("a.b")).toEqual({ status: 200, text: "over TLS" });
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("tlsTimeout ends a handshake that does not come to its end", async () => {
    const silent = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const tunnel = await tunnelTo(address, { tlsTimeout: 1 }, "https://comfyui.internal");
    try {
      expect((await tunnel.get("a.b")).status).toBe(502);
      expect(tunnel.connector.log.at(-1)).toContain("TLS handshake timed out");
    } finally {
      silent.close();
    }
  });
});
