import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { guardrails } from "../../../src/sandboxed/pulumi";
import { FlatRig } from "../../engine/flat/rig";
import { EngineRig } from "../../engine/support";

let listener: Server;
let address: string;
/** What somebody else's host was sent. */
const received: string[] = [];

beforeAll(async () => {
  listener = createServer((request, response) => {
    received.push(`${request.method} ${request.url} ${request.headers.authorization ?? "no token"}`);
    response.writeHead(200, { "content-type": "application/json" }).end('{"success":true,"result":[]}');
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  address = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/client/v4`;
});
afterAll(() => void listener.close());

test("1: the program sends nothing to an address that the stack file names, and says which", async () => {
  const rig = await EngineRig.open();
  try {
    await rig.config((settings) => {
      settings["cloudflare:baseUrl"] = address;
    });
    for (const args of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const result = await rig.run(args);
      expect(result.code).not.toBe(0);
      expect(result.stdout + result.stderr).toMatch(/cloudflare:baseUrl.*http:\/\/127\.0\.0\.1:\d+/);
    }
    expect(received).toEqual([]);
  } finally {
    await rig.close();
  }
});

test("1: the guardrails stop a program that would, before the first request", async () => {
  const rig = await FlatRig.open();
  try {
    for (const [changes, config] of [
      [{}, { "cloudflare:baseUrl": address, "cloudflare:apiToken": "made-up" }],
      [{ apiAddress: address }, {}],
    ] as const) {
      await rig.change(changes, config);
      for (const args of [["preview"], ["up", "--yes", "--skip-preview"]]) {
        const result = await rig.run([...args, ...guardrails]);
        expect(result.code).not.toBe(0);
        expect(result.stdout + result.stderr).toContain("provider-address");
        expect(received, args.join(" ")).toEqual([]);
      }
    }
  } finally {
    await rig.close();
  }
});
