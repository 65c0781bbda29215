import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCertificateAuthority } from "../../packages/sandbox/tls/certificate-authority";
import type { CaseInput, CaseOutcome } from "../client/case";
import { loadCases, runCase, type Subject } from "../client/run-case";
import { typescriptClient } from "../client/subject";
import { type PythonWorker, startCaseRunner } from "../utils/python";

/** The certificate authority of a test file's servers. */
export const authority = createCertificateAuthority();

/** Runs a line's cases of the shared table against both clients, each as a test whose title begins with its number. */
export function sharedCases(line: number): void {
  const cases = loadCases().flatMap((file) => file.cases.filter((one) => one.line === line));
  let python: PythonWorker;
  beforeAll(async () => {
    python = await startCaseRunner();
  }, 60_000);
  afterAll(() => python.close());
  const clients: [string, Subject][] = [
    ["TypeScript", typescriptClient],
    ["Python", (input: CaseInput) => python.ask<CaseOutcome>(input)],
  ];
  test(`${line}: the table has such cases`, () => expect(cases.length).toBeGreaterThan(0));
  describe.each(clients)("%s", (_, subject) => {
    test.each(cases.map((one) => [one.name, one] as const))(
      `${line}: %s`,
      { timeout: 20_000 },
      async (_name, one) => {
        expect(await runCase(one, subject, await authority)).toEqual([]);
      },
    );
  });
}

/** A proxy that takes CONNECT alone, leads every host to one port, and keeps what it sees. */
export async function startProxy(to: () => number) {
  const seen = { targets: [] as string[], heads: [] as string[], bytes: [] as Buffer[] };
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on("connect", (request, client: Socket) => {
    seen.targets.push(request.url ?? "");
    seen.heads.push(request.rawHeaders.join("\n"));
    const upstream = connect(to(), "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined).on("data", (data: Buffer) => seen.bytes.push(data));
    }
    upstream.once("connect", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      client.pipe(upstream).pipe(client);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://user:pass%20word@127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    forget() {
      for (const list of Object.values(seen)) list.length = 0;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
