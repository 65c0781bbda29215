import { spawn } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CertificateAuthority, createCertificateAuthority } from "../../../packages/sandbox/tls";

let authority: CertificateAuthority;
let server: Server;

beforeAll(async () => {
  authority = await createCertificateAuthority();
  server = createServer(
    {
      SNICallback: (hostname, done) => {
        authority.contextFor(hostname).then(
          (context) => done(null, context),
          (error: Error) => done(error),
        );
      },
    },
    (_request, response) => response.end("hello"),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

test("a client that trusts the authority accepts each hostname", async () => {
  for (const hostname of ["comfyui.datacrew.space", "datacrew.cloudflareaccess.com"]) {
    const socket = await shake(hostname, authority.pem);
    const certificate = socket.getPeerCertificate();
    expect(socket.authorized).toBe(true);
    expect(certificate.subjectaltname).toBe(`DNS:${hostname}`);
    socket.destroy();
  }
});

test("a client that does not trust it refuses", async () => {
  await expect(shake("comfyui.datacrew.space")).rejects.toMatchObject({ code: "SELF_SIGNED_CERT_IN_CHAIN" });
});

test("a client that trusts another sandbox's authority refuses", async () => {
  const other = await createCertificateAuthority();
  await expect(shake("comfyui.datacrew.space", other.pem)).rejects.toThrow(/certificate|signature/);
});

test("the certificate of one hostname is not valid for another", async () => {
  const socket = await shake("a.datacrew.space", authority.pem);
  expect(new X509Certificate(socket.getPeerCertificate().raw).checkHost("b.datacrew.space")).toBeUndefined();
  socket.destroy();
});

test("a certificate is made once per hostname", async () => {
  const [first, second] = await Promise.all([authority.contextFor("x.org"), authority.contextFor("x.org")]);
  expect(second).toBe(first);
  expect(await authority.contextFor("y.org")).not.toBe(first);
});

test("a leaf can sign nothing, and the authority signs leaves only", async () => {
  const socket = await shake("comfyui.datacrew.space", authority.pem);
  expect(new X509Certificate(socket.getPeerCertificate().raw).ca).toBe(false);
  expect(new X509Certificate(authority.pem).ca).toBe(true);
  socket.destroy();
});

test("the pin is that of the key that the server proves to hold", async () => {
  const socket = await shake("comfyui.datacrew.space", authority.pem);
  const { publicKey } = new X509Certificate(socket.getPeerCertificate().raw);
  const spki = publicKey.export({ type: "spki", format: "der" });
  expect(createHash("sha256").update(spki).digest("base64")).toBe(authority.spkiSha256);
  socket.destroy();
});

test("what is handed out holds no private key", () => {
  expect(JSON.stringify(authority)).not.toContain("PRIVATE");
});

function shake(servername: string, ca?: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    const socket = connect({ host: "127.0.0.1", port, servername, ...(ca ? { ca } : {}) }, () =>
      resolve(socket),
    );
    socket.once("error", reject);
  });
}

// Python 3.13 checks by the letter of RFC 5280 unless told otherwise; older ones do when told to.
test("a strict client accepts it", async () => {
  const program = `
import socket, ssl, sys
context = ssl.create_default_context(cadata=sys.stdin.read())
context.verify_flags |= ssl.VERIFY_X509_STRICT
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as plain:
    with context.wrap_socket(plain, server_hostname="comfyui.datacrew.space") as secure:
        print(secure.version())
`;
  const { port } = server.address() as AddressInfo;
  const python = spawn("python3", ["-c", program, String(port)], { stdio: ["pipe", "pipe", "inherit"] });
  python.stdin.end(authority.pem);
  let said = "";
  for await (const chunk of python.stdout) said += chunk;
  expect(said.trim()).toBe("TLSv1.3");
});
