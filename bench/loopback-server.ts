import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createCertificateAuthority } from "../packages/sandbox/tls/certificate-authority";

// A ComfyUI over TLS that costs as little as it can, in a process of its own, so that what is measured is the client.
// Prints `{port, ca}` and ends with its parent.

async function main(): Promise<void> {
  const authority = await createCertificateAuthority();
  const stats = JSON.stringify({
    system: { comfyui_version: "0.36.0", argv: ["main.py"] },
    devices: [{ name: "cuda:0" }],
  });
  const block = Buffer.alloc(1024 * 1024, 7);
  const server = createServer({
    SNICallback: (hostname, done) => {
      authority.contextFor(hostname).then((context) => done(null, context), done);
    },
  });
  server.on("request", async (request, response) => {
    const url = new URL(request.url ?? "/", "https://any");
    if (request.method === "POST") {
      for await (const _chunk of request);
      response
        .setHeader("content-type", "application/json")
        .end('{"name":"in.bin","subfolder":"","type":"input"}');
    } else if (url.pathname === "/view") {
      // The file's name is its size in MiB.
      const blocks = Number(url.searchParams.get("filename"));
      response.writeHead(200, {
        "content-type": "application/octet-stream",
        "content-length": blocks * block.length,
      });
      for (let index = 0; index < blocks && !response.destroyed; index += 1) {
        if (!response.write(block)) await new Promise((resolve) => response.once("drain", resolve));
      }
      response.end();
    } else {
      response.setHeader("content-type", "application/json").end(stats);
    }
  });
  server.listen(0, "127.0.0.1", () => {
    console.log(JSON.stringify({ port: (server.address() as AddressInfo).port, ca: authority.pem }));
  });
  process.stdin.on("end", () => process.exit(0)).resume();
}

void main();
